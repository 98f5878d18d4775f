package checks

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// What the checks of policies and routing have in common. Configuration is per primary:
// istiods read the resources of their own cluster only, and give them to the proxies of all
// clusters that they serve.

// meshOf is the mesh configuration of the control planes that matter in a cluster; ok is
// false where it is not known, or where they have different ones.
func meshOf(l *Look, c *istio.Cluster) (mesh istio.MeshConfig, ok bool) {
	all, ok := Need(l, l.plane(c), l.plane(c).MeshConfigs)
	if !ok {
		return istio.MeshConfig{}, false
	}
	used := inUse(c)
	if slices.ContainsFunc(all, func(m istio.MeshConfig) bool { return used(m.Revision) }) {
		all = slices.DeleteFunc(slices.Clone(all), func(m istio.MeshConfig) bool { return !used(m.Revision) })
	}
	if len(all) == 0 {
		return istio.MeshConfig{}, true
	}
	for _, other := range all[1:] {
		other.Revision = all[0].Revision
		if !reflect.DeepEqual(other, all[0]) {
			why := istio.Unknown{What: "mesh config in effect", Reason: istio.Malformed, Message: "the revisions in use have different ones"}
			return Need(l, c, istio.NotRead[istio.MeshConfig](why))
		}
	}
	return all[0], true
}

// rootNamespace is where resources for the whole mesh are.
func rootNamespace(mesh istio.MeshConfig) string { return cmp.Or(mesh.RootNamespace, names.System) }

// inEffect are those resources that the control planes which matter read.
func inEffect[T any](c *istio.Cluster, all []T, meta func(T) istio.Meta) []T {
	used := inUse(c)
	return slices.DeleteFunc(slices.Clone(all), func(t T) bool {
		revision := meta(t).Revision
		return revision != "" && !used(revision)
	})
}

// apart calls look for every other cluster that a cluster reaches through gateways.
func (l *Look) apart(from *istio.Cluster, look func(*istio.Cluster)) {
	l.others(from, func(to *istio.Cluster) {
		if same, ok := sameNetwork(l, from, to); ok && !same {
			look(to)
		}
	})
}

// helloPods are HelloWorld's pods of a cluster that have a sidecar.
func helloPods(l *Look, c *istio.Cluster) ([]istio.Pod, bool) {
	workloads, ok := Need(l, c, c.Workloads)
	return slices.DeleteFunc(runs(workloads, helloWorld), func(p istio.Pod) bool { return !p.Proxy }), ok
}

// sleepPod is the pod that calls are made from; ok is false where there is none with a
// sidecar, or where that is not known.
func sleepPod(l *Look, c *istio.Cluster) (istio.Pod, bool) {
	workloads, ok := Need(l, c, c.Workloads)
	if !ok {
		return istio.Pod{}, false
	}
	pods := runs(workloads, sleep)
	i := slices.IndexFunc(pods, func(p istio.Pod) bool { return p.Proxy })
	if i < 0 {
		return istio.Pod{}, false
	}
	return pods[i], true
}

// gatewayNamespaces are those of the gateways into a cluster's network.
func gatewayNamespaces(l *Look, c *istio.Cluster) ([]string, bool) {
	gateways, ok := Need(l, c, c.Gateways)
	var namespaces []string
	for _, pod := range gateways.Pods {
		if !slices.Contains(namespaces, pod.Namespace) {
			namespaces = append(namespaces, pod.Namespace)
		}
	}
	return namespaces, ok
}

// show is a command that prints a resource.
func show(c *istio.Cluster, kind string, meta istio.Meta) string {
	return kubectl(c, "get", kind, quote(meta.Name), "--namespace="+quote(meta.Namespace), "--output=yaml")
}

// cluster is the one of a name, which a pair of this fleet has.
func (l *Look) cluster(name string) *istio.Cluster {
	return &l.Clusters[slices.IndexFunc(l.Clusters, func(c istio.Cluster) bool { return c.Name == name })]
}
