package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0711() Check {
	return Check{
		ID: "EW0711", Severity: Info,
		Title:    "Load balancing keeps calls near their caller on purpose",
		Question: "Does load balancing spread HelloWorld's calls over all clusters, as far as its settings say?",
		Why:      "With locality load balancing other clusters answer only when the near endpoints fail: that a version never answers is then no fault.",
		Source:   "https://istio.io/latest/docs/tasks/traffic-management/locality-load-balancing/",
		Explains: []string{"EW0801"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				reason, _ := nearness(l, c)
				if reason == "" {
					return
				}
				l.Find(Finding{
					Cluster: c.Name, Pairs: l.out(c),
					Found: fmt.Sprintf("%s, in %s: calls may stay near their caller", reason, c.Name),
					Want:  "no such setting, if every version is to answer",
				})
			})
		},
	}
}
