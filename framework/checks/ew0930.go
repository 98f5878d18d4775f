package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0930() Check {
	return Check{
		ID: "EW0930", Severity: Warning,
		Title:    "Gateways of the Gateway API move with the tag, all at once",
		Question: "Is there no Gateway of the Gateway API that follows a tag of the revision in use?",
		Why:      "istiod makes their Deployments anew as soon as the tag leads to another revision: some 30 seconds in which calls may fail.",
		Source:   "istio/istio#59959, istio/istio#60388",
		Judge: func(l *Look) {
			l.moving(func(m move, c *istio.Cluster) {
				api, ok := Need(l, c, c.GatewayAPI)
				if !ok {
					return
				}
				var following []string
				for _, gateway := range api.Gateways {
					name := gateway.Revision
					if name == "" {
						name = names.DefaultRevision
					}
					if revision, _ := c.Resolve(name); gateway.Class == names.GatewayClass && revision == m.from && (gateway.Revision == "" || gateway.Revision != m.from) {
						following = append(following, gateway.String())
					}
				}
				if len(following) == 0 {
					return
				}
				l.Find(Finding{
					Cluster: c.Name,
					Found:   fmt.Sprintf("on %s %d Gateways follow a tag that leads to %s: %s", c.Name, len(following), m.from, some(following)),
					Want:    "gateways that move one by one, at a time that somebody chose",
					Fix:     Fix{Text: "label each with " + names.Revision + "=" + m.to + " when its turn has come, before the tag moves", Commands: []string{kubectl(c, "get gateways.gateway.networking.k8s.io --all-namespaces --label-columns="+names.Revision)}},
				})
			})
		},
	}
}
