package scenarios

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/probe"
	"github.com/eastwest-mesh/eastwest/framework/workload"
)

// directLimit bounds an attempt to reach a pod of another network: the packets
// are dropped or refused, and a connection in one data centre takes milliseconds.
const directLimit = 3 * time.Second

// directly wants that no pod of another cluster can be reached by its own
// address. Positive control: from inside its own cluster the same attempt on
// the same address connects.
func (c crossing) directly(ctx context.Context) ([]string, error) {
	var wrong []string
	for _, other := range c.Fleet.Others(c.source) {
		pod, err := probe.ReadyPod(ctx, other.Client, c.Namespace, workload.VersionSelector(other.Version))
		if err != nil {
			return nil, err
		}
		control, err := c.dial(ctx, other, pod)
		if err != nil {
			return nil, err
		}
		if !control.Connected {
			return nil, fmt.Errorf("positive control: pod %s at %s cannot be reached from inside its own cluster %q (%s), so that nothing can be concluded", pod.Name, pod.Status.PodIP, other.Name, control.Why)
		}
		attempt, err := c.dial(ctx, c.source, pod)
		if err != nil {
			return nil, err
		}
		if reason := reachedDirectly(attempt, pod.Name); reason != "" {
			wrong = append(wrong, fmt.Sprintf("from cluster %q pod %s of cluster %q %s at its own address %s: the networks are not separate",
				c.source.Name, pod.Name, other.Name, reason, pod.Status.PodIP))
		}
	}
	return wrong, nil
}

func (c crossing) dial(ctx context.Context, from *fleet.Cluster, pod *corev1.Pod) (probe.Attempt, error) {
	target, err := c.noSidecar(from).Pick(ctx)
	if err != nil {
		return probe.Attempt{}, err
	}
	address := probe.Address{URL: "http://" + hostPort(pod.Status.PodIP, workload.HelloWorldPort) + "/hello", Limit: directLimit}
	attempts, err := probe.Dial(ctx, from.Client, target, []probe.Address{address})
	if err != nil {
		return probe.Attempt{}, err
	}
	if attempts[0].Unsound {
		return attempts[0], fmt.Errorf("attempt at %s from cluster %q: %s", address.URL, from.Name, attempts[0].Why)
	}
	return attempts[0], nil
}

// reachedDirectly says how a pod was reached, or "" when it was not. Where pod
// addresses overlap, another pod may have the address: the answer tells.
func reachedDirectly(attempt probe.Attempt, pod string) string {
	switch {
	case !attempt.Connected:
		return ""
	case strings.Contains(attempt.Body, "instance: "+pod):
		return "answered"
	case strings.HasPrefix(attempt.Body, "Hello version: "):
		return "" // somebody else's answer: the addresses overlap
	default:
		return "accepted a connection"
	}
}
