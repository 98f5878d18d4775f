package checks

import (
	"cmp"
	"maps"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// What several checks want to know of revisions, tags and injection.

// revisions are those whose control planes matter: the declared one, or else those that
// injected the gateways and the workloads, or else the one that the workloads' namespace
// asks for. A tag counts as its revision. There are none where nothing tells which.
func revisions(c *istio.Cluster) []string {
	var used []string
	for _, u := range usedNames(c) {
		revision, ok := u.name, true
		if !u.revision {
			revision, ok = c.Resolve(u.name)
		}
		if !ok {
			return nil
		}
		if !slices.Contains(used, revision) {
			used = append(used, revision)
		}
	}
	return used
}

// usedName is a revision or a tag that something uses.
type usedName struct {
	name string
	// revision is true where it is no tag for certain.
	revision bool
}

func usedNames(c *istio.Cluster) []usedName {
	if c.Revision != "" {
		return []usedName{{name: c.Revision}}
	}
	gateways, _ := c.Gateways.Get()
	workloads, _ := c.Workloads.Get()
	var used []usedName
	for _, pod := range slices.Concat(gateways.Pods, workloads.Pods) {
		if name := cmp.Or(pod.InjectedBy, pod.Labels[names.Revision]); pod.Proxy && name != "" {
			used = append(used, usedName{name: name, revision: pod.InjectedBy != ""})
		}
	}
	if asked := askedRevision(workloads.Namespace.Labels); len(used) == 0 && asked != "" {
		used = append(used, usedName{name: asked})
	}
	return used
}

// askedRevision is the revision or tag that a namespace's labels ask for; empty for none.
// With both labels the older one wins (manifests/charts/istio-control/istio-discovery,
// mutatingwebhook.yaml).
func askedRevision(namespace map[string]string) string {
	if injection := namespace[names.Injection]; injection != "" {
		if injection == names.Enabled {
			return names.DefaultRevision
		}
		return ""
	}
	return namespace[names.Revision]
}

// revisionFor is what to label a namespace with: a revision in use, or the only one that
// runs, or else a word to replace.
func revisionFor(c *istio.Cluster) string {
	if used := usedNames(c); len(used) > 0 {
		return used[0].name
	}
	istiods, _ := c.Istiods.Get()
	running := map[string]bool{}
	for _, istiod := range istiods {
		running[istiod.Revision] = true
	}
	if all := slices.Sorted(maps.Keys(running)); len(all) == 1 {
		return all[0]
	}
	return "REVISION"
}

// injectNamespace has all pods of a namespace injected by a revision.
func injectNamespace(c *istio.Cluster, namespace, revision string) []string {
	return []string{
		kubectl(c, "label namespace", quote(namespace), quote(names.Revision+"="+revision), names.Injection+"-", "--overwrite"),
		restart(c, namespace),
	}
}

// restart makes the pods of a namespace anew.
func restart(c *istio.Cluster, namespace string) string {
	return kubectl(c, "rollout restart deployments --namespace="+quote(namespace))
}

// selecting are the webhooks that the API server calls when a pod is made, by their
// selectors. The API server itself labels a namespace with its name.
func selecting(all []istio.Webhook, namespace string, labels, pod map[string]string) []istio.Webhook {
	with := map[string]string{names.NamespaceName: namespace}
	maps.Copy(with, labels)
	return slices.DeleteFunc(slices.Clone(all), func(w istio.Webhook) bool {
		return !w.NamespaceSelector.Selects(with) || !w.ObjectSelector.Selects(pod)
	})
}

// answers is true for a webhook whose Service is there; a URL is taken to be right.
func answers(w istio.Webhook) bool { return w.Service == "" || w.ServiceFound }

// wantsSidecar is true for a pod of the workloads that is without a sidecar against its
// namespace's will: not where the pod opts out, and not in ambient mode.
func wantsSidecar(namespace map[string]string, pod istio.Pod) bool {
	mode := cmp.Or(pod.Labels[names.DataplaneMode], namespace[names.DataplaneMode])
	return !optsOut(pod) && mode != names.Ambient
}

// optsOut is true for a pod that says that it wants no sidecar; the label wins over the
// annotation (pkg/kube/inject/inject.go, injectRequired).
func optsOut(pod istio.Pod) bool {
	return cmp.Or(pod.Labels[names.Inject], pod.Annotations[names.Inject]) == names.False
}

// bare are the pods of the workloads that should have a sidecar and have none.
func bare(w istio.Workloads) []istio.Pod {
	return slices.DeleteFunc(slices.Clone(w.Pods), func(p istio.Pod) bool {
		return p.Proxy || !wantsSidecar(w.Namespace.Labels, p)
	})
}
