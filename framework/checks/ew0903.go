package checks

import (
	"fmt"
	"maps"
	"slices"

	"golang.org/x/mod/semver"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/releases"
)

func ew0903() Check {
	return Check{
		ID: "EW0903", Severity: Error,
		Title:    "The new release does not read the Gateway API that is installed",
		Question: "Are the Gateway API's CRDs as new as the new release wants them?",
		Why:      "istiod ignores kinds of an older bundle without a word: their routes end once gateways and proxies follow the new revision.",
		Source:   "istio/istio#60357; pkg/config/schema/gatewayapi/minimumversions.go",
		Judge: func(l *Look) {
			l.moving(func(m move, c *istio.Cluster) {
				before, after, ok := l.versions(m, c)
				api, read := Need(l, c, c.GatewayAPI)
				if !ok || !read {
					return
				}
				least, _ := releases.MinGatewayAPI(after)
				had, _ := releases.MinGatewayAPI(before)
				for _, crd := range slices.Sorted(maps.Keys(least)) {
					bundle, there := api.Bundles[crd]
					if !there || api.InUse[crd] == 0 || !olderBundle(bundle, least[crd]) || olderBundle(bundle, had[crd]) {
						continue
					}
					l.Find(Finding{
						Cluster: c.Name,
						Found:   fmt.Sprintf("on %s the CRD %s is of bundle %s, %d objects of it are in use, and Istio %s ignores it before bundle %s", c.Name, crd, bundle, api.InUse[crd], after, least[crd]),
						Want:    fmt.Sprintf("bundle %s or newer", least[crd]),
						Fix: Fix{
							Text:     "install a newer bundle of the Gateway API that the release in use reads, too. What is there now:",
							Commands: []string{kubectl(c, "get customresourcedefinition", crd, `--output='jsonpath={.metadata.annotations}'`)},
						},
					})
				}
			})
		},
	}
}

// olderBundle compares bundle versions, such as "v1.4.1" with "1.5.0"; what is no version is
// not older than anything.
func olderBundle(has, wants string) bool {
	a, b := bundleVersion(has), bundleVersion(wants)
	return semver.IsValid(a) && semver.IsValid(b) && semver.Compare(a, b) < 0
}

func bundleVersion(version string) string {
	if version != "" && version[0] != 'v' {
		return "v" + version
	}
	return version
}
