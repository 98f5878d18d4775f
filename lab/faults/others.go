package faults

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/lab/internal/pki"
)

// with has steps depend on the lab: on the names of its clusters, or on what is in them. They
// may only change objects, which restore themselves.
func with(steps func(ctx context.Context, t *target) ([]step, error)) step {
	return step{do: func(ctx context.Context, t *target) error {
		all, err := steps(ctx, t)
		if err != nil {
			return err
		}
		for _, s := range all {
			if err := s.do(ctx, t); err != nil {
				return err
			}
		}
		return nil
	}}
}

// other is the first cluster of the lab beside the one that is broken.
func (t *target) other() (lab.Cluster, error) {
	for _, c := range t.lab.State.Clusters {
		if c.Name != t.cluster {
			return c, nil
		}
	}
	return lab.Cluster{}, errors.New("want a lab of two clusters or more")
}

// nameLikeAnother gives the control plane and all new proxies another cluster's ID.
func nameLikeAnother() step {
	return with(func(_ context.Context, t *target) ([]step, error) {
		other, err := t.other()
		return []step{
			setEnv(istiod, "CLUSTER_ID", other.Name),
			inInjector(`"clusterName": "[^"]*"`, fmt.Sprintf(`"clusterName": %q`, other.Name)),
		}, err
	})
}

// shareNetwork gives the control plane, all new proxies and the gateway another cluster's network.
func shareNetwork() step {
	return with(func(_ context.Context, t *target) ([]step, error) {
		other, err := t.other()
		label := fmt.Sprintf(`{"metadata":{"labels":{%q:%q}}}`, networkLabel, other.Network)
		return []step{
			patch(namespaceObject(istioSystem), label), patch(gatewayService(), label),
			inInjector(`"network": "[^"]*"`, fmt.Sprintf(`"network": %q`, other.Network)),
			setEnv(theGateway, "ISTIO_META_REQUESTED_NETWORK_VIEW", other.Network),
		}, err
	})
}

// setEnv changes a variable of a Deployment's first container.
func setEnv(d deployment, name, value string) step {
	return edit(d.object(), func(u *unstructured.Unstructured) error {
		containers, _, err := unstructured.NestedSlice(u.Object, "spec", "template", "spec", "containers")
		if err != nil {
			return err
		}
		env, _, err := unstructured.NestedSlice(containers[0].(map[string]any), "env")
		if err != nil {
			return err
		}
		for i := range env {
			if variable := env[i].(map[string]any); variable["name"] == name {
				variable["value"] = value
				containers[0].(map[string]any)["env"] = env
				return unstructured.SetNestedSlice(u.Object, containers, "spec", "template", "spec", "containers")
			}
		}
		return fmt.Errorf("want a variable %s in %s", name, d)
	})
}

// foreignCA has the remote secrets trust a CA that has signed nothing.
func foreignCA() step {
	return with(func(context.Context, *target) ([]step, error) {
		ca, err := pki.NewAuthority("a CA that has signed no API server")
		if err != nil {
			return nil, err
		}
		pair, err := ca.Pair()
		if err != nil {
			return nil, err
		}
		return []step{inSecrets(`certificate-authority-data: .*`, "certificate-authority-data: "+base64.StdEncoding.EncodeToString(pair.Cert))}, nil
	})
}

// leadHome has the remote secrets lead to the cluster that they are in: their content is that
// of the other cluster's remote secret for this one.
func leadHome() step {
	return with(func(ctx context.Context, t *target) ([]step, error) {
		other, err := t.other()
		if err != nil {
			return nil, err
		}
		cfg, err := clientcmd.BuildConfigFromFlags("", other.Kubeconfig)
		if err != nil {
			return nil, err
		}
		client, err := kubernetes.NewForConfig(cfg)
		if err != nil {
			return nil, err
		}
		secrets, err := client.CoreV1().Secrets(istioSystem).List(ctx, metav1.ListOptions{LabelSelector: remoteSecrets})
		if err != nil {
			return nil, err
		}
		for i := range secrets.Items {
			if home, found := secrets.Items[i].Data[t.cluster]; found {
				return []step{inSecrets(`(?s)^.*$`, string(home))}, nil
			}
		}
		return nil, fmt.Errorf("want a remote secret for %q in cluster %q", t.cluster, other.Name)
	})
}

// copySecrets makes each remote secret again, in another namespace or with other IDs.
func copySecrets(namespace, prefix string) step {
	return with(func(ctx context.Context, t *target) ([]step, error) {
		secrets, err := t.kube.CoreV1().Secrets(istioSystem).List(ctx, metav1.ListOptions{LabelSelector: remoteSecrets})
		if err != nil {
			return nil, err
		}
		var steps []step
		for _, s := range secrets.Items {
			data := map[string]any{}
			for id, content := range s.Data {
				data[prefix+id] = base64.StdEncoding.EncodeToString(content)
			}
			u := &unstructured.Unstructured{Object: map[string]any{
				"apiVersion": "v1", "kind": "Secret", "type": string(s.Type), "data": data,
				"metadata": map[string]any{"namespace": namespace, "name": prefix + s.Name, "labels": map[string]any{"istio/multiCluster": "true"}},
			}}
			steps = append(steps, step{do: func(ctx context.Context, t *target) error { return t.put(ctx, u) }})
		}
		return steps, nil
	})
}
