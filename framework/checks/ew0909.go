package checks

import (
	"fmt"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0909() Check {
	return Check{
		ID: "EW0909", Severity: Error,
		Title:    "The new control plane is not ready",
		Question: "Is every istiod of the new revision Ready?",
		Why:      "Proxies that move to it get no configuration and no certificate: their pods do not become Ready.",
		Source:   "https://istio.io/latest/docs/setup/upgrade/canary/#control-plane",
		Judge: func(l *Look) {
			l.moving(func(m move, c *istio.Cluster) {
				istiods, ok := Need(l, c, c.Istiods)
				if !ok {
					return
				}
				var waiting []string
				for _, istiod := range istiods {
					if istiod.Revision == m.to && !istiod.Ready {
						waiting = append(waiting, istiod.Name+troubleText(istiod.Trouble))
					}
				}
				if len(waiting) == 0 {
					return
				}
				l.Find(Finding{
					Cluster: c.Name,
					Found:   fmt.Sprintf("on %s an istiod of revision %s is not Ready: %s", c.Name, m.to, strings.Join(waiting, ", ")),
					Want:    "all of them Ready before anything moves",
					Fix:     Fix{Text: "see why:", Commands: []string{inSystem(c, "describe pods", "--selector="+names.IstiodSelector+","+names.Revision+"="+m.to)}},
				})
			})
		},
	}
}

func troubleText(trouble *istio.Trouble) string {
	if trouble == nil {
		return ""
	}
	return strings.TrimRight(fmt.Sprintf(" (%s: %s", trouble.Reason, trouble.Message), ": ") + ")"
}
