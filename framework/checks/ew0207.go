package checks

import (
	"cmp"
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0207() Check {
	return Check{
		ID: "EW0207", Severity: Error,
		Title:    "The control plane's CA is not the one asked for",
		Question: "Do the workloads get their certificates from the CA that the fleet file or --ca names?",
		Why:      "What is proven or measured is then about another mesh, and clusters with different CAs do not trust each other.",
		Source:   "istio: pkg/security/security.go (GoogleCAProvider, GoogleCASProvider), pilot/cmd/pilot-agent/options/options.go (CA_PROVIDER)",
		Judge: func(l *Look) {
			want, asked := providerOf(l.Asked.CA)
			if !asked {
				return
			}
			l.each(func(c *istio.Cluster) {
				found, ok := caProvider(l, c)
				if !ok || found == want {
					return
				}
				l.Find(Finding{
					Cluster: c.Name,
					Found:   fmt.Sprintf("the CA of %s is %s, and --ca %s means %s", c.Name, found, l.Asked.CA, want),
					Want:    want,
					Fix:     Fix{Text: "ask for the CA that the mesh has (--ca, or ca: in the fleet file), or install the mesh with the other one: a CA cannot be switched in place"},
				})
			})
		},
	}
}

// citadel is istiod's own CA, which proxies take where nothing else is said.
const citadel = "Citadel"

// providerOf is Istio's name of a CA.
func providerOf(ca string) (string, bool) {
	provider, ok := map[string]string{"istio": citadel, "meshca": "GoogleCA", "cas": "GoogleCAS"}[ca]
	return provider, ok
}

// caProvider is the CA of the revisions in use: what istiod's environment says, or else the
// mesh's configuration.
func caProvider(l *Look, c *istio.Cluster) (string, bool) {
	istiods, ok := istiodsOf(l, c)
	if !ok {
		return "", false
	}
	for _, istiod := range istiods {
		if provider := istiod.Env[names.EnvCAProvider]; provider != "" {
			return provider, true
		}
	}
	configs, ok := Need(l, l.plane(c), l.plane(c).MeshConfigs)
	if !ok || len(configs) == 0 {
		return "", false
	}
	used := inUse(c)
	provider := ""
	for _, config := range configs {
		if used(config.Revision) {
			provider = cmp.Or(provider, config.CAProvider)
		}
	}
	return cmp.Or(provider, citadel), true
}
