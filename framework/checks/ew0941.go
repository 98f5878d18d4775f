package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/releases"
)

func ew0941() Check {
	return Check{
		ID: "EW0941", Severity: Warning,
		Title:    "Proxies are too old, or too new, for the new control plane",
		Question: "Is every proxy at most one minor release behind the new control plane, and none ahead of it?",
		Why:      "Istio supports proxies one minor release behind their control plane. One that was never restarted since an earlier upgrade is found when it is restarted, or when its control plane goes.",
		Source:   "https://istio.io/latest/docs/releases/supported-releases/#control-planedata-plane-skew",
		Judge: func(l *Look) {
			l.moving(func(m move, c *istio.Cluster) {
				inUse, after, ok := l.versions(m, c)
				proxies, read := Need(l, c, c.Proxies)
				if !ok || !read {
					return
				}
				var behind, before []string
				for _, set := range proxies {
					version, err := releases.ParseVersion(set.Version)
					if err != nil {
						continue
					}
					text := fmt.Sprintf("%s (%s)", set, version)
					switch minors := releases.Minors(version, after); {
					// That the release in use is itself too far away, another check says.
					case minors > 1 && releases.Minors(version, inUse) > 0:
						behind = append(behind, text)
					case minors < 0:
						before = append(before, text)
					}
				}
				l.skewed(c, behind, fmt.Sprintf("more than one minor release behind %s", after))
				l.skewed(c, before, fmt.Sprintf("ahead of %s", after))
			})
		},
	}
}

func (l *Look) skewed(c *istio.Cluster, workloads []string, how string) {
	if len(workloads) == 0 {
		return
	}
	l.Find(Finding{
		Cluster: c.Name,
		Found:   fmt.Sprintf("on %s the proxies of %d workloads are %s: %s", c.Name, len(workloads), how, some(workloads)),
		Want:    "proxies of the release in use, or of the one before",
		Fix:     Fix{Text: "restart these workloads with the revision in use, before the new one is installed"},
	})
}
