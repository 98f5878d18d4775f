package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0212() Check {
	return Check{
		ID: "EW0212", Severity: Error,
		Title:    "A remote cluster does not name the control plane that may write there",
		Question: "Does the namespace istio-system of every cluster without a control plane of its own name the cluster whose istiod serves it?",
		Why:      "istiod writes neither its root certificate nor the injection webhook's there: proxies do not start, and pods are refused.",
		Source:   "https://istio.io/latest/docs/setup/install/multicluster/primary-remote_multi-network/#set-the-control-plane-cluster-for-cluster2",
		Explains: []string{"EW03", "EW04", "EW06", "EW08"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				if l.remote(c) {
					namesNoPlane(l, c)
				}
			})
		},
	}
}

func namesNoPlane(l *Look, c *istio.Cluster) {
	system, ok := Need(l, c, c.System)
	roots, known := Need(l, c, c.Roots)
	// Where there is a root, somebody has written it.
	if !ok || !known || len(roots) > 0 {
		return
	}
	named := strings.Split(system.ControlPlanes, ",")
	for _, plane := range l.planes(c) {
		if slices.ContainsFunc(named, func(id string) bool { return id == "*" || id == plane.Name || id != "" && id == clusterID(plane) }) {
			return
		}
		if _, ok := Need(l, plane, plane.Istiods); !ok {
			return
		}
	}
	plane := l.plane(c)
	id := plane.Name
	if own := clusterID(plane); own != "" {
		id = own
	}
	says := "has no annotation " + names.ControlPlanes
	if system.ControlPlanes != "" {
		says = fmt.Sprintf("has the annotation %s=%s", names.ControlPlanes, system.ControlPlanes)
	}
	l.Find(Finding{
		Cluster: c.Name, Pairs: l.around(c),
		Found: fmt.Sprintf("the namespace %s of %s %s, and no istiod has published its root there; istiod of %s calls itself %q", names.System, c.Name, says, plane.Name, id),
		Want:  names.ControlPlanes + "=" + id,
		Fix: Fix{
			Text:     "name the cluster of the control plane, whose istiod reads this at its start, so restart it:",
			Commands: []string{kubectl(c, "annotate namespace", names.System, quote(names.ControlPlanes+"="+id), "--overwrite"), kubectl(plane, "rollout restart deployments --namespace="+names.System, "--selector="+names.IstiodSelector)},
		},
	})
}
