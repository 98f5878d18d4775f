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

// makeNoSidecars makes a caller without a sidecar in every cluster, or finds the
// one that an earlier scenario made, and waits until it is ready.
func (t trial) makeNoSidecars(ctx context.Context) error {
	manifest, err := workload.NoSidecarManifest(workload.Options{Namespace: t.Namespace, Images: t.Images, Workload: t.Workload})
	if err != nil {
		return err
	}
	return t.Fleet.ForEach(ctx, func(ctx context.Context, cluster *fleet.Cluster) error {
		return makeReady(ctx, cluster, manifest, t)
	})
}

func makeReady(ctx context.Context, cluster *fleet.Cluster, manifest []byte, t trial) error {
	objects, err := kube.Decode(manifest)
	if err != nil {
		return err
	}
	if err := cluster.Client.ApplyAll(ctx, objects, t.Own); err != nil {
		return err
	}
	ref := kube.RefOf(objects[0])
	return cluster.Client.Await(ctx, kube.Wait{
		For: ref.String() + " ready", Bound: t.Bounds.Deployment, Watch: kube.Object(ref), Until: podReady,
	})
}

func podReady(objects []*unstructured.Unstructured) kube.State {
	if len(objects) == 0 {
		return kube.State{Seen: "no such pod"}
	}
	if err := kube.Unrecoverable(objects[0]); err != nil {
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

// noSidecar calls from the cluster's pod without a sidecar.
func (t trial) noSidecar(cluster *fleet.Cluster) probe.From {
	return probe.From{Client: cluster.Client, Pick: func(ctx context.Context) (kube.Target, error) {
		pod, err := probe.ReadyPod(ctx, cluster.Client, t.Namespace, "app="+workload.NoSidecar)
		if err != nil {
			return kube.Target{}, err
		}
		return kube.Target{Namespace: t.Namespace, Pod: pod.Name, Container: workload.NoSidecar}, nil
	}}
}
