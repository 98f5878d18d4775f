package workload

import (
	"errors"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/eastwest-mesh/eastwest/fixtures"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// NoSidecar names the pod of a caller without a sidecar, its label app and its container.
const NoSidecar = "nosidecar"

// NoSidecarManifest is that of a caller without a sidecar.
func NoSidecarManifest(opts Options) ([]byte, error) {
	values := opts.values(opts.Images.Sleep)
	values["Name"] = NoSidecar
	return fixtures.Render("nosidecar.yaml.tmpl", values)
}

// Pods are one like each that a run makes, to be tried before. Sleep's account is made by
// the run: the namespace's default stands for it.
func Pods(opts Options) ([]*corev1.Pod, error) {
	helloWorld, errHelloWorld := fixtures.Render("helloworld.yaml.tmpl", opts.helloWorldValues(fleet.Version(0)))
	sleep, errSleep := fixtures.Render("sleep.yaml.tmpl", opts.sleepValues())
	noSidecar, errNoSidecar := NoSidecarManifest(opts)
	if err := errors.Join(errHelloWorld, errSleep, errNoSidecar); err != nil {
		return nil, err
	}
	var pods []*corev1.Pod
	for _, manifest := range [][]byte{helloWorld, sleep, noSidecar} {
		objects, err := kube.Decode(manifest)
		if err != nil {
			return nil, err
		}
		for _, obj := range objects {
			pod, err := podOf(obj)
			if err != nil {
				return nil, err
			}
			if pod != nil {
				pods = append(pods, pod)
			}
		}
	}
	return pods, nil
}

// podOf is a pod, or one like those of a Deployment; nil for other objects.
func podOf(obj *unstructured.Unstructured) (*corev1.Pod, error) {
	content := obj.Object
	switch obj.GetKind() {
	case "Pod":
	case "Deployment":
		var err error
		if content, _, err = unstructured.NestedMap(content, "spec", "template"); err != nil {
			return nil, err
		}
	default:
		return nil, nil //nolint:nilnil // not of interest
	}
	var pod corev1.Pod
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(content, &pod); err != nil {
		return nil, err
	}
	pod.Namespace, pod.Name = obj.GetNamespace(), obj.GetName()+"-eastwest-try"
	if pod.Spec.ServiceAccountName == Sleep {
		pod.Spec.ServiceAccountName = ""
	}
	return &pod, nil
}
