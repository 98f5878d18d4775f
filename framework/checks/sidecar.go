package checks

import (
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

// sidecarsFor are the Sidecar resources that may apply to a pod: those that select it, or
// else those for its whole namespace, or else those of the root namespace for all
// (pilot/pkg/model/push_context.go, getSidecarScope). Of several the oldest applies.
func sidecarsFor(all []istio.Sidecar, root string, pod istio.Pod) []istio.Sidecar {
	var selecting, namespace, mesh []istio.Sidecar
	for _, s := range all {
		switch everywhere := s.Spec.WorkloadSelector.All(); {
		case s.Namespace == pod.Namespace && !everywhere && s.Spec.WorkloadSelector.Selects(pod.Labels):
			selecting = append(selecting, s)
		case s.Namespace == pod.Namespace && everywhere:
			namespace = append(namespace, s)
		case s.Namespace == root && everywhere:
			mesh = append(mesh, s)
		}
	}
	for _, found := range [][]istio.Sidecar{selecting, namespace} {
		if len(found) > 0 {
			return found
		}
	}
	return mesh
}

// imports is true where a Sidecar lets the pods of a namespace know a Service. Without egress
// it lets them know all. Exclusions, which old releases do not have, are not looked at.
func imports(s istio.Sidecar, namespace string, of target) bool {
	if len(s.Spec.Egress) == 0 {
		return true
	}
	for _, egress := range s.Spec.Egress {
		if slices.ContainsFunc(egress.Hosts, func(entry string) bool {
			within, host, scoped := strings.Cut(entry, "/")
			if within == "." {
				within = namespace
			}
			return scoped && (within == "*" || within == of.namespace) && covers(host, of.host)
		}) {
			return true
		}
	}
	return false
}
