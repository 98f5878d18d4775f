package checks

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0405() Check {
	return Check{
		ID: "EW0405", Severity: Error,
		Title:    "A workload's proxy is on another network than its cluster",
		Question: "Have the workloads' proxies the network of their cluster?",
		Why:      "istiod puts the pod's endpoint on the network that the injector wrote into the pod, and chooses the proxy's endpoints for that network.",
		Source:   "https://github.com/istio/istio/issues/46772",
		Explains: []string{"EW0512", "EW08"},
		Judge:    func(l *Look) { l.each(func(c *istio.Cluster) { proxyNetwork(l, c) }) },
	}
}

func proxyNetwork(l *Look, c *istio.Cluster) {
	wanted, known := meantNetwork(l, c)
	workloads, read := Need(l, c, c.Workloads)
	injectors, ok := Need(l, c, c.Injectors)
	if !known || !read || !ok || wanted == "" {
		return
	}
	var wrong, deployments []string
	var pairs []Pair
	for _, pod := range workloads.Pods {
		has := pod.Env[names.EnvMetaNetwork]
		// A restart would bring back what the injector still gives.
		if !pod.Proxy || has == "" || has == wanted || slices.Contains(given(c, injectors), has) {
			continue
		}
		if calls := callsOf(l, c, pod); len(calls) > 0 {
			wrong = append(wrong, fmt.Sprintf("%s is on network %q", podName(pod), has))
			deployments = append(deployments, madeBy(workloads, pod)...)
			pairs = append(pairs, calls...)
		}
	}
	if len(wrong) == 0 {
		return
	}
	slices.Sort(deployments)
	fix := Fix{Text: "restart the pods, so that they are injected with the cluster's network:"}
	for _, deployment := range slices.Compact(deployments) {
		// The injector takes a pod's own label for its network.
		if i := slices.IndexFunc(workloads.Deployments, func(d istio.Deployment) bool { return d.Name == deployment }); workloads.Deployments[i].Labels[names.Network] != "" {
			fix.Text = "take the label " + names.Network + " out of the Deployment's pod template, or, where the pods are on that network, label the namespace and the gateway for it:"
			fix.Commands = append(fix.Commands, patched(c, "deployment", istio.Meta{Namespace: l.Namespace, Name: deployment},
				fmt.Sprintf(`{"spec":{"template":{"metadata":{"labels":{%q:null}}}}}`, names.Network)))
			continue
		}
		fix.Commands = append(fix.Commands, kubectl(c, "rollout restart deployment --namespace="+quote(l.Namespace), quote(deployment)))
	}
	l.Find(Finding{
		Cluster: c.Name, Pairs: pairs, Found: fmt.Sprintf("the proxy of pod %s; the cluster is on %q", wordsOf(wrong), wanted),
		Want: names.EnvMetaNetwork + "=" + wanted, Fix: fix,
	})
}

// callsOf are the calls between networks that a pod makes or answers, but for those that
// are known to succeed.
func callsOf(l *Look, c *istio.Cluster, pod istio.Pod) []Pair {
	var pairs []Pair
	l.others(c, func(other *istio.Cluster) {
		source, destination := other, c
		if pod.Labels[appLabel] == sleep {
			source, destination = c, other
		}
		if separate(l, c, other) && !l.answered(source, destination) {
			pairs = append(pairs, Pair{Source: source.Name, Destination: destination.Name})
		}
	})
	return pairs
}

// madeBy are the Deployments whose pods have the labels of a pod.
func madeBy(workloads istio.Workloads, pod istio.Pod) []string {
	var found []string
	for _, d := range workloads.Deployments {
		if len(d.Labels) > 0 && (&istio.WorkloadSelector{MatchLabels: d.Labels}).Selects(pod.Labels) {
			found = append(found, d.Name)
		}
	}
	return found
}
