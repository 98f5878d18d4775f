package checks

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// Unsupported is a cluster whose mesh is of a kind that the checks know too little of: what
// they find there, or about calls from or to it, may be its ordinary state.
type Unsupported struct {
	Cluster string `json:"cluster"`
	// Kind is "ambient", "dual stack", "managed control plane" or "control plane elsewhere".
	Kind string `json:"kind"`
	// Found is what shows it.
	Found string `json:"found"`
}

// FindUnsupported lists the clusters that cannot be judged, each once, in the snapshot's order.
// What is not known of a cluster makes it none of them.
func FindUnsupported(s *istio.Snapshot) []Unsupported {
	var all []Unsupported
	for i := range s.Clusters {
		c := &s.Clusters[i]
		for _, kind := range []struct {
			name  string
			found string
		}{
			{"managed control plane", managed(c)},
			{"control plane elsewhere", elsewhere(s, c)},
			{"ambient", ambient(c)},
			{"dual stack", dualStack(c)},
		} {
			if kind.found != "" {
				all = append(all, Unsupported{Cluster: c.Name, Kind: kind.name, Found: kind.found})
				break
			}
		}
	}
	return all
}

// Judged leaves out findings about clusters that cannot be judged, and about calls from or
// to them.
func Judged(findings []Finding, unsupported []Unsupported) []Finding {
	is := func(cluster string) bool {
		return slices.ContainsFunc(unsupported, func(u Unsupported) bool { return u.Cluster == cluster })
	}
	return slices.DeleteFunc(slices.Clone(findings), func(f Finding) bool {
		return is(f.Cluster) || slices.ContainsFunc(f.Pairs, func(p Pair) bool { return is(p.Source) || is(p.Destination) })
	})
}

// managed is for control planes that Google runs, whose revisions are called asm-managed,
// asm-managed-stable and asm-managed-rapid
// (https://cloud.google.com/service-mesh/docs/revisions-overview).
func managed(c *istio.Cluster) string {
	workloads, _ := c.Workloads.Get()
	for _, pod := range workloads.Pods {
		if pod.Proxy && isManaged(pod.InjectedBy) {
			return fmt.Sprintf("pod %s/%s was injected by revision %s", pod.Namespace, pod.Name, pod.InjectedBy)
		}
	}
	istiods, why := c.Istiods.Get()
	if why != nil || len(istiods) > 0 {
		return ""
	}
	webhooks, _ := c.Webhooks.Get()
	for _, webhook := range webhooks {
		if isManaged(webhook.Revision) {
			return fmt.Sprintf("the injection webhook %s is of revision %s, and no istiod runs here", webhook.Configuration, webhook.Revision)
		}
	}
	return ""
}

func isManaged(revision string) bool {
	return revision == names.ManagedRevision || strings.HasPrefix(revision, names.ManagedRevision+"-")
}

// elsewhere is for clusters that are served by istiods which are not of the fleet: a remote
// cluster whose primary is left out, or one of an external control plane.
func elsewhere(s *istio.Snapshot, c *istio.Cluster) string {
	istiods, why := c.Istiods.Get()
	if why != nil || len(istiods) > 0 || len(s.Primaries(c)) > 0 {
		return ""
	}
	system, _ := c.System.Get()
	webhooks, _ := c.Webhooks.Get()
	if from := servedFrom(system, webhooks); from != "" {
		return "no istiod runs here, and " + from
	}
	return ""
}

// ambient is for workloads that ztunnel carries. A mesh that has ambient workloads beside
// them is like any other.
func ambient(c *istio.Cluster) string {
	workloads, _ := c.Workloads.Get()
	for _, pod := range workloads.Pods {
		if !pod.Proxy && cmp.Or(pod.Labels[names.DataplaneMode], workloads.Namespace.Labels[names.DataplaneMode]) == names.Ambient {
			return fmt.Sprintf("pod %s/%s has no sidecar and is of the mesh by %s=%s", pod.Namespace, pod.Name, names.DataplaneMode, names.Ambient)
		}
	}
	return ""
}

func dualStack(c *istio.Cluster) string {
	istiods, _ := c.Istiods.Get()
	used := inUse(c)
	for _, istiod := range istiods {
		if used(istiod.Revision) && strings.EqualFold(istiod.Env[names.EnvDualStack], names.True) {
			return fmt.Sprintf("istiod %s has %s=%s", istiod.Name, names.EnvDualStack, istiod.Env[names.EnvDualStack])
		}
	}
	return ""
}
