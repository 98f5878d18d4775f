package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/releases"
)

func ew0902() Check {
	return Check{
		ID: "EW0902", Severity: Error,
		Title:    "Kubernetes is older than the new release wants",
		Question: "Does every cluster run a Kubernetes that the new release supports?",
		Why:      "istioctl refuses to install, or istiod asks for APIs that the cluster does not serve.",
		Source:   "istio/istio, istioctl/pkg/install/k8sversion/version.go",
		Judge: func(l *Look) {
			l.moving(func(m move, c *istio.Cluster) {
				identity, ok := Need(l, c, c.Identity)
				after, known := l.newVersion()
				least, told := releases.MinKubernetes(after)
				has, err := cell.ParseVersion(identity.Kubernetes)
				if !ok || !known || !told || err != nil || has.Major > 1 || has.Minor >= least {
					return
				}
				l.Find(Finding{
					Cluster: c.Name,
					Found:   fmt.Sprintf("%s runs Kubernetes %s, and Istio %s wants 1.%d or newer", c.Name, identity.Kubernetes, after, least),
					Want:    fmt.Sprintf("Kubernetes 1.%d or newer", least),
					Fix:     Fix{Text: "upgrade the cluster first; see that the release in use supports its new version, too"},
				})
			})
		},
	}
}
