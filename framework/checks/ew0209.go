package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0209() Check {
	return Check{
		ID: "EW0209", Severity: Warning,
		Title:    "Clusters have different mesh IDs",
		Question: "Is the mesh ID the same on all clusters?",
		Why:      "Calls work, but telemetry counts them as calls between two meshes.",
		Source:   "https://istio.io/latest/docs/ops/configuration/mesh/multicluster-telemetry/",
		Judge:    meshIDs,
	}
}

func meshIDs(l *Look) {
	ids := map[string]string{}
	l.each(func(c *istio.Cluster) {
		if id, ok := meshID(l, c); ok && id != "" {
			ids[c.Name] = id
		}
	})
	most := commonest(l, ids)
	l.each(func(c *istio.Cluster) {
		if id := ids[c.Name]; id != "" && id != most {
			l.Find(Finding{
				Cluster: c.Name,
				Found:   fmt.Sprintf("the mesh ID of %s is %q, elsewhere %q", c.Name, id, most),
				Want:    "one mesh ID on all clusters of the mesh",
				Fix:     Fix{Text: fmt.Sprintf("install the control plane with values.global.meshID=%s, then restart gateways and workloads", quote(most))},
			})
		}
	})
}

// meshID is what the injectors of the revisions in use give to proxies.
func meshID(l *Look, c *istio.Cluster) (string, bool) {
	injectors, ok := Need(l, c, c.Injectors)
	used := inUse(c)
	for _, injector := range injectors {
		if used(injector.Revision) && injector.MeshID != "" {
			return injector.MeshID, ok
		}
	}
	return "", ok
}

// commonest is what most clusters have, the first of several in the order of the fleet.
func commonest(l *Look, values map[string]string) string {
	counts, most := map[string]int{}, ""
	for _, value := range values {
		counts[value]++
	}
	for _, c := range l.Clusters {
		if value := values[c.Name]; value != "" && counts[value] > counts[most] {
			most = value
		}
	}
	return most
}
