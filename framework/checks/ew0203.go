package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0203() Check {
	return Check{
		ID: "EW0203", Severity: Warning,
		Title:    "Some istiods of a revision in use are not ready",
		Question: "Are all istiods of the revisions in use ready?",
		Why:      "The others serve all proxies; should they end, nothing does.",
		Source:   "https://istio.io/latest/docs/ops/deployment/architecture/#istiod",
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				istiods, ok := Need(l, c, c.Istiods)
				if ok {
					someReady(l, c, counted(c, istiods))
				}
			})
		},
	}
}

func someReady(l *Look, c *istio.Cluster, istiods []istio.Istiod) {
	var states []string
	for _, istiod := range istiods {
		other := slices.ContainsFunc(istiods, func(i istio.Istiod) bool { return i.Ready && i.Revision == istiod.Revision })
		if other && !istiod.Ready && !l.young(c, istiod.Pod) {
			states = append(states, state(istiod.Pod))
		}
	}
	if len(states) == 0 {
		return
	}
	l.Find(Finding{
		Cluster: c.Name, Pairs: l.concerned(c),
		Found: fmt.Sprintf("%d of %d istiods of %s are not ready: %s", len(states), len(istiods), c.Name, strings.Join(states, "; ")),
		Want:  "all ready",
		Fix: Fix{
			Text:     "what keeps a pod from running is in its events and log:",
			Commands: []string{kubectl(c, "describe pods --namespace="+names.System, "--selector="+names.IstiodSelector)},
		},
	})
}
