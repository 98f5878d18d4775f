package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0705() Check {
	return Check{
		ID: "EW0705", Severity: Error,
		Title:    "A VirtualService routes to a subset that does not exist",
		Question: "Does every cluster define the subsets that its own VirtualServices route HelloWorld's calls to?",
		Why:      "The caller's proxy has no cluster for such a route: 503, response flag NC.",
		Related:  []string{"IST0101", "KIA1107"},
		Source:   "https://istio.io/latest/docs/ops/common-problems/network-issues/#503-errors-after-setting-destination-rule",
		Explains: []string{"EW08"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				ways, ok := clientWays(l, c)
				if !ok {
					return
				}
				seen := map[string]bool{"": true}
				for _, way := range ways {
					if seen[way.subset] {
						continue
					}
					seen[way.subset] = true
					if rules, ok := clientRules(l, c); ok && !defines(rules, way.subset) {
						findNoSubset(l, c, way)
					}
				}
			})
		},
	}
}

func defines(rules []istio.DestinationRule, subset string) bool {
	_, found := subsetOf(rules, subset)
	return found
}

func findNoSubset(l *Look, c *istio.Cluster, way way) {
	severity := Error
	if !way.sure {
		severity = Warning
	}
	l.Find(Finding{
		Cluster: c.Name, Severity: severity, Pairs: l.out(c),
		Found: fmt.Sprintf("VirtualService %s of %s routes HelloWorld's calls to subset %s, which no DestinationRule in effect for Sleep defines", way.by, c.Name, way.subset),
		Want:  fmt.Sprintf("a DestinationRule for %s with subset %s", l.helloHost(), way.subset),
		Fix: Fix{
			Text:     "add the subset to the DestinationRule of the host, or route to one that exists:",
			Commands: []string{show(l.plane(c), "virtualservice", way.by), kubectl(c, "get destinationrules --all-namespaces")},
		},
	})
}
