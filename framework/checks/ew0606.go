package checks

import (
	"fmt"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0606() Check {
	return Check{
		ID: "EW0606", Severity: Error, Firm: true,
		Title:    "A workload's certificate has ended",
		Question: "Are the certificates of all workloads' proxies valid?",
		Why:      "The proxy could not renew it: all others refuse its calls and its answers.",
		Source:   "https://istio.io/latest/docs/concepts/security/#pki",
		Explains: []string{"EW08"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				workloads, _ := Need(l, c, c.Workloads)
				pods := filter(workloads.Pods, func(pod istio.Pod) bool {
					if !pod.ProxyReady {
						return false
					}
					certificate, ok := Need(l, c, pod.Certificate)
					return ok && l.ended(c, certificate)
				})
				if len(pods) > 0 {
					l.Find(outdated(l, c, pods))
				}
			})
		},
	}
}

func outdated(l *Look, c *istio.Cluster, pods []istio.Pod) Finding {
	certificate, _ := pods[0].Certificate.Get()
	return Finding{
		Cluster: c.Name, Pairs: l.callsOf(c, pods),
		Found: fmt.Sprintf("the certificate of %s on %s ended on %s and was not renewed", podNames(pods), c.Name, certificate.NotAfter.UTC().Format(time.RFC3339)),
		Want:  "proxies that renew their certificates before these end",
		Fix: Fix{
			Text: "the proxy's log says why istiod, or the CA, does not sign; mend that, then have the pods made anew:",
			Commands: append([]string{
				kubectl(c, "logs --namespace="+quote(pods[0].Namespace), quote(pods[0].Name), "--container="+names.Proxy, "--tail=100"),
			}, replace(c, pods)...),
		},
	}
}
