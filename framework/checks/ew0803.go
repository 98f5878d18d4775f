package checks

import (
	"fmt"
	"slices"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0803() Check {
	return Check{
		ID: "EW0803", Severity: Error,
		Title:    "Calls to HelloWorld stall",
		Question: "Is every call to HelloWorld answered within five seconds?",
		Why:      "A connection that nobody answers times out after ten seconds, and the call is tried again elsewhere: it succeeds late.",
		Source:   "https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/ (connectTimeout); https://istio.io/latest/docs/concepts/traffic-management/#retries",
		Judge: func(l *Look) {
			l.calls(func(c *istio.Cluster, caller istio.Caller, calls []istio.Call) {
				slow := these(calls, func(call istio.Call) bool { return call.Latency >= stall && !call.NameUnknown })
				if len(slow) > 0 {
					findStall(l, c, caller, calls, slow)
				}
			})
		},
	}
}

// findStall reports an error where connections failed meanwhile, or calls did: what is only
// slow may be a busy machine.
func findStall(l *Look, c *istio.Cluster, caller istio.Caller, calls, slow []istio.Call) {
	severity := Warning
	pairs, known := l.towards(c, caller, func(e istio.Endpoint) bool { return e.During.Failed > 0 })
	if known || slices.ContainsFunc(slow, isFailed) {
		severity = Error
	}
	if !known {
		pairs = l.out(c)
	}
	longest := slices.MaxFunc(slow, func(a, b istio.Call) int { return int(a.Latency - b.Latency) })
	l.Find(Finding{
		Cluster: c.Name, Severity: severity, Pairs: pairs,
		Found: fmt.Sprintf("%d of %d calls from %s took 5 s or more, the longest %s", len(slow), len(calls), c.Name, longest.Latency.Round(time.Millisecond)),
		Want:  "answers within milliseconds, a second at most",
		Fix: Fix{
			Text:     "see which of the caller's endpoints takes no connections (cx_connect_fail), and open the way there:",
			Commands: []string{endpointsOf(l, c), clustersOf(l, c)},
		},
	})
}
