package kube

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// AwaitDaemonSet waits until a DaemonSet's newest revision is available on every node that
// it is for.
func (c *Client) AwaitDaemonSet(ctx context.Context, ref Ref, bounds Bounds) error {
	return c.Await(ctx, Wait{
		For: ref.String() + " available", Bound: bounds.Deployment, Watch: Object(ref), Until: onEveryNode,
	})
}

func onEveryNode(objects []*unstructured.Unstructured) State {
	if len(objects) == 0 {
		return State{Seen: "no such daemon set"}
	}
	var d appsv1.DaemonSet
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(objects[0].Object, &d); err != nil {
		return State{Fatal: err}
	}
	s := d.Status
	return State{
		Seen: fmt.Sprintf("%d wanted, %d updated, %d available", s.DesiredNumberScheduled, s.UpdatedNumberScheduled, s.NumberAvailable),
		Met: s.ObservedGeneration >= d.Generation && s.DesiredNumberScheduled > 0 &&
			s.UpdatedNumberScheduled == s.DesiredNumberScheduled && s.NumberAvailable == s.DesiredNumberScheduled,
	}
}
