package ledger

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// This file is the one table of what an inventory does not compare, because
// Kubernetes or Istio change it on their own while a run is under way.

// ignoredResources are whole resources, as group/resource.
func ignoredResources() []string {
	return []string{
		"/events", "events.k8s.io/events", // records of what happens
		"/endpoints", "discovery.k8s.io/endpointslices", // follow pods
		"coordination.k8s.io/leases",                  // renewed every few seconds
		"metrics.k8s.io/pods", "metrics.k8s.io/nodes", // measurements
		"/componentstatuses", // deprecated, made up at each request
		"/bindings",
	}
}

// ignoredNames are objects that controllers put into every namespace, as
// kind/name or kind/namespace/name.
func ignoredNames() []string {
	return []string{
		"ConfigMap/kube-root-ca.crt", // kube-controller-manager, in every namespace
		"ServiceAccount/default",     // serviceaccount controller, in every namespace
		"Service/default/kubernetes", // the API server itself, once it has started
	}
}

// leaderAnnotation marks what controllers elect their leader with, istiod's
// many among them; it is renewed every few seconds (client-go
// tools/leaderelection/resourcelock).
const leaderAnnotation = "control-plane.alpha.kubernetes.io/leader"

// ignoredAnnotations are set by controllers and change with each rollout.
func ignoredAnnotations() []string {
	return []string{
		"deployment.kubernetes.io/revision",
		"endpoints.kubernetes.io/last-change-trigger-time",
		"autoscaling.alpha.kubernetes.io/current-metrics",
		"autoscaling.alpha.kubernetes.io/conditions",
	}
}

// whollyListed are the cluster-scoped resources that are compared whole,
// label or not: the ones that installing a mesh touches. Of the others only
// objects with our label are listed.
func whollyListed() []string {
	return []string{
		"/namespaces",
		"apiextensions.k8s.io/customresourcedefinitions",
		"admissionregistration.k8s.io/mutatingwebhookconfigurations",
		"admissionregistration.k8s.io/validatingwebhookconfigurations",
		"rbac.authorization.k8s.io/clusterroles",
		"rbac.authorization.k8s.io/clusterrolebindings",
	}
}

func wholly(resource schema.GroupVersionResource) bool {
	return slices.Contains(whollyListed(), resource.Group+"/"+resource.Resource)
}

func ignoredResource(group, resource string) bool {
	return slices.Contains(ignoredResources(), group+"/"+resource)
}

// ignoredObject also leaves out what a controller owns: its owner is in the
// inventory, and pods come and go with autoscalers and nodes.
func ignoredObject(obj *unstructured.Unstructured) bool {
	_, elects := obj.GetAnnotations()[leaderAnnotation]
	return elects || metav1.GetControllerOf(obj) != nil ||
		slices.Contains(ignoredNames(), obj.GetKind()+"/"+obj.GetName()) ||
		slices.Contains(ignoredNames(), obj.GetKind()+"/"+obj.GetNamespace()+"/"+obj.GetName())
}

func dropIgnoredAnnotations(metadata map[string]any) {
	annotations, ok := metadata["annotations"].(map[string]any)
	if !ok {
		return
	}
	for _, annotation := range ignoredAnnotations() {
		delete(annotations, annotation)
	}
	if len(annotations) == 0 {
		delete(metadata, "annotations")
	}
}
