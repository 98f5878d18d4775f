package scenarios

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/probe"
	"github.com/eastwest-mesh/eastwest/framework/revisions"
	"github.com/eastwest-mesh/eastwest/framework/run"
	"github.com/eastwest-mesh/eastwest/framework/workload"
)

func wayBack() run.Scenario {
	return run.Scenario{
		ID:      "way-back",
		Name:    "The way back to the old revision works",
		Promise: "workloads that were on the new revision and are moved back to the old one are called, and call, as if they had never left",
		Source:  "istio.io: canary upgrades (roll back by the namespace's label and a restart)",
		Needs:   run.Needs{Clusters: 2, Disruptive: true},
		Bound:   boundCompare,
		Run:     on(runWayBack),
	}
}

// runWayBack labels the new revision's namespace with the old one, has its pods made anew, and
// asks the same as before.
func runWayBack(ctx context.Context, t trial) error {
	if err := t.Fleet.ForEach(ctx, t.moveBack); err != nil {
		return err
	}
	return newComparison(t, back).run(ctx)
}

func (t trial) moveBack(ctx context.Context, cluster *fleet.Cluster) error {
	number, member := t.memberOf(cluster)
	if !member.New {
		return nil // nothing of it runs here
	}
	namespace := workload.ArmNamespace(t.Namespace, revisions.New)
	object, err := workload.ArmObject(namespace, t.Comparing.Pair.Old)
	if err != nil {
		return err
	}
	if _, err := cluster.Client.Apply(ctx, object, t.Own); err != nil {
		return fmt.Errorf("label the namespace with the old revision: %w", err)
	}
	before, err := uidsOf(ctx, cluster, namespace)
	if err != nil {
		return err
	}
	if err := cluster.Client.DeletePods(ctx, namespace); err != nil {
		return fmt.Errorf("restart the workloads of the new revision: %w", err)
	}
	return cluster.Client.Await(ctx, kube.Wait{
		For: "the pods in Namespace " + namespace + " made anew", Bound: t.Bounds.Deployment,
		Watch: kube.Selected(kube.Selection{APIVersion: "v1", Kind: "Pod", Namespace: namespace}),
		Until: func(pods []*unstructured.Unstructured) kube.State {
			return anew(pods, before, len(workload.EchoDeployments(number)))
		},
	})
}

func uidsOf(ctx context.Context, cluster *fleet.Cluster, namespace string) (map[string]bool, error) {
	pods, err := echoPods(ctx, cluster, namespace)
	uids := map[string]bool{}
	for _, pod := range pods {
		uids[string(pod.UID)] = true
	}
	return uids, err
}

// anew is met when so many pods are ready and none of those from before is there.
func anew(pods []*unstructured.Unstructured, before map[string]bool, want int) kube.State {
	ready := 0
	for _, object := range pods {
		if before[string(object.GetUID())] {
			return kube.State{Seen: object.GetName() + " is still there"}
		}
		if err := kube.Unrecoverable(object); err != nil {
			return kube.State{Seen: err.Error(), Fatal: err}
		}
		var pod corev1.Pod
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &pod); err != nil {
			return kube.State{Seen: err.Error(), Fatal: err}
		}
		if probe.PodReady(&pod) {
			ready++
		}
	}
	return kube.State{Met: ready == want, Seen: fmt.Sprintf("%d of %d pods are ready", ready, want)}
}

// memberOf is the cluster's place in the fleet, and what runs there.
func (t trial) memberOf(cluster *fleet.Cluster) (int, revisions.Member) {
	for i, member := range t.Comparing.Members {
		if member.Cluster == cluster.Name {
			return i, member
		}
	}
	return 0, revisions.Member{}
}

var errNothingCompared = errors.New("this run compares no revisions")
