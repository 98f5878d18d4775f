package preflight

import (
	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// Options say what is looked at, and for what.
type Options struct {
	// Clusters of the fleet; a network or revision may be open.
	Clusters []fleet.ClusterSpec
	CA       cell.CA
	// Namespace of the sample programs.
	Namespace string
	// Reuse is for a run that makes no mesh but expects one.
	Reuse bool
	// Asmcli is true where asmcli makes the remote secrets.
	Asmcli bool
	// Bounds for the reads; the zero value means kube.DefaultBounds.
	Bounds kube.Bounds
}

// facts are what one cluster says of itself. Pointers and maps that are nil,
// and parts named in unread, could not be read.
type facts struct {
	spec fleet.ClusterSpec
	// unreachable says why the cluster could not be asked at all.
	unreachable string
	// unauthorized is true when it answered, and refused the credentials.
	unauthorized bool
	uid          string
	kubernetes   string // version

	namespaceFound   bool
	namespaceNetwork string
	istiods          []istiod
	// revision is the one that the run would use; empty when it is not settled.
	revision    string
	revisionErr string
	injector    fleet.InjectorValues
	mesh        meshConfig
	webhooks    []string // names of those that serve the revision
	roots       []string // fingerprints of istio-ca-root-cert
	gateway     gateway
	exposed     bool // cross-network-gateway exists
	remotes     []remote
	sample      bool // the sample's namespace exists
	missing     []Right
	unread      map[string]string // a check's ID to why it could not be made
}

// istiod is one pod of a control plane.
type istiod struct {
	pod, revision, version string
	ready                  bool
	clusterID              string
	certProvider           string
	caProvider             string
}

// meshConfig is what the revision's ConfigMap says to all proxies.
type meshConfig struct {
	trustDomain        string
	trustDomainAliases []string
	caProvider         string
}

// gateway is the east-west gateway, if there is one already.
type gateway struct {
	found bool
	// serviceNetwork is the label of its Service, viewNetwork what its proxy
	// is told to serve.
	serviceNetwork, viewNetwork string
}

// remote is a remote secret without its credentials.
type remote struct{ secret, cluster, server string }

// chosen are the istiod pods of the revision that the run would use.
func (f *facts) chosen() []istiod {
	var pods []istiod
	for _, i := range f.istiods {
		if i.revision == f.revision {
			pods = append(pods, i)
		}
	}
	return pods
}
