package checks

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

// namespaceName is a label that Kubernetes puts on every namespace.
const namespaceName = "kubernetes.io/metadata.name"

func ew0710() Check {
	return Check{
		ID: "EW0710", Severity: Error,
		Title:    "The discovery selectors leave out the namespace of the workloads",
		Question: "Do the discoverySelectors of every cluster's mesh config select the workloads' namespace in every cluster?",
		Why:      "istiod ignores a namespace that no selector selects, in its own cluster and in others: its Services and endpoints do not exist for the mesh.",
		Source:   "https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig-discovery_selectors; istio/istio, pkg/kube/namespace/filter.go",
		Explains: []string{"EW0512", "EW08"},
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

// judgeSelectors looks at the namespace in the cluster itself, which calls from other
// networks enter by its gateway, and in the clusters that its callers call.
func judgeSelectors(l *Look, c *istio.Cluster, selectors []istio.LabelSelector) {
	var pairs []Pair
	var left []*istio.Cluster
	if leavesOut(l, c, selectors) {
		left = append(left, c)
		l.apart(c, func(other *istio.Cluster) { pairs = append(pairs, Pair{other.Name, c.Name}) })
	}
	l.others(c, func(other *istio.Cluster) {
		if leavesOut(l, other, selectors) {
			left = append(left, other)
			pairs = append(pairs, Pair{c.Name, other.Name})
		}
	})
	if len(left) > 0 {
		findLeftOut(l, c, left, pairs, selectors[0])
	}
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

func findLeftOut(l *Look, c *istio.Cluster, left []*istio.Cluster, pairs []Pair, first istio.LabelSelector) {
	var clusters []string
	fix := Fix{Text: fmt.Sprintf("label the namespace so that a selector selects it, or add a selector to the mesh config of %s", c.Name)}
	for _, in := range left {
		clusters = append(clusters, in.Name)
		if len(first.MatchExpressions) > 0 || len(first.MatchLabels) == 0 {
			continue
		}
		words := []string{"label namespace", quote(l.Namespace), "--overwrite"}
		for _, key := range slices.Sorted(maps.Keys(first.MatchLabels)) {
			words = append(words, quote(key+"="+first.MatchLabels[key]))
		}
		fix.Commands = append(fix.Commands, kubectl(in, words...))
	}
	l.Find(Finding{
		Cluster: c.Name, Pairs: pairs,
		Found: fmt.Sprintf("the discoverySelectors of %s do not select namespace %s of %s: its istiod ignores HelloWorld there", c.Name, l.Namespace, strings.Join(clusters, ", ")),
		Want:  "a selector that selects the namespace", Fix: fix,
	})
}
