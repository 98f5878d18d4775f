package checks

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0602() Check {
	return Check{
		ID: "EW0602", Severity: Error,
		Title:    "A proxy holds none of the roots that istiod publishes",
		Question: "Does every proxy trust a root that its istiod publishes now?",
		Why:      "The proxy refuses certificates that were signed since the root changed, and others refuse its own.",
		Source:   "https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/",
		Explains: []string{"EW08"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				published, ok := Need(l, c, c.Roots)
				if ok && len(published) > 0 {
					staleRoots(l, c, published)
				}
			})
		},
	}
}

func staleRoots(l *Look, c *istio.Cluster, published []istio.Certificate) {
	gateways, _ := Need(l, c, c.Gateways)
	workloads, _ := Need(l, c, c.Workloads)
	stale := func(pod istio.Pod) bool {
		if !pod.ProxyReady {
			return false
		}
		roots, ok := Need(l, c, pod.Roots)
		return ok && len(roots) > 0 && !intersects(roots, published)
	}
	l.staleIn(c, filter(workloads.Pods, stale), published, Error)
	// A gateway between networks passes TLS through, and its agent reaches istiod by the root
	// that the ConfigMap mounts: calls work.
	l.staleIn(c, filter(gateways.Pods, stale), published, Warning)
}

func (l *Look) staleIn(c *istio.Cluster, pods []istio.Pod, published []istio.Certificate, severity Severity) {
	if len(pods) == 0 {
		return
	}
	roots, _ := pods[0].Roots.Get()
	l.Find(Finding{
		Severity: severity, Cluster: c.Name, Pairs: l.callsOf(c, pods),
		Found: fmt.Sprintf("the proxy of %s holds the root %s, and istiod of %s publishes %s", podNames(pods), fingerprints(roots), c.Name, fingerprints(published)),
		Want:  fmt.Sprintf("proxies that hold the root of the ConfigMap %s", names.RootConfigMap),
		Fix:   Fix{Text: "have the pods made anew, so that they get certificates and roots of now:", Commands: replace(c, pods)},
	})
}

// filter is the part of pods for which something holds.
func filter(pods []istio.Pod, holds func(istio.Pod) bool) []istio.Pod {
	return slices.DeleteFunc(slices.Clone(pods), func(p istio.Pod) bool { return !holds(p) })
}
