package loadbalancer

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/netip"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Traits are how the load balancers of a platform differ from those of others.
// The zero value is one address in the Service's status at once.
type Traits struct {
	// Hostname gives a Service a host name instead of an address; the balancer
	// then stands outside of the cluster, in Options.Front.
	Hostname bool `json:"hostname,omitempty"`
	// Addresses is how many a balancer has, one for each zone of a cloud; 0 means 1.
	Addresses int `json:"addresses,omitempty"`
	// AddressAfter is how long the Service's status stays empty.
	AddressAfter time.Duration `json:"addressAfter,omitempty"`
	// NameAfter is how long after that the host name is still NXDOMAIN.
	NameAfter time.Duration `json:"nameAfter,omitempty"`
}

// maxAddresses is how many zones a region of a cloud has at most, and then some.
const maxAddresses = 8

// Validate tells everything that is wrong with the traits.
func (t Traits) Validate() error {
	var errs []error
	if t.Addresses < 0 || t.Addresses > maxAddresses {
		errs = append(errs, fmt.Errorf("load balancers: want 1 to %d addresses, not %d", maxAddresses, t.Addresses))
	}
	if t.AddressAfter < 0 || t.NameAfter < 0 {
		errs = append(errs, fmt.Errorf("load balancers: want no negative delays, got %s and %s", t.AddressAfter, t.NameAfter))
	}
	if !t.Hostname && t.NameAfter != 0 {
		errs = append(errs, errors.New("load balancers: without a host name there is nothing that resolves late"))
	}
	return errors.Join(errs...)
}

func (t Traits) addresses() int { return max(1, t.Addresses) }

// Front is a load balancer outside of the cluster, as a cloud's is. Where
// balancers only have addresses none is needed: a Holder does.
type Front interface {
	// Serve makes the balancer take connections on each of its addresses and
	// makes its name resolve from then on. Serving it again changes its ports.
	Serve(ctx context.Context, b Balancer) error
	// Remove ends it; removing what is not served is no error.
	Remove(ctx context.Context, b Balancer) error
}

// Balancer is one load balancer of a Front.
type Balancer struct {
	// Name is its host name, fully qualified but for the last dot.
	Name string
	// Addresses has one address for each zone.
	Addresses []netip.Addr
	Ports     []Port
	// ResolvesFrom is when the name begins to resolve.
	ResolvesFrom time.Time
}

// Port is a TCP port of a Balancer and the port of the nodes that it leads to.
type Port struct{ Port, NodePort uint16 }

// balancer is what a Service was given; its traits stay those of the time when
// it was made.
type balancer struct {
	traits    Traits
	addresses []netip.Addr
	// name is empty where the Service has addresses.
	name string
	// shown is when the status showed the name.
	shown time.Time
}

func (b *balancer) status() *corev1.LoadBalancerStatus {
	if b.name != "" {
		return &corev1.LoadBalancerStatus{Ingress: []corev1.LoadBalancerIngress{{Hostname: b.name}}}
	}
	st := &corev1.LoadBalancerStatus{}
	for _, a := range b.addresses {
		st.Ingress = append(st.Ingress, corev1.LoadBalancerIngress{IP: a.String()})
	}
	return st
}

// front is the balancer as the Front serves it for the Service as it is now.
func (b *balancer) front(svc *corev1.Service) Balancer {
	f := Balancer{Name: b.name, Addresses: b.addresses, ResolvesFrom: b.shown.Add(b.traits.NameAfter)}
	for _, p := range svc.Spec.Ports {
		if p.Protocol != corev1.ProtocolUDP && p.Protocol != corev1.ProtocolSCTP && p.NodePort != 0 {
			f.Ports = append(f.Ports, Port{Port: uint16(p.Port), NodePort: uint16(p.NodePort)}) //nolint:gosec // the API server lets only ports pass
		}
	}
	return f
}

// hostName is a name that no earlier Service had, as a cloud gives one to each
// new balancer: what resolvers remember of an old name must not matter.
func hostName(svc *corev1.Service, cluster, domain string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(svc.UID))
	return fmt.Sprintf("%s-%08x.%s.%s", svc.Name, h.Sum32(), cluster, domain)
}

// pause lets a balancer take its time, as the calls to a cloud do.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
