package scenarios

import (
	"context"
	"errors"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/probe"
	"github.com/eastwest-mesh/eastwest/framework/workload"
)

// outsiders makes a caller without a sidecar in every cluster, or finds the
// one that an earlier scenario made, and waits until it is ready.
func (e *Env) outsiders(ctx context.Context) error {
	manifest, err := workload.OutsiderManifest(workload.Options{Namespace: e.Namespace, Images: e.Images, Workload: e.Workload})
	if err != nil {
		return err
	}
	return e.Fleet.ForEach(ctx, func(ctx context.Context, cluster *fleet.Cluster) error {
		return makeReady(ctx, cluster, manifest, e)
	})
}

func makeReady(ctx context.Context, cluster *fleet.Cluster, manifest []byte, env *Env) error {
	objects, err := kube.Decode(manifest)
	if err != nil {
		return err
	}
	if err := cluster.Client.ApplyAll(ctx, objects, env.Own); err != nil {
		return err
	}
	ref := kube.RefOf(objects[0])
	return cluster.Client.Await(ctx, kube.Wait{
		For: ref.String() + " ready", Bound: env.Bounds.Deployment, Watch: kube.Object(ref), Until: podReady,
	})
}

func podReady(objects []*unstructured.Unstructured) kube.State {
	if len(objects) == 0 {
		return kube.State{Seen: "no such pod"}
	}
	if err := kube.Hopeless(objects[0]); err != nil {
		return kube.State{Seen: err.Error(), Fatal: err}
	}
	var pod corev1.Pod
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(objects[0].Object, &pod); err != nil {
		return kube.State{Seen: err.Error(), Fatal: err}
	}
	if probe.HasProxy(&pod) {
		return kube.State{Seen: "a sidecar", Fatal: errors.New("the pod was injected although its label " + names.Inject + " says false")}
	}
	return kube.State{Met: probe.PodReady(&pod), Seen: "phase " + string(pod.Status.Phase)}
}

// outsider calls from the cluster's pod without a sidecar.
func (e *Env) outsider(cluster *fleet.Cluster) probe.From {
	return probe.From{Client: cluster.Client, Pick: func(ctx context.Context) (kube.Target, error) {
		pod, err := probe.ReadyPod(ctx, cluster.Client, e.Namespace, "app="+workload.Outsider)
		if err != nil {
			return kube.Target{}, err
		}
		return kube.Target{Namespace: e.Namespace, Pod: pod.Name, Container: workload.Outsider}, nil
	}}
}
