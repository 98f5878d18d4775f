package checks

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0513() Check {
	return Check{
		ID: "EW0513", Severity: Info,
		Title:    "A remote secret leads to a cluster that is not of the fleet",
		Question: "Which clusters of the mesh are not of the fleet?",
		Why:      "Calls from here may be answered by a cluster that is not looked at.",
		Source:   "https://istio.io/latest/docs/ops/diagnostic-tools/multicluster/",
		Judge:    func(l *Look) { l.each(func(c *istio.Cluster) { beyondFleet(l, c) }) },
	}
}

func beyondFleet(l *Look, c *istio.Cluster) {
	secrets, ok := Need(l, c, c.RemoteSecrets)
	if !ok {
		return
	}
	istiods, _ := c.Istiods.Get()
	for _, secret := range secrets {
		for _, entry := range secret.Entries {
			if !read(secret) || forFleet(l, entry) != nil {
				continue
			}
			state := "istiod is not known to be synced with it"
			if slices.ContainsFunc(serving(c, istiods), func(i istio.Istiod) bool {
				remotes, _ := i.Remotes.Get()
				return slices.ContainsFunc(remotes, func(r istio.Remote) bool { return r.ID == entry.ID && r.Status == names.Synced })
			}) {
				state = "istiod is synced with it"
			}
			l.Find(Finding{
				Cluster: c.Name,
				Found:   fmt.Sprintf("remote secret %s/%s leads to %q (%s), which is of the mesh and not of the fleet; %s", secret.Namespace, secret.Name, entry.ID, entry.Server, state),
				Fix:     Fix{Text: "nothing, where that is meant"},
			})
		}
	}
}
