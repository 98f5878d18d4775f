package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0713() Check {
	return Check{
		ID: "EW0713", Severity: Error,
		Title:    "A VirtualService injects faults into the calls",
		Question: "Is there a VirtualService in effect for Sleep that aborts or delays HelloWorld's calls on purpose?",
		Why:      "The caller's proxy answers a part of the calls with errors, or holds them back, before it looks for an endpoint.",
		Source:   "https://istio.io/latest/docs/tasks/traffic-management/fault-injection/",
		Explains: []string{"EW0801", "EW0802", "EW0803"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				ways, ok := clientWays(l, c)
				if !ok {
					return
				}
				seen := map[string]bool{}
				for _, way := range ways {
					if route := fmt.Sprint(way.by, way.route); way.fault != "" && !seen[route] {
						seen[route] = true
						findInjected(l, c, way)
					}
				}
			})
		},
	}
}

// findInjected reports an error only where calls fail: faults are injected on purpose.
func findInjected(l *Look, c *istio.Cluster, way way) {
	severity := Warning
	if callsFail(c) {
		severity = Error
	}
	patch := fmt.Sprintf(`[{"op":"remove","path":"/spec/http/%d/fault"}]`, way.route)
	l.Find(Finding{
		Cluster: c.Name, Severity: severity, Pairs: l.out(c),
		Found: fmt.Sprintf("VirtualService %s of %s %s HelloWorld's calls on purpose, or a part of them", way.by, c.Name, way.fault),
		Want:  "no fault, once whoever tries something with it is done",
		Fix: Fix{
			Text:     "find out who needs it; to take the fault out:",
			Commands: []string{show(l.plane(c), "virtualservice", way.by), patched(l.plane(c), "virtualservice", way.by, patch)},
		},
	})
}
