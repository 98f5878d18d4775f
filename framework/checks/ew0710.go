package checks

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// namespaceName is a label that Kubernetes puts on every namespace.
const namespaceName = "kubernetes.io/metadata.name"

func ew0710() Check {
	return Check{
		ID: "EW0710", Severity: Error,
		Title:    "The discovery selectors leave out the namespace of the workloads or of the gateways",
		Question: "Do the discoverySelectors of every cluster's mesh config select the workloads' namespace, and that of the gateways, in every cluster?",
		Why:      "istiod ignores a namespace that no selector selects, in its own cluster and in others: its Services, endpoints and Gateway resources do not exist for the mesh.",
		Source:   "https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig-discovery_selectors; istio/istio, pkg/kube/namespace/filter.go",
		Explains: []string{"EW0413", "EW0512", "EW08"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				mesh, ok := meshOf(l, c)
				if !ok || len(mesh.DiscoverySelectors) == 0 {
					return
				}
				judgeSelectors(l, c, mesh.DiscoverySelectors)
			})
		},
	}
}

// judgeSelectors looks at the namespaces in the cluster itself, which calls from other
// networks enter by its gateway, and in the clusters that its callers call.
func judgeSelectors(l *Look, c *istio.Cluster, selectors []istio.LabelSelector) {
	for _, of := range []struct {
		namespace, what string
		leftOut         func(*Look, *istio.Cluster, []istio.LabelSelector) bool
	}{{l.Namespace, "HelloWorld", leavesOut}, {names.System, "the gateways", leavesGatewaysOut}} {
		var pairs []Pair
		var left []*istio.Cluster
		if of.leftOut(l, c, selectors) {
			left = append(left, c)
			l.apart(c, func(other *istio.Cluster) { pairs = append(pairs, Pair{other.Name, c.Name}) })
		}
		l.others(c, func(other *istio.Cluster) {
			if of.leftOut(l, other, selectors) {
				left = append(left, other)
				pairs = append(pairs, Pair{c.Name, other.Name})
			}
		})
		if len(pairs) > 0 {
			findLeftOut(l, c, left, pairs, selectors, of.namespace, of.what)
		}
	}
}

// leavesGatewaysOut is true where no selector selects the namespace of the control planes of
// a cluster, and its ways in are there. Of other namespaces the labels are not read.
func leavesGatewaysOut(l *Look, in *istio.Cluster, selectors []istio.LabelSelector) bool {
	system, ok := Need(l, in, in.System)
	gateways, read := Need(l, in, in.Gateways)
	here := slices.ContainsFunc(gateways.Services, func(s istio.GatewayService) bool { return s.Network != "" && s.Namespace == names.System })
	if !ok || !read || !system.Found || !here {
		return false
	}
	labels := map[string]string{namespaceName: names.System}
	maps.Copy(labels, system.Labels)
	return !slices.ContainsFunc(selectors, func(s istio.LabelSelector) bool { return s.Selects(labels) })
}

// leavesOut is true where no selector selects the workloads' namespace of a cluster.
func leavesOut(l *Look, in *istio.Cluster, selectors []istio.LabelSelector) bool {
	workloads, ok := Need(l, in, in.Workloads)
	if !ok || !workloads.Namespace.Found {
		return false
	}
	labels := map[string]string{namespaceName: l.Namespace}
	maps.Copy(labels, workloads.Namespace.Labels)
	return !slices.ContainsFunc(selectors, func(s istio.LabelSelector) bool { return s.Selects(labels) })
}

func findLeftOut(l *Look, c *istio.Cluster, left []*istio.Cluster, pairs []Pair, selectors []istio.LabelSelector, namespace, what string) {
	var clusters []string
	first := labellable(selectors)
	fix := Fix{Text: fmt.Sprintf("label the namespace so that a selector selects it, or add a selector to the mesh config of %s", c.Name)}
	for _, in := range left {
		clusters = append(clusters, in.Name)
		if len(first.MatchLabels) == 0 {
			continue
		}
		words := []string{"label namespace", quote(namespace), "--overwrite"}
		for _, key := range slices.Sorted(maps.Keys(first.MatchLabels)) {
			words = append(words, quote(key+"="+first.MatchLabels[key]))
		}
		fix.Commands = append(fix.Commands, kubectl(in, words...))
	}
	l.Find(Finding{
		Cluster: c.Name, Pairs: pairs,
		Found: fmt.Sprintf("the discoverySelectors of %s do not select namespace %s of %s: its istiod ignores %s there", c.Name, namespace, strings.Join(clusters, ", "), what),
		Want:  "a selector that selects the namespace", Fix: fix,
	})
}

// labellable is the first selector that a label on a namespace satisfies; one of no labels
// where there is none. The name of a namespace is a label that cannot be changed.
func labellable(selectors []istio.LabelSelector) istio.LabelSelector {
	i := slices.IndexFunc(selectors, func(s istio.LabelSelector) bool {
		_, named := s.MatchLabels[namespaceName]
		return len(s.MatchExpressions) == 0 && len(s.MatchLabels) > 0 && !named
	})
	if i < 0 {
		return istio.LabelSelector{}
	}
	return selectors[i]
}
