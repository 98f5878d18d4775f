package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0101() Check {
	return Check{
		ID: "EW0101", Severity: Error, Firm: true,
		Title:    "The API server of a cluster cannot be asked",
		Question: "Does every cluster's API server answer, and take the credentials?",
		Why:      "Nothing is known of the cluster, and other clusters' istiods may not see its endpoints either.",
		Source:   "https://kubernetes.io/docs/reference/using-api/health-checks/",
		Explains: []string{"EW"},
		Judge: func(l *Look) {
			for i := range l.Clusters {
				c := &l.Clusters[i]
				if _, why := c.Identity.Get(); why != nil {
					l.Find(Finding{
						Cluster: c.Name, Pairs: l.around(c), Found: fmt.Sprintf("the API server of %s cannot be asked: %s", c.Name, why.Message),
						Want: "an API server that answers and takes the credentials",
						Fix:  Fix{Text: reachAdvice(why.Reason), Commands: []string{kubectl(c, "get --raw /readyz")}},
					})
				}
			}
		},
	}
}

func reachAdvice(why istio.Reason) string {
	if why == istio.Forbidden {
		return "the server answers and does not take the kubeconfig's credentials, or the user may not even read the namespace kube-system: renew them, or grant that right (eastwest roles)"
	}
	return "see that it is up and reached from here"
}
