package diagnose

import (
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/probe"
)

// Facts is what was read from one cluster. It holds no secret: of a remote
// secret only the cluster ID and the server's URL are kept, of a certificate
// only its fingerprint.
type Facts struct {
	Cluster Member
	// APIError says why the API server could not be asked; all else is then empty.
	APIError string
	// Unanswered says that a command in a pod did not end in time; nothing more is then
	// asked of the cluster's pods.
	Unanswered string
	// UID is that of the kube-system namespace: the cluster's identity.
	UID string
	// NamespaceFound tells whether the namespace istio-system exists,
	// NamespaceNetwork is its label topology.istio.io/network.
	NamespaceFound   bool
	NamespaceNetwork string
	Istiods          []Istiod
	Gateway          Gateway
	Exposures        []Exposure
	Secrets          []RemoteSecret
	Roots            []Root
	Sample           Sample
	// Rejections are those of the gateway's and the sample's proxies.
	Rejections []Rejection
	Policies   []Policy
	Rules      []Rule
	// Unread lists what could not be read and why: no finding may rest on its absence.
	Unread []string
}

// Member is a cluster as the fleet declares it. Empty fields were not declared.
type Member struct {
	Name    string
	Network string
	Version string
	// Server is the API server's URL as the other clusters' istiods must reach it.
	Server string
	// Kubeconfig and Context are the user's own, for commands to paste.
	Kubeconfig, Context string
}

// on is the cluster with another network.
func (m Member) on(network string) Member {
	m.Network = network
	return m
}

// Pod is a pod as far as the rungs look at it.
type Pod struct {
	Namespace, Name string
	Labels          map[string]string
	Ready           bool
	// Reason is why a container is waiting or ended, such as ImagePullBackOff.
	Reason string
	Image  string
	// Proxy is true when the pod has a container or a native sidecar named istio-proxy.
	Proxy      bool
	ProxyReady bool
	IP         string
	// Env holds what istio-proxy or istiod tell of who and where they are, see readVariables.
	Env map[string]string
}

// Istiod is one control plane pod and what it says of its remote clusters.
type Istiod struct {
	Pod
	// Remotes is its answer to /debug/clusterz without its own cluster.
	// RemotesKnown is false when the pod could not be asked.
	Remotes      []Remote
	RemotesKnown bool
	// Gateways is its answer to /debug/networkz: host names are resolved there.
	// GatewaysKnown is false when the pod could not be asked, or knows no such page.
	Gateways      []fleet.NetworkGateway
	GatewaysKnown bool
	// Version is that of its image; empty for unknown.
	Version string
	// Rejections is what its proxies refuse, as it tells on /debug/syncz, and Asked
	// are the proxies of which it would tell (namespace/name).
	Rejections []Rejection
	Asked      []string
}

// Remote is one remote cluster in an istiod's /debug/clusterz.
type Remote struct {
	ID, Secret, Status string
}

// Gateway is the east-west gateway.
type Gateway struct {
	// Services that carry the label istio=eastwestgateway or a network label, in istio-system.
	Services []GatewayService
	Pods     []Pod
	// Deployed is true when the Deployment exists.
	Deployed bool
}

// GatewayService is a Service that leads to a gateway.
type GatewayService struct {
	Name, Type, Network string
	Ports               []int32
	Addresses           []string
	// Events are the messages of the Service's warnings, newest last.
	Events []string
}

// Exposure is one server of a Gateway resource, with its selector.
type Exposure struct {
	Gateway  string // namespace/name
	Selector map[string]string
	Port     uint32
	Protocol string
	Mode     string
	Hosts    []string
}

// RemoteSecret tells of a secret that gives istiod access to another cluster.
type RemoteSecret struct {
	Namespace, Name string
	Labelled        bool
	// Entries has one entry for each cluster in the secret.
	Entries []RemoteEntry
}

// RemoteEntry is one cluster in a remote secret.
type RemoteEntry struct {
	ID     string
	Server string
	// Broken says why the kubeconfig could not be read; empty when it could.
	Broken string
}

// Root is a set of root certificates found at one place.
type Root struct {
	// Where is "istio-ca-root-cert", "cacerts" or "proxy <pod>".
	Where string
	// Fingerprints are SHA-256 of the certificates, in hex, ordered.
	Fingerprints []string
}

// Sample is the HelloWorld and Sleep pair, as far as it is there.
type Sample struct {
	Namespace string
	Found     bool
	// Injection is the label that asks for sidecars, such as "istio.io/rev=asm-1"; empty for none.
	Injection    string
	ServiceFound bool
	ServicePorts []int32
	Pods         []Pod
	// Hosts are the caller's endpoints of HelloWorld with their counters, Before
	// the same before Calls.
	Hosts, Before []probe.Host
	HostsKnown    bool
	// Lookups are the host names of the other clusters' gateways as the caller
	// resolves them.
	Lookups []Lookup
	// Calls is a batch from the Sleep pod; empty when none was made. In fewer than Needed
	// a version that did not answer is no evidence.
	Calls  []probe.Call
	Needed int
}

// Lookup is a host name and whether it resolves.
type Lookup struct {
	Name     string
	Resolves bool
}

// Policy is a PeerAuthentication.
type Policy struct {
	Namespace, Name string
	Mode            string
	// PortModes are the modes of single ports.
	PortModes map[uint32]string
	Selector  map[string]string
}

// Rule is a DestinationRule's TLS setting.
type Rule struct {
	Namespace, Name string
	Host            string
	Mode            string // empty when the rule sets none
}
