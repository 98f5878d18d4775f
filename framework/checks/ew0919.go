package checks

import (
	"fmt"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/releases"
)

func ew0919() Check {
	return Check{
		ID: "EW0919", Severity: Warning,
		Title:    "What changes between the two releases is not known",
		Question: "Does eastwest know the changed defaults between the two releases?",
		Why:      "It says nothing of changes that it does not know.",
		Source:   "eastwest, framework/istio/releases",
		Judge: func(l *Look) {
			l.moving(func(m move, c *istio.Cluster) {
				before, after, ok := l.versions(m, c)
				if !ok {
					return
				}
				if _, missing := releases.Flips(before, after); len(missing) > 0 {
					l.Find(Finding{
						Cluster: c.Name,
						Found:   fmt.Sprintf("from %s on %s to %s: the catalogue of changed defaults does not reach %s", before, c.Name, after, strings.Join(missing, " and ")),
						Want:    "an eastwest that knows both releases",
						Fix:     Fix{Text: "read the release notes of both, or use a newer eastwest"},
					})
				}
			})
		},
	}
}
