package releases

import (
	"maps"
	"reflect"
)

// Rule is a rule of a ClusterRole.
type Rule struct {
	Groups    []string `json:"groups"`
	Resources []string `json:"resources"`
	Verbs     []string `json:"verbs"`
}

// ReaderRules is the ClusterRole that the release's chart gives to the account by which other
// clusters' istiods read, without istiodRemote. It is not known of releases before 1.28.
func ReaderRules(v Version) ([]Rule, bool) {
	below, above := load().around(v)
	if below == nil || above == nil || !reflect.DeepEqual(below.ReaderRules, above.ReaderRules) {
		return nil, false
	}
	return below.ReaderRules, true
}

// MinKubernetes is the minor version of Kubernetes, 32 for 1.32, below which `istioctl install`
// warns (istioctl/pkg/install/k8sversion). It is not known of releases before 1.28.
func MinKubernetes(v Version) (minor int, known bool) {
	if v.MinorString() == "1.30" {
		return 32, true // the same file in branch release-1.30
	}
	below, above := load().around(v)
	if below == nil || above == nil || below.MinKubernetes != above.MinKubernetes {
		return 0, false
	}
	return below.MinKubernetes, true
}

// MinGatewayAPI gives for CRDs, by name, the bundle version of the Gateway API below which
// istiod ignores them without a word. CRDs that are not listed have no such bound. It is not
// known of releases before 1.28.
func MinGatewayAPI(v Version) (byCRD map[string]string, known bool) {
	below, above := load().around(v)
	if below == nil || above == nil {
		return nil, false
	}
	least := maps.Clone(below.MinGatewayAPI)
	if Minors(below.version, v) > 0 { // 1.30 has the bound for TLSRoutes: istio/istio#60357
		const routes = "tlsroutes.gateway.networking.k8s.io"
		least[routes] = above.MinGatewayAPI[routes]
	}
	return least, true
}

// ReadsRemoteMeshConfig is true where istiod takes the trust domain of a remote cluster from
// the mesh ConfigMap there that has its own revision's name: since 1.29,
// pilot/pkg/serviceregistry/kube/controller/multicluster.go.
func ReadsRemoteMeshConfig(v Version) bool {
	return v.Compare(Version{Major: 1, Minor: 29}) >= 0
}

// around gives the table of the version's own minor release twice, or those next to it, nil
// where there is none on that side. A release after all that were read has no table above.
func (c catalogue) around(v Version) (below, above *table) {
	for i, t := range c.tables {
		if Minors(t.version, v) >= 0 {
			below = &c.tables[i]
		}
		if above == nil && Minors(t.version, v) <= 0 {
			above = &c.tables[i]
		}
	}
	return below, above
}
