package loadbalancer

import (
	"context"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// link is a Holder that remembers.
type link struct{ held []netip.Addr }

func (l *link) Hold(_ context.Context, a netip.Addr) error {
	if !slices.Contains(l.held, a) {
		l.held = append(l.held, a)
	}
	return nil
}

func (l *link) Drop(_ context.Context, a netip.Addr) error {
	l.held = slices.DeleteFunc(l.held, func(h netip.Addr) bool { return h == a })
	return nil
}

// edge is a Front that remembers.
type edge struct{ serving map[string]Balancer }

func (e *edge) Serve(_ context.Context, b Balancer) error  { e.serving[b.Name] = b; return nil }
func (e *edge) Remove(_ context.Context, b Balancer) error { delete(e.serving, b.Name); return nil }

func testController() (*Controller, *link, *edge) {
	l, e := &link{}, &edge{serving: map[string]Balancer{}}
	return New(Options{
		Cluster: "cluster1", Pool: netip.MustParsePrefix("172.30.101.0/24"), Holder: l,
		Front: e, FarPool: netip.MustParsePrefix("172.31.101.0/24"), Domain: "balancers.example",
	}), l, e
}

func gatewayService(uid types.UID) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "istio-system", Name: "gw", UID: uid},
		Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{
			{Port: 15443, NodePort: 30443, Protocol: corev1.ProtocolTCP},
			{Port: 53, NodePort: 30053, Protocol: corev1.ProtocolUDP},
			{Port: 80},
		}},
	}
}

func TestHostNameWithAnAddressForEachZone(t *testing.T) {
	c, near, far := testController()
	if err := c.SetTraits(Traits{Hostname: true, Addresses: 3, NameAfter: time.Minute}); err != nil {
		t.Fatal(err)
	}
	svc := gatewayService("one")
	st, err := c.cloud.EnsureLoadBalancer(t.Context(), "", svc, nil)
	if err != nil {
		t.Fatal(err)
	}
	name := st.Ingress[0].Hostname
	want := Balancer{
		Name: name, Ports: []Port{{Port: 15443, NodePort: 30443}},
		Addresses: []netip.Addr{netip.MustParseAddr("172.31.101.1"), netip.MustParseAddr("172.31.101.2"), netip.MustParseAddr("172.31.101.3")},
	}
	got := far.serving[name]
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Balancer{}, "ResolvesFrom"), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Error(diff)
	}
	if until := time.Until(got.ResolvesFrom); until < 50*time.Second || until > time.Minute {
		t.Errorf("want the name to resolve a minute after it is shown, got %s", until)
	}
	if diff := cmp.Diff(st.Ingress, []corev1.LoadBalancerIngress{{Hostname: name}}); diff != "" || len(near.held) > 0 {
		t.Errorf("want a host name and no address on the node, got %v and %v", st.Ingress, near.held)
	}
	again, err := c.cloud.EnsureLoadBalancer(t.Context(), "", svc, nil)
	if err != nil || again.Ingress[0].Hostname != name || !far.serving[name].ResolvesFrom.Equal(got.ResolvesFrom) {
		t.Errorf("want the same balancer again, got %v, %v", again, err)
	}
	if err := c.cloud.EnsureLoadBalancerDeleted(t.Context(), "", svc); err != nil || len(far.serving) > 0 {
		t.Errorf("want it gone, got %v, %v", far.serving, err)
	}
	next, err := c.cloud.EnsureLoadBalancer(t.Context(), "", gatewayService("two"), nil)
	if err != nil || next.Ingress[0].Hostname == name {
		t.Errorf("want another name for another Service of the same name, got %v, %v", next, err)
	}
}

// A Service keeps what it was given when the traits change for those to come.
func TestTraitsAreThoseOfTheirTime(t *testing.T) {
	c, near, far := testController()
	svc := gatewayService("one")
	first, err := c.cloud.EnsureLoadBalancer(t.Context(), "", svc, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SetTraits(Traits{Hostname: true}); err != nil {
		t.Fatal(err)
	}
	again, err := c.cloud.EnsureLoadBalancer(t.Context(), "", svc, nil)
	if diff := cmp.Diff(first, again); err != nil || diff != "" {
		t.Errorf("%v: %s", err, diff)
	}
	if err := c.cloud.EnsureLoadBalancerDeleted(t.Context(), "", svc); err != nil || len(near.held) > 0 {
		t.Errorf("want its address dropped, got %v, %v", near.held, err)
	}
	if _, err := c.cloud.EnsureLoadBalancer(t.Context(), "", svc, nil); err != nil || len(far.serving) != 1 || len(near.held) > 0 {
		t.Errorf("want a host name now, got %v and %v, %v", far.serving, near.held, err)
	}
}

func TestLateAddress(t *testing.T) {
	c, _, _ := testController()
	const late = 30 * time.Millisecond
	if err := c.SetTraits(Traits{AddressAfter: late}); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	st, err := c.cloud.EnsureLoadBalancer(t.Context(), "", gatewayService("one"), nil)
	if took := time.Since(begun); err != nil || took < late || st.Ingress[0].IP != "172.30.101.1" {
		t.Errorf("got %v after %s, %v", st, took, err)
	}
	if err := c.SetTraits(Traits{AddressAfter: time.Hour}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	other := gatewayService("two")
	other.Name = "other"
	if _, err := c.cloud.EnsureLoadBalancer(ctx, "", other, nil); err == nil {
		t.Error("want the wait to end with its context")
	}
}

func TestAdoptsWhatTheStatusShows(t *testing.T) {
	c, _, _ := testController()
	svc := gatewayService("one")
	svc.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "172.30.101.77"}}
	st, ok, err := c.cloud.GetLoadBalancer(t.Context(), "", svc)
	if err != nil || !ok || st.Ingress[0].IP != "172.30.101.77" {
		t.Errorf("got %v, %t, %v", st, ok, err)
	}
}

func TestTraitsThatCannotBe(t *testing.T) {
	for name, traits := range map[string]Traits{
		"too many zones":       {Addresses: 9},
		"negative":             {AddressAfter: -1},
		"a name without names": {NameAfter: time.Second},
	} {
		if traits.Validate() == nil {
			t.Errorf("%s: want an error", name)
		}
	}
	if err := New(Options{Cluster: "c"}).SetTraits(Traits{Hostname: true}); err == nil {
		t.Error("want host names refused where nothing serves them")
	}
}
