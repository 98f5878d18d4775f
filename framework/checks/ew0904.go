package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/istio/releases"
)

func ew0904() Check {
	return Check{
		ID: "EW0904", Severity: Error,
		Title:    "The new control plane will not start with the CA that it is given",
		Question: "Has the Secret " + names.CASecret + " all that the new release insists on?",
		Why:      "Since 1.26.1 istiod refuses to start with an incomplete CA; before, it made a CA of its own without a word, which other clusters do not trust.",
		Source:   "istio/istio, pilot/pkg/bootstrap/istio_ca.go (checkCABundleCompleteness)",
		Judge: func(l *Look) {
			l.moving(func(_ move, c *istio.Cluster) {
				after, ok := l.newVersion()
				keys, read := Need(l, c, c.CAKeys)
				missing := missingKeys(keys)
				if !ok || !read || len(missing) == 0 || after.Compare(releases.Version{Major: 1, Minor: 26, Patch: 1}) < 0 {
					return
				}
				l.Find(Finding{
					Cluster: c.Name,
					Found:   fmt.Sprintf("on %s the Secret %s/%s lacks %s, without which istiod %s does not start", c.Name, names.System, names.CASecret, strings.Join(missing, ", "), after),
					Want:    "the keys " + strings.Join(names.CAKeys(), ", ") + ", or those of a kubernetes.io/tls Secret",
					Fix: Fix{
						Text:     "make the Secret whole, with the CA that is in use. Its keys now:",
						Commands: []string{inSystem(c, "describe secret", names.CASecret)},
					},
				})
			})
		},
	}
}

// missingKeys are those that a Secret cacerts lacks; none where there is no such Secret.
func missingKeys(has []string) []string {
	if len(has) == 0 {
		return nil
	}
	wanted := names.CAKeys()
	if slices.Contains(has, names.TLSKeys()[0]) {
		wanted = names.TLSKeys()
	}
	return slices.DeleteFunc(wanted, func(key string) bool { return slices.Contains(has, key) })
}
