package istio

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	quantity "k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// workloadPod is a pod of the Deployment "cart" with a sidecar that revision r injected.
func workloadPod(n int, change func(*corev1.Pod)) *corev1.Pod {
	controller := true
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: fmt.Sprintf("cart-5d8-%d", n), Labels: map[string]string{"pod-template-hash": "5d8", "app": "cart", names.Revision: "r"},
			Annotations:     map[string]string{names.SidecarStatus: `{"revision":"r"}`},
			OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "cart-5d8", Controller: &controller}},
		},
		Spec: corev1.PodSpec{NodeName: "node", Containers: []corev1.Container{{Name: "app"}, {
			Name: names.Proxy, Image: "hub/proxyv2:1.29.1-distroless", Args: []string{"proxy", "sidecar"},
			Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: quantity.MustParse("100m"), corev1.ResourceMemory: quantity.MustParse("1Mi")}},
		}}},
	}
	if change != nil {
		change(pod)
	}
	return pod
}

func TestCensus(t *testing.T) {
	c := newCensus()
	c.count(workloadPod(1, nil))
	c.count(workloadPod(2, nil))
	c.count(workloadPod(3, func(p *corev1.Pod) { p.Spec.Containers[1].Image = "hub/proxyv2:1.28.2" }))
	c.count(workloadPod(4, func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }))
	c.count(workloadPod(5, func(p *corev1.Pod) { now := metav1.Now(); p.DeletionTimestamp = &now })) // takes room, and serves nobody
	c.count(workloadPod(6, func(p *corev1.Pod) { p.Spec.Containers = p.Spec.Containers[:1] }))
	c.count(workloadPod(7, func(p *corev1.Pod) {
		p.OwnerReferences, p.Name, p.Labels = nil, "front", nil
		p.Spec.InitContainers, p.Spec.Containers = p.Spec.Containers[1:], p.Spec.Containers[:1]
		p.Spec.InitContainers[0].Args = []string{"proxy", names.Router}
	}))
	labels := map[string]string{names.Revision: "r"}
	want := []ProxySet{
		{Namespace: "shop", Name: "cart", Labels: labels, InjectedBy: "r", Version: "1.28.2", Pods: 1},
		{Namespace: "shop", Name: "cart", Labels: labels, InjectedBy: "r", Version: "1.29.1", Pods: 2},
		{Namespace: "shop", Name: "front", InjectedBy: "r", Version: "1.29.1", Gateway: true, Native: true, Pods: 1},
	}
	if diff := cmp.Diff(want, c.proxySets()); diff != "" {
		t.Errorf("proxies, -want +got:\n%s", diff)
	}
	if got := c.requested["node"]; got.pods != 6 || got.CPU < 400 || got.Memory < 4<<20 {
		t.Errorf("got %+v taken of the node, want 6 pods and the requests of those with proxies", got)
	}
}

// Of istiod's environment only Istio's own flags are read, and only literal values.
func TestCensusReadsFlagsAlone(t *testing.T) {
	c := newCensus()
	c.count(&corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: names.System, Name: "istiod-r", Labels: map[string]string{"app": names.Istiod, names.Revision: "r"}},
		Spec: corev1.PodSpec{
			Volumes: []corev1.Volume{{Name: names.CASecret, VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "cacerts-other"}}}},
			Containers: []corev1.Container{
				{Name: names.IstiodContainer, Env: []corev1.EnvVar{
					{Name: "PILOT_ENABLE_ALPN_FILTER", Value: "false"},
					{Name: "VENDOR_TOKEN", Value: "secret"},
					{Name: "PILOT_ENABLE_STATUS", ValueFrom: &corev1.EnvVarSource{}},
				}},
				{Name: "vendor", Env: []corev1.EnvVar{{Name: "PILOT_ENABLE_STATUS", Value: "true"}}},
			},
		},
	})
	want := []ControlPlane{{Revision: "r", Pods: 1, CASecret: "cacerts-other", Flags: map[string]string{"PILOT_ENABLE_ALPN_FILTER": "false"}}}
	if diff := cmp.Diff(want, c.controlPlanes); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// While a change is rolled out, the newest istiod tells how a revision is set up.
func TestCensusTakesTheNewestIstiod(t *testing.T) {
	now := time.Now()
	istiod := func(age time.Duration, value string, ending bool) *corev1.Pod {
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: names.System, Labels: map[string]string{"app": names.Istiod}, CreationTimestamp: metav1.NewTime(now.Add(-age))},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: names.IstiodContainer, Env: []corev1.EnvVar{{Name: "PILOT_ENABLE_ALPN_FILTER", Value: value}}}}},
		}
		if ending {
			pod.DeletionTimestamp = &metav1.Time{Time: now}
		}
		return pod
	}
	c := newCensus()
	c.count(istiod(time.Minute, "ending", true))
	c.count(istiod(time.Hour, "old", false))
	c.count(istiod(2*time.Minute, "new", false))
	c.count(istiod(2*time.Hour, "older", false))
	want := []ControlPlane{{Revision: names.DefaultRevision, Pods: 3, Flags: map[string]string{"PILOT_ENABLE_ALPN_FILTER": "new"}}}
	if diff := cmp.Diff(want, c.controlPlanes); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestRoomOf(t *testing.T) {
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: "node"},
		Spec:       corev1.NodeSpec{Taints: []corev1.Taint{{Effect: corev1.TaintEffectPreferNoSchedule}}},
		Status: corev1.NodeStatus{
			Allocatable: corev1.ResourceList{corev1.ResourceCPU: quantity.MustParse("2"), corev1.ResourceMemory: quantity.MustParse("1Gi"), corev1.ResourcePods: quantity.MustParse("110")},
			Conditions:  []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}},
		},
	}
	got := roomOf(node, taken{Requests: Requests{CPU: 500, Memory: 1 << 20}, pods: 10})
	if diff := cmp.Diff(NodeRoom{Name: "node", CPU: 1500, Memory: 1<<30 - 1<<20, Pods: 100}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if !takesPods(node) {
		t.Error("a ready node takes pods")
	}
	node.Spec.Unschedulable = true
	if takesPods(node) {
		t.Error("a cordoned node takes none")
	}
	node.Spec.Taints[0].Effect = corev1.TaintEffectNoSchedule
	if !roomOf(node, taken{}).Tainted {
		t.Error("want the taint told")
	}
}
