package preflight

import (
	corev1 "k8s.io/api/core/v1"

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
	// Existing is true where that namespace was made beforehand.
	Existing bool
	// Pods are like those of the run; they are tried in a namespace made beforehand.
	Pods []*corev1.Pod
	// Reuse is for a run that makes no mesh but expects one.
	Reuse bool
	// Asmcli is true where asmcli makes the remote secrets.
	Asmcli bool
	// Bounds for the reads; the zero value means kube.DefaultBounds.
	Bounds kube.Bounds
}

// use is what the run needs rights for.
func (o Options) use() Use {
	use := Use{Purpose: Install, Namespace: o.Namespace, Existing: o.Existing, Asmcli: o.Asmcli}
	if o.Reuse {
		use.Purpose = Verify
	}
	return use
}

// facts are what one cluster says of itself. Pointers and maps that are nil,
// and parts named in unread, could not be read.
type facts struct {
	spec fleet.ClusterSpec
	// unreachable says why the cluster could not be asked at all.
	unreachable string
	// unauthorized is true when it answered, and refused the credentials.
	unauthorized bool
	// forbidden is true when it accepted the credentials, but the user may not
	// even identify it. Then only the rights are known.
	forbidden  bool
	uid        string
	server     string // URL of the API server in the kubeconfig
	kubernetes string // version

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
	sample      bool     // the sample's namespace exists
	refused     []string // why pods like the run's are not admitted as they must be
	// runs are the earlier runs that made some of what exists.
	runs    []string
	missing []Right
	unread  map[string]string // a check's ID to why it could not be made
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
