package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0906() Check {
	return Check{
		ID: "EW0906", Severity: Error,
		Title:    "Istio's resources are judged by a control plane that is not there",
		Question: "Does every validating webhook of Istio's lead to a Service that is there?",
		Why:      "The API server refuses every change of an Istio resource: the way forward is closed, and the way back.",
		Related:  []string{"IST0102"},
		Source:   "istio/istio#28880, istio/istio#60596",
		Judge: func(l *Look) {
			l.moving(func(_ move, c *istio.Cluster) {
				validators, ok := Need(l, c, c.Validators)
				if !ok {
					return
				}
				for _, v := range validators {
					if v.Service == "" || v.ServiceFound || !v.Fails {
						continue
					}
					l.Find(Finding{
						Cluster: c.Name,
						Found:   fmt.Sprintf("on %s the validating webhook %s calls the Service %s, which is not there, and refuses what it cannot ask about", c.Name, v.Configuration, v.Service),
						Want:    "a Service of a control plane that runs",
						Fix: Fix{
							Text:     "set the default tag to a revision that is there, which writes the webhook anew, or remove the webhook of a revision that is gone. What it is now:",
							Commands: []string{kubectl(c, "get validatingwebhookconfiguration", v.Configuration, "--output=yaml"), istioctl(c, "tag list")},
						},
					})
				}
			})
		},
	}
}
