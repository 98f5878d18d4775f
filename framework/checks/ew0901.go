package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/releases"
)

func ew0901() Check {
	return Check{
		ID: "EW0901", Severity: Error,
		Title:    "The new revision is too far from the one in use",
		Question: "Is the new revision at most one minor release ahead of the one in use?",
		Why:      "Istio supports an upgrade from one minor release to the next; asmcli takes no other. What changed over several releases adds up, and nobody has tried the pair.",
		Source:   "https://istio.io/latest/docs/releases/supported-releases/#control-planedata-plane-skew",
		Judge: func(l *Look) {
			l.moving(func(m move, c *istio.Cluster) {
				before, after, ok := l.versions(m, c)
				if !ok {
					return
				}
				severity, how := distance(before, after)
				if severity == "" {
					return
				}
				l.Find(Finding{
					Severity: severity, Cluster: c.Name,
					Found: fmt.Sprintf("on %s revision %s runs %s, and %s is %s: %s", c.Name, m.from, before, m.to, after, how),
					Want:  "a new revision of the same minor release or the next",
					Fix:   Fix{Text: "upgrade in steps of one minor release, each finished before the next begins"},
				})
			})
		},
	}
}

// distance says how bad a step is; the severity is empty for one that is supported.
func distance(before, after releases.Version) (Severity, string) {
	switch minors := releases.Minors(before, after); {
	case minors < 0:
		return Error, "a step back, which Istio does not support"
	case minors > 2:
		return Error, fmt.Sprintf("%d minor releases at once", minors)
	case minors == 2:
		return Warning, "two minor releases at once, which Istio's own upgrades allow and asmcli does not"
	case after.Compare(before) < 0:
		return Warning, "an older patch of the same release"
	}
	return "", ""
}
