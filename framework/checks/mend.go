package checks

import (
	"encoding/json"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// Commands that mend, which several checks print.

// applied makes an object, or changes it to be so.
func applied(c *istio.Cluster, object map[string]any) string {
	// Maps of strings, numbers and the like: there is nothing that JSON does not have.
	manifest, _ := json.Marshal(object)
	return "echo " + quote(string(manifest)) + " | " + kubectl(c, "apply --filename=-")
}

// manifest is an object of a kind.
func manifest(apiVersion, kind string, meta istio.Meta, spec map[string]any) map[string]any {
	return map[string]any{
		"apiVersion": apiVersion, "kind": kind, "spec": spec,
		"metadata": map[string]any{"namespace": meta.Namespace, "name": meta.Name},
	}
}

// patched changes an object by a JSON patch (a list) or by a merge patch.
func patched(c *istio.Cluster, kind string, meta istio.Meta, patch string) string {
	form := "--type=merge"
	if patch[0] == '[' {
		form = "--type=json"
	}
	return kubectl(c, "patch", kind, quote(meta.Name), "--namespace="+quote(meta.Namespace), form, "--patch="+quote(patch))
}

// takenBack takes back the last change of the Deployments of pods: what stands in the way
// of new pods is then often gone. Those of gateways are found by their label.
func takenBack(l *Look, c *istio.Cluster, pods []istio.Pod) []string {
	workloads, _ := c.Workloads.Get()
	var commands []string
	add := func(command string) {
		if !slices.Contains(commands, command) {
			commands = append(commands, command)
		}
	}
	for _, pod := range pods {
		if value := pod.Labels[names.GatewayLabel]; value != "" && pod.Labels[appLabel] != names.Istiod {
			add(kubectl(c, "rollout undo deployment --namespace="+quote(pod.Namespace), "--selector="+quote(names.GatewayLabel+"="+value)))
		}
		for _, name := range madeBy(workloads, pod) {
			if pod.Namespace == l.Namespace {
				add(kubectl(c, "rollout undo deployment --namespace="+quote(pod.Namespace), quote(name)))
			}
		}
	}
	return commands
}

// ofMembers are the pods themselves.
func ofMembers(members []member) []istio.Pod {
	pods := make([]istio.Pod, 0, len(members))
	for _, m := range members {
		pods = append(pods, m.Pod)
	}
	return pods
}

// scaledUp has at least one pod of the Deployments that a label selects.
func scaledUp(c *istio.Cluster, namespace, selector string) string {
	return kubectl(c, "scale deployment --namespace="+quote(namespace), "--selector="+quote(selector), "--replicas=1")
}

// allowing is an AuthorizationPolicy that lets Sleep call HelloWorld.
func allowing(l *Look, c *istio.Cluster, principals []string) string {
	return applied(c, manifest(names.Security+"/v1", "AuthorizationPolicy", istio.Meta{Namespace: l.Namespace, Name: "allow-" + sleep}, map[string]any{
		"selector": map[string]any{"matchLabels": map[string]string{appLabel: helloWorld}},
		"rules":    []any{map[string]any{"from": []any{map[string]any{"source": map[string]any{"principals": principals}}}}},
	}))
}
