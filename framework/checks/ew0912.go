package checks

import (
	"fmt"
	"slices"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/istio/releases"
)

func ew0912() Check {
	return Check{
		ID: "EW0912", Severity: Error,
		Title:    "The new control plane takes another cluster for one of the trust domain cluster.local",
		Question: "Has every cluster a mesh configuration of the new revision, since before the new istiods of the others started?",
		Why:      "Since 1.29 istiod reads a remote cluster's trust domain from the ConfigMap there that has its own revision's name. Without one it expects cluster.local, and logs nothing: every call to a service that runs only there fails, and those to a service that runs here, too, hide it.",
		Source:   "istio/istio, pilot/pkg/serviceregistry/kube/controller/multicluster.go (getMeshConfigMapName); tried with 1.31 and Envoy 1.39.3",
		Judge: func(l *Look) {
			l.moving(func(m move, c *istio.Cluster) {
				after, ok := l.newVersion()
				runs, _ := l.runs(c, m.to)
				if !ok || !runs || !releases.ReadsRemoteMeshConfig(after) {
					return
				}
				l.others(c, func(other *istio.Cluster) { l.unnamed(m, c, other) })
			})
		},
	}
}

// unnamed looks for what the new istiods of a cluster look for in another.
func (l *Look) unnamed(m move, c, other *istio.Cluster) {
	domain, known := l.trustDomain(other, m.from)
	aliased, _ := l.meshConfig(c, m.to)
	if !known || domain == defaultTrustDomain || slices.Contains(aliased.Aliases, defaultTrustDomain) {
		return
	}
	name := names.Suffixed(names.MeshConfig, m.to)
	finding := Finding{
		Cluster: other.Name, Pairs: []Pair{{Source: c.Name, Destination: other.Name}},
		Want: fmt.Sprintf("a ConfigMap %s/%s with trustDomain: %s, older than the istiods of %s that read it", names.System, name, domain, m.to),
	}
	config, there := l.meshConfig(other, m.to)
	switch {
	case !there:
		finding.Found = fmt.Sprintf("%s has no ConfigMap %s/%s: istiod of revision %s on %s expects certificates of %s from there, and its pods have %s", other.Name, names.System, name, m.to, c.Name, defaultTrustDomain, domain)
		finding.Fix = Fix{
			Text: "install revision " + m.to + " on " + other.Name + " before anything moves on " + c.Name + ", or give it the mesh configuration alone; then restart the istiods that have looked in vain:",
			Commands: []string{
				inSystem(other, "create configmap", name, fmt.Sprintf(`--from-literal=%s="$(%s)"`, names.MeshKey, inSystem(other, "get configmap", names.Suffixed(names.MeshConfig, m.from), "--output='jsonpath={.data."+names.MeshKey+"}'"))),
				restartRevision(c, m.to), awaitRevision(c, m.to),
			},
		}
	case l.startedBefore(c, m.to, other, config.Created):
		finding.Found = fmt.Sprintf("the ConfigMap %s/%s of %s is newer than an istiod of revision %s on %s, which goes on expecting certificates of %s for what it knows already", names.System, name, other.Name, m.to, c.Name, defaultTrustDomain)
		finding.Fix = Fix{Text: "restart the istiods that have looked in vain:", Commands: []string{restartRevision(c, m.to), awaitRevision(c, m.to)}}
	default:
		return
	}
	l.Find(finding)
}

// startedBefore is true where an istiod of a revision is older than something in another
// cluster, by more than their clocks may differ.
func (l *Look) startedBefore(c *istio.Cluster, revision string, other *istio.Cluster, created time.Time) bool {
	const margin = 2 * time.Second
	istiods, _ := Need(l, c, c.Istiods)
	return !created.IsZero() && slices.ContainsFunc(istiods, func(i istio.Istiod) bool {
		started := i.Created.Add(-ahead(c))
		return i.Revision == revision && !i.Created.IsZero() && started.Add(margin).Before(created.Add(-ahead(other)))
	})
}

func restartRevision(c *istio.Cluster, revision string) string {
	return inSystem(c, "rollout restart", "deployment/"+names.Suffixed(names.Istiod, revision))
}

func awaitRevision(c *istio.Cluster, revision string) string {
	return inSystem(c, "rollout status", "deployment/"+names.Suffixed(names.Istiod, revision), "--timeout=5m")
}
