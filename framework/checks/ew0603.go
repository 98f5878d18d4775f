package checks

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0603() Check {
	return Check{
		ID: "EW0603", Severity: Warning,
		Title:    "The Secret " + names.CASecret + " has another root than istiod publishes",
		Question: "Does istiod use the CA of the Secret " + names.CASecret + ", where there is one?",
		Why:      "istiod was not restarted since the Secret changed, or refuses it: at its next start the root of the cluster changes, and with it who trusts whom.",
		Source:   "https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/",
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				secret, ok := Need(l, c, c.CARoots)
				if !ok || len(secret) == 0 || !signsItself(l, c) {
					return
				}
				published, ok := Need(l, c, c.Roots)
				if !ok || len(published) == 0 || intersects(secret, published) {
					return
				}
				l.Find(Finding{
					Cluster: c.Name, Pairs: l.around(c),
					Found: fmt.Sprintf("the Secret %s/%s of %s has the root %s, and istiod publishes %s", names.System, names.CASecret, c.Name, fingerprints(secret), fingerprints(published)),
					Want:  "an istiod that uses the CA of the Secret",
					Fix: Fix{
						Text:     "see in istiod's log whether it reads the Secret; if it is right, and the other clusters trust its root, restart istiod, then gateways and workloads. Where another CA signs and nobody reads the Secret, leave it:",
						Commands: []string{kubectl(c, "logs --namespace="+names.System, "--selector="+names.IstiodSelector, "--tail=-1") + " | grep -i " + names.CASecret},
					},
				})
			})
		},
	}
}

// signsItself is true where istiod's own CA signs: not a CA of Google's, nor cert-manager's
// istio-csr (ENABLE_CA_SERVER=false), nor Kubernetes' (EXTERNAL_CA).
func signsItself(l *Look, c *istio.Cluster) bool {
	provider, ok := caProvider(l, c)
	if !ok || provider != citadel {
		return false
	}
	istiods, _ := c.Istiods.Get()
	used := serving(c, istiods)
	return len(used) > 0 && !slices.ContainsFunc(used, func(i istio.Istiod) bool {
		return i.Env[names.EnvCAServer] == names.False || i.Env[names.EnvExternalCA] != ""
	})
}
