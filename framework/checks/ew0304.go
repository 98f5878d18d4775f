package checks

import (
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0304() Check {
	return Check{
		ID: "EW0304", Severity: Error,
		Title:    "A gateway's pod was not injected",
		Question: "Has the injector replaced the image \"auto\" in all gateways' pods?",
		Why:      "There is no image \"auto\": the gateway does not start, and nobody answers callers of other networks.",
		Related:  []string{"IST0146", "IST0147"},
		Source:   "https://istio.io/latest/docs/setup/additional-setup/gateway/#deploying-a-gateway",
		Explains: []string{"EW04", "EW08"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				affected := slices.DeleteFunc(l.members(c), func(m member) bool { return m.Image != names.AutoImage })
				pods := ofMembers(affected)
				if commands := kept(l, c, pods); len(commands) > 0 {
					l.report(c, affected, Finding{
						Found: "; its label " + names.Inject + " keeps the injector away",
						Want:  names.Inject + "=true",
						Fix:   Fix{Text: "where the last change of the Deployment brought the label, take that back:", Commands: commands},
					})
					return
				}
				l.report(c, affected, Finding{
					Found: "; the injector did not replace the image \"auto\"",
					Want:  "a pod that the injection webhook filled in",
					Fix: Fix{
						Text:     "see that a webhook has the revision of the pod's label " + names.Revision + " and that its istiod is ready, then have the pod made anew:",
						Commands: append([]string{kubectl(c, "get mutatingwebhookconfigurations --label-columns="+names.Revision+","+names.Tag)}, replace(c, pods)...),
					},
				})
			})
		},
	}
}

// kept are the commands for pods whose own label keeps the injector away: made anew they
// would be as they are.
func kept(l *Look, c *istio.Cluster, pods []istio.Pod) []string {
	return takenBack(l, c, filter(pods, func(p istio.Pod) bool { return p.Labels[names.Inject] == names.False }))
}

// uninjected are gateways' pods that wait for an injector in vain.
func uninjected(gateways istio.Gateways) []istio.Pod {
	return slices.DeleteFunc(slices.Clone(gateways.Pods), func(p istio.Pod) bool { return p.Image != names.AutoImage })
}
