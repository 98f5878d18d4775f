package checks

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0511() Check {
	return Check{
		ID: "EW0511", Severity: Error,
		Title:    "The called Service is missing in the caller's cluster",
		Question: "Is there a Service helloworld in every cluster that calls it?",
		Why:      "Without DNS proxying the name resolves only where the Service is.",
		Source:   "https://istio.io/latest/docs/ops/deployment/deployment-models/#dns-with-multiple-clusters",
		Explains: []string{"EW0512", "EW08"},
		Judge:    func(l *Look) { l.each(func(c *istio.Cluster) { noService(l, c) }) },
	}
}

func noService(l *Look, c *istio.Cluster) {
	here, ok := Need(l, c, c.Workloads)
	callers := runs(here, sleep)
	if !ok || len(callers) == 0 || slices.ContainsFunc(here.Services, func(s istio.Service) bool { return s.Name == helloWorld }) || resolved(l, c, callers) {
		return
	}
	var pairs []Pair
	l.others(c, func(other *istio.Cluster) {
		there, ok := Need(l, other, other.Workloads)
		if ok && len(runs(there, helloWorld)) > 0 {
			pairs = append(pairs, Pair{Source: c.Name, Destination: other.Name})
		}
	})
	// Pods without a Service are endpoints of none, for callers elsewhere either.
	if len(runs(here, helloWorld)) > 0 {
		pairs = append(pairs, l.lost(l.into(c))...)
	}
	if len(pairs) == 0 {
		return
	}
	manifest := fmt.Sprintf(`{"apiVersion":"v1","kind":"Service","metadata":{"name":%q,"namespace":%q,"labels":{"app":%q,"service":%q}},`+
		`"spec":{"selector":{"app":%q},"ports":[{"name":"http","port":%d}]}}`, helloWorld, l.Namespace, helloWorld, helloWorld, helloWorld, helloPort)
	l.Find(Finding{
		Cluster: c.Name, Pairs: pairs,
		Found: fmt.Sprintf("there is no Service %s in namespace %s of %s: its name does not resolve for the callers there", helloWorld, l.Namespace, c.Name),
		Want:  "the Service in every cluster that calls it",
		Fix:   Fix{Text: "make the Service; it needs no Deployment here:", Commands: []string{"echo " + quote(manifest) + " | " + kubectl(c, "apply --filename=-")}},
	})
}

// resolved is true where the name is known to resolve all the same, or may: the calls
// succeed, or the proxy answers DNS and no call failed for the name
// (https://github.com/istio/istio/issues/60612).
func resolved(l *Look, c *istio.Cluster, callers []istio.Pod) bool {
	caller, known := Need(l, c, c.Caller)
	if !known {
		return true
	}
	if slices.ContainsFunc(caller.Calls, func(call istio.Call) bool { return call.NameUnknown }) {
		return false
	}
	captured := slices.ContainsFunc(callers, func(p istio.Pod) bool { return p.Env[names.EnvDNSCapture] == names.True })
	return captured || slices.ContainsFunc(caller.Calls, istio.Call.Good)
}
