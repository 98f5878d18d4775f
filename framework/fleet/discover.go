package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// FindNetwork returns the network ID of a cluster: the label of istio-system,
// which istiod gives the cluster's endpoints, or else what the injector of the
// revision tells proxies. A cluster with neither has no network of its own.
func FindNetwork(ctx context.Context, client *kube.Client, revision string) (string, error) {
	namespace, err := client.Kubernetes.CoreV1().Namespaces().Get(ctx, names.System, metav1.GetOptions{})
	if err != nil {
		return "", fmt.Errorf("find the network of cluster %q: %w", client.Name, err)
	}
	if network := namespace.Labels[names.Network]; network != "" {
		return network, nil
	}
	values, err := Injector(ctx, client, revision)
	if err != nil {
		return "", fmt.Errorf("find the network of cluster %q: %w", client.Name, err)
	}
	if values.Network == "" {
		return "", fmt.Errorf("find the network of cluster %q: neither namespace %s has the label %s nor the injector a network; give the cluster's network in the fleet file, and label the namespace with it", client.Name, names.System, names.Network)
	}
	return values.Network, nil
}

// InjectorValues are what a revision's injector tells every proxy of its
// place in the mesh.
type InjectorValues struct {
	// Found is false where the revision has no injector of its own.
	Found             bool
	Network           string
	ClusterName       string
	MeshID            string
	PilotCertProvider string
}

// Injector reads the values of a revision's injector from its ConfigMap. One
// that is not there is no error: Found is then false.
func Injector(ctx context.Context, client *kube.Client, revision string) (InjectorValues, error) {
	name := injectorName(revision)
	config, err := client.Kubernetes.CoreV1().ConfigMaps(names.System).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return InjectorValues{}, nil
	}
	if err != nil {
		return InjectorValues{}, fmt.Errorf("read the injector's values on cluster %q: %w", client.Name, err)
	}
	values, err := parseInjector(config.Data["values"])
	if err != nil {
		return InjectorValues{}, fmt.Errorf("ConfigMap %s/%s on cluster %q: %w", names.System, name, client.Name, err)
	}
	return values, nil
}

func injectorName(revision string) string { return names.Suffixed("istio-sidecar-injector", revision) }

func parseInjector(values string) (InjectorValues, error) {
	var document struct {
		Global struct {
			Network           string
			MeshID            string
			PilotCertProvider string
			MultiCluster      struct{ ClusterName string }
		}
	}
	if values == "" {
		return InjectorValues{}, errors.New("has no values")
	}
	if err := json.Unmarshal([]byte(values), &document); err != nil {
		return InjectorValues{}, fmt.Errorf("its values are not what Istio writes: %w", err)
	}
	global := document.Global
	return InjectorValues{
		Found: true, Network: global.Network, MeshID: global.MeshID,
		ClusterName: global.MultiCluster.ClusterName, PilotCertProvider: global.PilotCertProvider,
	}, nil
}

// IstiodPod returns a Ready istiod pod of a revision.
func IstiodPod(ctx context.Context, client *kube.Client, revision string) (*corev1.Pod, error) {
	pods, err := client.Kubernetes.CoreV1().Pods(names.System).List(ctx, metav1.ListOptions{
		LabelSelector: names.IstiodSelector + "," + names.Revision + "=" + revision,
	})
	if err != nil {
		return nil, fmt.Errorf("find istiod of revision %s on cluster %q: %w", revision, client.Name, err)
	}
	for i := range pods.Items {
		if PodReady(&pods.Items[i]) {
			return &pods.Items[i], nil
		}
	}
	return nil, fmt.Errorf("find istiod of revision %s on cluster %q: no Ready pod", revision, client.Name)
}

// ClusterID is what istiod calls its own cluster, "" where it does not say.
func ClusterID(istiod *corev1.Pod) string { return Env(&istiod.Spec, names.EnvClusterID) }

// Env is the plain value of a variable of the pod's containers, "" for none.
func Env(pod *corev1.PodSpec, name string) string {
	for _, container := range pod.Containers {
		for _, variable := range container.Env {
			if variable.Name == name && variable.Value != "" {
				return variable.Value
			}
		}
	}
	return ""
}
