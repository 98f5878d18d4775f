package kind

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
)

// readyBound is how long a node gets from the end of kubeadm until it is Ready,
// which takes 3 to 8 s; a node that pulls its CNI's images may need longer.
const readyBound = 2 * time.Minute

// awaitReady watches the cluster's only node until it is Ready.
func (c *Cluster) awaitReady(ctx context.Context) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, readyBound, fmt.Errorf("want its node Ready within %s", readyBound))
	defer cancel()
	nodes := cache.NewListWatchFromClient(client.CoreV1().RESTClient(), "nodes", metav1.NamespaceAll, fields.Everything())
	last := "no node yet"
	_, err = watchtools.UntilWithSync(ctx, nodes, &corev1.Node{}, nil, func(e watch.Event) (bool, error) {
		node, ok := e.Object.(*corev1.Node)
		if !ok {
			return false, nil
		}
		condition := readiness(node)
		last = condition.Reason + ": " + condition.Message
		return condition.Status == corev1.ConditionTrue, nil
	})
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return fmt.Errorf("await node %s: %w, last saw %s", c.node, err, last)
	}
	return nil
}

// readiness is a node's condition Ready, or an empty one.
func readiness(node *corev1.Node) corev1.NodeCondition {
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition
		}
	}
	return corev1.NodeCondition{}
}
