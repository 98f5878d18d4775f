package faults

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// exposure is the page's Gateway that exposes all services (A6).
const exposure = "cross-network-gateway"

func gateways() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1", Resource: "gateways"}
}

func deleteExposure(ctx context.Context, t *target) error {
	client := t.dynamic.Resource(gateways()).Namespace(istioSystem)
	obj, err := client.Get(ctx, exposure, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if err := t.keep(obj); err != nil {
		return err
	}
	return client.Delete(ctx, exposure, metav1.DeleteOptions{})
}

func restoreExposure(ctx context.Context, t *target) error {
	obj := &unstructured.Unstructured{}
	if err := t.recall(obj); err != nil {
		return err
	}
	obj.SetResourceVersion("")
	obj.SetUID("")
	if _, err := t.dynamic.Resource(gateways()).Namespace(istioSystem).Create(ctx, obj, metav1.CreateOptions{}); err != nil {
		return err
	}
	return t.forget()
}

func telemetries() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "telemetry.istio.io", Version: "v1", Resource: "telemetries"}
}

// askForStats has istiod put the filter istio.stats into every listener of the mesh.
func askForStats(ctx context.Context, t *target) error {
	obj := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "telemetry.istio.io/v1", "kind": "Telemetry",
		"metadata": map[string]any{"name": "lab-fault", "namespace": istioSystem},
		"spec": map[string]any{"metrics": []any{
			map[string]any{"providers": []any{map[string]any{"name": "prometheus"}}},
		}},
	}}
	made, err := t.dynamic.Resource(telemetries()).Namespace(istioSystem).Create(ctx, obj, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	return t.keep(made.GetUID())
}

func askNoMore(ctx context.Context, t *target) error {
	var uid types.UID
	if err := t.recall(&uid); err != nil {
		return err
	}
	err := t.dynamic.Resource(telemetries()).Namespace(istioSystem).Delete(ctx, "lab-fault", *metav1.NewPreconditionDeleteOptions(string(uid)))
	if err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	return t.forget()
}

// remoteSecrets selects the Secrets that istiod reads other clusters from (C.1).
const remoteSecrets = "istio/multiCluster=true" //nolint:gosec // a selector

func deleteSecrets(ctx context.Context, t *target) error {
	client := t.kube.CoreV1().Secrets(istioSystem)
	list, err := client.List(ctx, metav1.ListOptions{LabelSelector: remoteSecrets})
	if err != nil {
		return err
	}
	if len(list.Items) == 0 {
		return fmt.Errorf("namespace %s has no Secret labelled %s; is the mesh set up?", istioSystem, remoteSecrets)
	}
	if err := t.keep(list.Items); err != nil {
		return err
	}
	var errs []error
	for _, s := range list.Items {
		errs = append(errs, client.Delete(ctx, s.Name, metav1.DeleteOptions{}))
	}
	return errors.Join(errs...)
}

func restoreSecrets(ctx context.Context, t *target) error {
	var list []corev1.Secret
	if err := t.recall(&list); err != nil {
		return err
	}
	for _, s := range list {
		s.ResourceVersion, s.UID = "", ""
		if _, err := t.kube.CoreV1().Secrets(istioSystem).Create(ctx, &s, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	return t.forget()
}

// networkLabel tells istiod the network of a cluster's endpoints (A5b).
const networkLabel = "topology.istio.io/network"

func skewLabel(ctx context.Context, t *target) error {
	ns, err := t.kube.CoreV1().Namespaces().Get(ctx, istioSystem, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if err := t.keep(ns.Labels[networkLabel]); err != nil {
		return err
	}
	return t.label(ctx, ns.Labels[networkLabel]+"-skewed")
}

func restoreLabel(ctx context.Context, t *target) error {
	var was string
	if err := t.recall(&was); err != nil {
		return err
	}
	if err := t.label(ctx, was); err != nil {
		return err
	}
	return t.forget()
}

func (t *target) label(ctx context.Context, network string) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": map[string]string{networkLabel: network}}})
	if err != nil {
		return err
	}
	_, err = t.kube.CoreV1().Namespaces().Patch(ctx, istioSystem, types.MergePatchType, patch, metav1.PatchOptions{})
	return err
}
