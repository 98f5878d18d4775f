package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/releases"
)

func ew0917() Check {
	return Check{
		ID: "EW0917", Severity: Warning,
		Title:    "The new release has a known defect that may concern this fleet",
		Question: "Has the new release no known defect, among those that matter to several clusters or to upgrades, that the one in use does not have?",
		Why:      "Somebody has met it before. The list is what people reported, and not complete.",
		Source:   "eastwest, framework/istio/releases/defects.go, with an issue for each",
		Judge: func(l *Look) {
			m, ok := l.move()
			after, known := l.newVersion()
			if !ok || !known {
				return
			}
			for _, defect := range releases.Defects(after) {
				c := l.afflicted(m, defect)
				if c == nil {
					continue
				}
				l.Find(Finding{
					Cluster: c.Name,
					Found:   fmt.Sprintf("Istio %s, %s: %s. When: %s", after, defect.ID, defect.Title, defect.When),
					Want:    "a release without it, or a fleet that does not meet it",
					Fix:     Fix{Text: defect.Avoid},
				})
			}
		},
	}
}

// afflicted is the first cluster that a defect may concern and whose release in use does not
// have it; nil for none.
func (l *Look) afflicted(m move, defect releases.Defect) *istio.Cluster {
	var first *istio.Cluster
	l.each(func(c *istio.Cluster) {
		before, ok := l.oldVersion(m, c)
		if first == nil && ok && !hasDefect(before, defect) && l.uses(c, defect.Touches) != unused {
			first = c
		}
	})
	return first
}

func hasDefect(v releases.Version, defect releases.Defect) bool {
	for _, other := range releases.Defects(v) {
		if other.ID == defect.ID {
			return true
		}
	}
	return false
}
