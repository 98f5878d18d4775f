package ledger

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// This file is the one table of who writes objects besides their owners, by the names
// that stand in managedFields.

// managersOf are the names under which a tool writes.
func managersOf(tool string) []string {
	switch tool {
	case kube.ToolIstioctl:
		// Istio operator/pkg/install; istioctl's other commands write by their own name.
		return []string{"istio-operator", "istioctl"}
	case kube.ToolAsmcli:
		// asmcli pipes istioctl's output into kubectl apply.
		return []string{"kubectl-client-side-apply", "kubectl", "kubectl-create", "istioctl"}
	case kube.ToolIstiod:
		return []string{"pilot-discovery"}
	}
	return nil
}

// controllers are the programs of Kubernetes, of clouds and of Istio that add to any
// object whatever they are for: status, addresses, finalizers, certificates.
func controllers() []string {
	return []string{
		"kube-controller-manager", "kube-scheduler", "kubelet", "kube-apiserver",
		"cloud-controller-manager", "service-controller", "glbc", "aws-load-balancer-controller", "metallb-controller",
		"pilot-discovery",
	}
}

// syncers put back what a repository says, whenever somebody changes it: what they
// write is nobody's decision of the moment (Argo CD, Flux, Config Sync).
func syncers() []string {
	return []string{
		"argocd-controller", "argocd-application-controller", "kustomize-controller", "helm-controller",
		"configsync.gke.io", "configmanagement", "config-management-operator",
	}
}

// bystander is a manager whose writing says nothing about whose an object is.
func bystander(m kube.Manager) bool {
	return m.Subresource == "status" || m.Subresource == "scale" ||
		slices.Contains(controllers(), m.Name) || slices.Contains(syncers(), m.Name)
}

// window is when a tool may have made an object, by the API server's clock.
type window struct{ from, until time.Time }

// unproven says why an object cannot be taken for one that a tool made inside the
// window; empty when it is proven. Its times are whole seconds.
func unproven(obj *unstructured.Unstructured, tool string, w window) string {
	created := obj.GetCreationTimestamp().UTC()
	if w.until.IsZero() {
		return "it is not known when the run ended"
	}
	if created.Before(w.from.Truncate(time.Second)) || created.After(w.until) {
		return fmt.Sprintf("it was made at %s, and %s ran between %s and %s", stamp(created), tool, stamp(w.from), stamp(w.until))
	}
	managers := kube.Managers(obj)
	if len(managers) == 0 {
		return "it does not tell who made it"
	}
	for _, m := range managers {
		if !slices.Contains(managersOf(tool), m.Name) && !bystander(m) {
			return fmt.Sprintf("%q has written it, which is neither %s nor a controller", m.Name, tool)
		}
	}
	return ""
}

// editors are who has changed what a run made, other than itself, its tools and
// controllers; labels and annotations do not count.
func editors(obj *unstructured.Unstructured, tools []string) []string {
	var names []string
	for _, m := range kube.Managers(obj) {
		known := m.Name == kube.FieldManager || slices.ContainsFunc(tools, func(tool string) bool {
			return slices.Contains(managersOf(tool), m.Name)
		})
		if !known && !bystander(m) && !m.Metadata {
			names = append(names, fmt.Sprintf("%q at %s", m.Name, stamp(m.Time)))
		}
	}
	return names
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func listed(names []string) string { return strings.Join(names, ", ") }
