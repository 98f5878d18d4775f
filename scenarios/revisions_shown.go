package scenarios

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/probe"
	"github.com/eastwest-mesh/eastwest/framework/revisions"
	"github.com/eastwest-mesh/eastwest/framework/workload"
)

// armPod is a pod of the run as it says itself.
type armPod struct {
	side     revisions.Side
	app      string
	revision string // that injected it
}

// revisionOf is the one that an arm's pods must have by now.
func (c *comparison) revisionOf(arm revisions.Arm) string {
	if c.phase == back {
		return c.Comparing.Pair.Old
	}
	return c.Comparing.Pair.Of(arm)
}

// find lists the pods of both arms in all clusters, chooses the callers, and notes every pod
// whose sidecar is not of its arm's revision.
func (c *comparison) find(ctx context.Context) error {
	c.callers, c.pods, c.wrong = map[revisions.Side]kube.Target{}, map[string]armPod{}, map[revisions.Side][]string{}
	var errs []error
	for _, cluster := range c.Fleet.Clusters {
		for _, arm := range workload.Arms() {
			if _, member := c.memberOf(cluster); member.Has(arm) {
				errs = append(errs, c.findArm(ctx, cluster, revisions.Side{Cluster: cluster.Name, Arm: arm}))
			}
		}
	}
	errs = append(errs, c.findAddresses(ctx))
	return errors.Join(errs...)
}

// findAddresses reads the addresses of all services.
func (c *comparison) findAddresses(ctx context.Context) error {
	c.addresses = map[revisions.Cell]string{}
	for _, cell := range c.Comparing.Cells {
		cluster := c.Fleet.Cluster(cell.Source.Cluster)
		service, err := cluster.Client.Kubernetes.CoreV1().Services(workload.ArmNamespace(c.Namespace, cell.Destination.Arm)).Get(ctx, c.Comparing.Service(cell), metav1.GetOptions{})
		if err != nil {
			return fmt.Errorf("read what cluster %q calls: %w", cluster.Name, err)
		}
		c.addresses[cell] = hostPort(service.Spec.ClusterIP, workload.EchoPort)
	}
	return nil
}

func (c *comparison) findArm(ctx context.Context, cluster *fleet.Cluster, side revisions.Side) error {
	namespace := workload.ArmNamespace(c.Namespace, side.Arm)
	pods, err := echoPods(ctx, cluster, namespace)
	if err != nil {
		return err
	}
	for _, pod := range pods {
		found := armPod{side: side, app: pod.Labels["app"], revision: istio.InjectedBy(pod.Annotations[names.SidecarStatus])}
		c.pods[cluster.Name+"/"+pod.Name] = found
		if want := c.revisionOf(side.Arm); found.revision != want {
			c.wrong[side] = append(c.wrong[side], fmt.Sprintf("pod %s/%s in cluster %s was injected by %q, want revision %q", namespace, pod.Name, cluster.Name, found.revision, want))
		}
		if found.app == workload.Caller {
			c.callers[side] = kube.Target{Namespace: namespace, Pod: pod.Name, Container: workload.EchoContainer}
		}
	}
	if _, ok := c.callers[side]; !ok {
		return fmt.Errorf("cluster %q: want a ready pod %s in namespace %s", cluster.Name, workload.Caller, namespace)
	}
	return nil
}

// echoPods are the pods of a namespace that are ready and stay.
func echoPods(ctx context.Context, cluster *fleet.Cluster, namespace string) ([]corev1.Pod, error) {
	list, err := cluster.Client.Kubernetes.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list pods in namespace %s on cluster %q: %w", namespace, cluster.Name, err)
	}
	return slices.DeleteFunc(list.Items, func(pod corev1.Pod) bool {
		return pod.DeletionTimestamp != nil || !probe.PodReady(&pod)
	}), nil
}

// shown says of each cell why it is not shown to have been taken: a pod of another revision on
// either side, an answer by an unknown pod, or no sign of the gateway between two networks.
func (c *comparison) shown(ctx context.Context, all measurements) (revisions.Shown, error) {
	begun := c.pods
	if err := c.find(ctx); err != nil {
		return nil, err
	}
	after, err := c.readCounters(ctx)
	if err != nil {
		return nil, err
	}
	shown := revisions.Shown{}
	for cell, measured := range all {
		why := slices.Clone(c.wrong[cell.Source])
		for _, cluster := range measured.Clusters {
			why = append(why, c.wrong[revisions.Side{Cluster: cluster, Arm: cell.Destination.Arm}]...)
		}
		why = append(why, c.strangers(measured)...)
		why = append(why, c.crossed(measured, after[cell])...)
		if !maps.Equal(begun, c.pods) {
			why = append(why, "pods were replaced while they were called")
		}
		if len(why) > 0 {
			shown[cell] = slices.Compact(why)
		}
	}
	return shown, nil
}

// strangers are answers by pods that are not of the cell's service.
func (c *comparison) strangers(m revisions.Measured) []string {
	var why []string
	service := c.Comparing.Service(m.Cell)
	for _, name := range slices.Sorted(maps.Keys(m.Pods)) {
		if pod, ok := c.pods[name]; !ok || pod.app != service || pod.side.Arm != m.Cell.Destination.Arm {
			why = append(why, fmt.Sprintf("%d answers name %s, which is no pod of %s", m.Pods[name], name, service))
		}
	}
	return why
}

// counters are the endpoints of a cell's service in its caller's proxy, and which of them are
// gateways of which cluster.
type counters struct {
	endpoints []istio.Endpoint
	gateways  map[string][]string // by cluster of another network than the caller's
}

// readCounters reads those of all cells whose service runs in another network.
func (c *comparison) readCounters(ctx context.Context) (map[revisions.Cell]counters, error) {
	all := map[revisions.Cell]counters{}
	for _, source := range c.Fleet.Clusters {
		gateways := map[string][]string{}
		for _, other := range c.Fleet.Others(source) {
			if other.Network == source.Network {
				continue
			}
			entrances, err := gatewayEndpoints(ctx, gatewayQuery{of: other, seenBy: source})
			if err != nil {
				return nil, err
			}
			gateways[other.Name] = entrances
		}
		for _, cell := range c.Comparing.Cells {
			if cell.Source.Cluster != source.Name || len(gateways) == 0 || cell.Destination.Cluster == source.Name {
				continue
			}
			caller := c.callers[cell.Source]
			endpoints, err := istio.EndpointsOf(ctx, source.Client, istio.Pod{Namespace: caller.Namespace, Name: caller.Pod}, c.xdsCluster(cell))
			if err != nil {
				return nil, fmt.Errorf("read what the proxy of %s counted on cluster %q: %w", caller, source.Name, err)
			}
			all[cell] = counters{endpoints: endpoints, gateways: gateways}
		}
	}
	return all, nil
}

func (c *comparison) xdsCluster(cell revisions.Cell) string {
	return fmt.Sprintf("outbound|%d||%s", workload.EchoPort, c.Comparing.Host(c.Namespace, cell))
}

// crossed wants a sign of the other network's gateway: as many requests sent to it as were
// answered from behind it, and, of a service that runs only there, an attempt at least.
func (c *comparison) crossed(m revisions.Measured, after counters) []string {
	grown, ok := istio.Since(c.before[m.Cell].endpoints, after.endpoints)
	if !ok {
		return []string{"the caller's proxy began anew while it was called: its counters shrank"}
	}
	var why []string
	for _, cluster := range m.Clusters {
		gateway, crosses := after.gateways[cluster]
		if !crosses {
			continue
		}
		var requests, attempts uint64
		for _, endpoint := range grown {
			if slices.Contains(gateway, endpoint.Address) {
				requests += endpoint.During.Requests
				attempts += endpoint.During.Requests + endpoint.During.Connections + endpoint.During.Failed
			}
		}
		answers := uint64(m.Answers[cluster]) //nolint:gosec // a count
		switch {
		case requests < answers:
			why = append(why, fmt.Sprintf("cluster %s answered %d calls, but the caller's proxy sent %d requests to its gateway %s", cluster, answers, requests, strings.Join(gateway, ", ")))
		case attempts == 0 && !m.Cell.Everywhere():
			why = append(why, fmt.Sprintf("the caller's proxy sent nothing to %s, the gateway of cluster %s", strings.Join(gateway, ", "), cluster))
		}
	}
	return why
}
