package istio

import (
	"time"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// The header of every snapshot.
const (
	APIVersion = "eastwest.dev/v1alpha1"
	Kind       = "Snapshot"
)

// Snapshot is what was found of a fleet at one moment.
type Snapshot struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Eastwest is the version of the program that took it.
	Eastwest string `json:"eastwest,omitempty"`
	// Taken is when, by the clock of the machine that took it. What has ended has ended by
	// then.
	Taken time.Time `json:"taken"`
	// Namespace is that of HelloWorld and Sleep.
	Namespace string `json:"namespace,omitempty"`
	// Asked is what the fleet file or the flags say beside the clusters; empty for nothing.
	Asked Asked `json:"asked,omitzero"`
	// Clusters are in the order of the fleet.
	Clusters []Cluster `json:"clusters"`
}

// Asked is what somebody wants the mesh to be.
type Asked struct {
	// CA is istio, meshca or cas.
	CA string `json:"ca,omitempty"`
	// Upgrade is a move to another revision; nil for none.
	Upgrade *Upgrade `json:"upgrade,omitempty"`
}

// Cluster is one cluster of the fleet.
type Cluster struct {
	// Name, Network and Server (the API server's URL as the other clusters must reach it)
	// are what the fleet declares; Network and Server may be empty.
	Name    string `json:"name"`
	Network string `json:"network,omitempty"`
	Server  string `json:"server,omitempty"`
	// Revision is the one that the fleet declares; empty for any.
	Revision string `json:"revision,omitempty"`
	// Version is the HelloWorld version that runs here, v1 to vN.
	Version string `json:"version,omitempty"`
	// Kubeconfig and Context are the user's own, for commands to paste.
	Kubeconfig string `json:"kubeconfig,omitempty"`
	Context    string `json:"context,omitempty"`

	// Identity is unknown where the API server cannot be asked; then all else is.
	Identity Section[Identity] `json:"identity,omitzero"`
	// System is the namespace of the control planes.
	System Section[Namespace] `json:"system,omitzero"`
	// Istiods are the pods of all control planes, whatever their revision.
	Istiods Section[[]Istiod] `json:"istiods,omitzero"`
	// MeshConfigs are those of the revisions whose pods were found.
	MeshConfigs Section[[]MeshConfig] `json:"meshConfigs,omitzero"`
	// Injectors are the values that the revisions' injectors give to proxies.
	Injectors Section[[]Injector] `json:"injectors,omitzero"`
	// Webhooks are those that inject pods.
	Webhooks Section[[]Webhook] `json:"webhooks,omitzero"`
	// Roots are what istiod tells the cluster to trust (ConfigMap istio-ca-root-cert).
	Roots Section[[]Certificate] `json:"roots,omitzero"`
	// CARoots are the roots of the Secret cacerts; none where there is no such Secret.
	CARoots Section[[]Certificate] `json:"caRoots,omitzero"`
	// CACertificates are those that istiod's CA signs with (ca-cert.pem or tls.crt of the
	// Secret cacerts); none where there is no such Secret.
	CACertificates Section[[]Certificate] `json:"caCertificates,omitzero"`
	// Gateways are the ways into the cluster's network, as far as Kubernetes shows them.
	Gateways Section[Gateways] `json:"gateways,omitzero"`
	// RemoteSecrets are those that istiod reads, and those that look as if it should.
	RemoteSecrets Section[[]RemoteSecret] `json:"remoteSecrets,omitzero"`

	// Istio's resources, in all namespaces or, where that is not allowed, in those of the
	// control planes and of the workloads.
	Servers               Section[[]Server]              `json:"servers,omitzero"`
	PeerAuthentications   Section[[]PeerAuthentication]  `json:"peerAuthentications,omitzero"`
	AuthorizationPolicies Section[[]AuthorizationPolicy] `json:"authorizationPolicies,omitzero"`
	DestinationRules      Section[[]DestinationRule]     `json:"destinationRules,omitzero"`
	VirtualServices       Section[[]VirtualService]      `json:"virtualServices,omitzero"`
	Sidecars              Section[[]Sidecar]             `json:"sidecars,omitzero"`
	NetworkPolicies       Section[[]NetworkPolicy]       `json:"networkPolicies,omitzero"`

	// Workloads are HelloWorld and Sleep, as far as they are there.
	Workloads Section[Workloads] `json:"workloads,omitzero"`
	// Rejections are what the proxies of gateways and workloads refuse of their
	// configuration.
	Rejections Section[[]Rejection] `json:"rejections,omitzero"`
	// Caller is what Sleep's proxy knows of HelloWorld, and the calls that it made.
	Caller Section[Caller] `json:"caller,omitzero"`
	// Only an upgrade wants to know these: they are read where Asked has one.

	// Namespaces are all of the cluster.
	Namespaces Section[[]MeshNamespace] `json:"namespaces,omitzero"`
	// Proxies are those of all namespaces.
	Proxies Section[[]ProxySet] `json:"proxies,omitzero"`
	// Labelled are the resources that only one revision reads.
	Labelled Section[[]Labelled] `json:"labelled,omitzero"`
	// GatewayAPI is what there is of it.
	GatewayAPI Section[GatewayAPI] `json:"gatewayAPI,omitzero"`
	// Validators are the webhooks that judge Istio's resources.
	Validators Section[[]Webhook] `json:"validators,omitzero"`
	// EnvoyFilters and ServiceEntries are those of all namespaces.
	EnvoyFilters   Section[[]EnvoyFilter]  `json:"envoyFilters,omitzero"`
	ServiceEntries Section[[]ServiceEntry] `json:"serviceEntries,omitzero"`
	// Rooms is what is left of the nodes that take pods.
	Rooms Section[[]NodeRoom] `json:"rooms,omitzero"`
	// ControlPlanes are how the istiods of each revision are set up.
	ControlPlanes Section[[]ControlPlane] `json:"controlPlanes,omitzero"`
	// CAKeys are the names of what the Secret cacerts holds; none where there is no such Secret.
	CAKeys Section[[]string] `json:"caKeys,omitzero"`

	// Unanswered says that a command in a pod did not end in time; nothing more was then
	// asked of the cluster's pods. Empty for none.
	Unanswered string `json:"unanswered,omitempty"`
	// Traffic is what the API server was asked since it was connected: for the snapshot, and
	// with the tokens of other clusters' remote secrets.
	Traffic kube.Traffic `json:"traffic,omitzero"`
}

// Identity is who a cluster is.
type Identity struct {
	// UID of the namespace kube-system.
	UID string `json:"uid"`
	// Kubernetes is its version, such as "v1.36.1".
	Kubernetes string `json:"kubernetes,omitempty"`
	// Server is the URL in the kubeconfig.
	Server string `json:"server,omitempty"`
	// ClockAhead is by how much the API server's clock is ahead of the one that took the
	// snapshot, in seconds; negative for behind. Some seconds mean nothing.
	ClockAhead float64 `json:"clockAheadSeconds,omitempty"`
}

// Namespace is a namespace; Found is false where there is none.
type Namespace struct {
	Found  bool              `json:"found"`
	Labels map[string]string `json:"labels,omitempty"`
	// ControlPlanes is the annotation topology.istio.io/controlPlaneClusters: the clusters
	// whose istiods serve this one; empty where it has its own.
	ControlPlanes string `json:"controlPlaneClusters,omitempty"`
}

// Pod is a pod that is not on its way out.
type Pod struct {
	Namespace string            `json:"namespace"`
	Name      string            `json:"name"`
	Labels    map[string]string `json:"labels,omitempty"`
	// Annotations are those of Istio that keep traffic, or the pod as a whole, from a sidecar.
	Annotations map[string]string `json:"annotations,omitempty"`
	Account     string            `json:"account,omitempty"`
	Ready       bool              `json:"ready"`
	// Created is by the API server's clock; zero for unknown.
	Created time.Time `json:"created,omitzero"`
	// Trouble is what keeps the pod from running; nil for nothing that is known.
	Trouble *Trouble `json:"trouble,omitempty"`
	// Image is that of the proxy, or of the first container where there is none.
	Image string `json:"image,omitempty"`
	// Proxy is true where the pod has a sidecar, or is a gateway; ProxyReady where that is ready.
	Proxy      bool `json:"proxy,omitempty"`
	ProxyReady bool `json:"proxyReady,omitempty"`
	// InjectedBy is the revision of the injector (annotation sidecar.istio.io/status); the
	// label istio.io/rev may be a tag, or missing. Empty for unknown.
	InjectedBy string `json:"injectedBy,omitempty"`
	// Complaint is why the proxy is not ready, from its log or from that of a container of
	// Istio's that has ended.
	Complaint string `json:"complaint,omitempty"`
	IP        string `json:"ip,omitempty"`
	// Env holds literal values of names.Environment, of Istio's own containers.
	Env map[string]string `json:"env,omitempty"`
	// Roots are the root certificates that the proxy holds, Certificate is its own; unknown
	// where it was not asked.
	Roots       Section[[]Certificate] `json:"roots,omitzero"`
	Certificate Section[Certificate]   `json:"certificate,omitzero"`
}

// Trouble is what keeps a pod from running.
type Trouble struct {
	// Container, empty for the pod as a whole.
	Container string `json:"container,omitempty"`
	// Reason is Kubernetes' own, such as ImagePullBackOff, CrashLoopBackOff, Unschedulable.
	Reason  string `json:"reason"`
	Message string `json:"message,omitempty"`
}

// Istiod is one pod of a control plane, and what it says.
type Istiod struct {
	Pod
	Revision string `json:"revision"`
	// Version is that of its image, such as "1.31.0"; empty for unknown.
	Version string `json:"version,omitempty"`
	// Remotes are its remote clusters (/debug/clusterz), without its own.
	Remotes Section[[]Remote] `json:"remotes,omitzero"`
	// Networks are the ways that it knows into each network (/debug/networkz).
	Networks Section[[]NetworkGateway] `json:"networks,omitzero"`
}

// Remote is a remote cluster as an istiod sees it.
type Remote struct {
	ID string `json:"id"`
	// Secret is NAMESPACE/NAME.
	Secret string `json:"secret"`
	Status string `json:"status"`
}

// NetworkGateway is a way into a network as an istiod sees it.
type NetworkGateway struct {
	Network string `json:"network"`
	// Cluster is the ID of the cluster whose gateway it is.
	Cluster string `json:"cluster,omitempty"`
	// Address is an IP address: host names are resolved by istiod.
	Address string `json:"address"`
	Port    uint32 `json:"port"`
}

// MeshConfig is what a revision's ConfigMap tells all proxies.
type MeshConfig struct {
	Revision string `json:"revision"`
	// Created is when the ConfigMap was made, by the API server's clock; zero for unknown.
	Created     time.Time `json:"created,omitzero"`
	TrustDomain string    `json:"trustDomain,omitempty"`
	// Aliases are the trust domains that are taken for TrustDomain.
	Aliases []string `json:"trustDomainAliases,omitempty"`
	// CAProvider is Citadel, GoogleCA or GoogleCAS; empty for what istiod's environment says.
	CAProvider    string `json:"caProvider,omitempty"`
	RootNamespace string `json:"rootNamespace,omitempty"`
	// DiscoverySelectors is how many there are: none means all namespaces.
	DiscoverySelectors []LabelSelector `json:"discoverySelectors,omitempty"`
	// DefaultDestinationRuleExportTo and the like, where they are set.
	DefaultServiceExportTo         []string `json:"defaultServiceExportTo,omitempty"`
	DefaultDestinationRuleExportTo []string `json:"defaultDestinationRuleExportTo,omitempty"`
	DefaultVirtualServiceExportTo  []string `json:"defaultVirtualServiceExportTo,omitempty"`
}

// Injector is what a revision's injector tells every proxy of its place in the mesh.
type Injector struct {
	Revision     string `json:"revision"`
	Network      string `json:"network,omitempty"`
	Cluster      string `json:"cluster,omitempty"`
	MeshID       string `json:"meshID,omitempty"`
	CertProvider string `json:"pilotCertProvider,omitempty"`
}

// Webhook is one webhook of a MutatingWebhookConfiguration of Istio's.
type Webhook struct {
	Configuration string `json:"configuration"`
	Name          string `json:"name"`
	Revision      string `json:"revision,omitempty"`
	// Tag is the tag that the configuration stands for; empty for none.
	Tag string `json:"tag,omitempty"`
	// Service is NAMESPACE/NAME; empty where a URL is called. ServiceFound is whether it is
	// there.
	Service      string `json:"service,omitempty"`
	ServiceFound bool   `json:"serviceFound,omitempty"`
	// Path is that of the URL, or at the Service: it may name a cluster and a network, see
	// Webhook.Injects.
	Path string `json:"path,omitempty"`
	// Beyond are the addresses or host names outside of the cluster's pods that are called:
	// the URL's, or those of a Service that selects no pods. None where it selects some;
	// unknown where its EndpointSlices could not be read.
	Beyond Section[[]string] `json:"beyond,omitzero"`
	// Fails is true where pods are refused when it does not answer.
	Fails             bool          `json:"fails,omitempty"`
	NamespaceSelector LabelSelector `json:"namespaceSelector,omitzero"`
	ObjectSelector    LabelSelector `json:"objectSelector,omitzero"`
}

// Certificate is the public part of a certificate.
type Certificate struct {
	// Fingerprint is SHA-256 in hex.
	Fingerprint string    `json:"sha256"`
	NotBefore   time.Time `json:"notBefore,omitzero"`
	NotAfter    time.Time `json:"notAfter,omitzero"`
	// SPIFFE are the identities of a workload's certificate.
	SPIFFE []string `json:"spiffe,omitempty"`
}

// Gateways are the ways into a cluster's network.
type Gateways struct {
	// Services lead to gateways: they have the label topology.istio.io/network, or select
	// pods that are labelled istio=eastwestgateway.
	Services []GatewayService `json:"services,omitempty"`
	// Pods are those that the Services select, and those that are labelled
	// istio=eastwestgateway.
	Pods []Pod `json:"pods,omitempty"`
	// Deployed is whether any Deployment or DaemonSet makes such pods.
	Deployed bool `json:"deployed,omitempty"`
	// OnlySystem is true where the Services of other namespaces than that of the control
	// planes may not be read: a gateway that is not found may be there.
	OnlySystem bool `json:"onlySystem,omitempty"`
}

// GatewayService is a Service that leads to gateways.
type GatewayService struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Type      string `json:"type"`
	// Network is the label; empty for none. istiod uses only Services that have it.
	Network string `json:"network,omitempty"`
	// Port is where callers of other networks arrive: 15443, or what the label says.
	Port     uint32            `json:"port"`
	Ports    []ServicePort     `json:"ports,omitempty"`
	Selector map[string]string `json:"selector,omitempty"`
	// Addresses are those of status.loadBalancer, an IP before a host name of one entry;
	// ExternalIPs those of the spec. istiod uses both.
	Addresses   []string `json:"addresses,omitempty"`
	ExternalIPs []string `json:"externalIPs,omitempty"`
	// NodeSelector is the annotation by which istiod takes nodes' addresses, Nodes are the
	// external IPs of those that it selects.
	NodeSelector string   `json:"nodeSelector,omitempty"`
	Nodes        []string `json:"nodes,omitempty"`
	// Warnings are messages of the Service's events, the newest last.
	Warnings []string `json:"warnings,omitempty"`
}

// ServicePort is a port of a Service.
type ServicePort struct {
	Name     string `json:"name,omitempty"`
	Port     uint32 `json:"port"`
	NodePort uint32 `json:"nodePort,omitempty"`
	// TargetPort is that of the pods; 0 where it is a name.
	TargetPort uint32 `json:"targetPort,omitempty"`
}

// RemoteSecret gives an istiod access to other clusters.
type RemoteSecret struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Labelled is whether istiod reads it.
	Labelled bool `json:"labelled"`
	// Run is the run of eastwest that made it; empty for somebody else.
	Run     string        `json:"run,omitempty"`
	Entries []RemoteEntry `json:"entries,omitempty"`
}

// RemoteEntry is one cluster of a RemoteSecret.
type RemoteEntry struct {
	// ID is the key: what istiod here calls the other cluster.
	ID     string `json:"id"`
	Server string `json:"server,omitempty"`
	// Login is how the kubeconfig logs in: "token", "exec: aws", "client certificate",
	// "client certificate by path", "token by path", "auth provider: gcp", "password", "".
	Login string `json:"login,omitempty"`
	// CAByPath is true where the certificate authority is a path.
	CAByPath bool `json:"caByPath,omitempty"`
	// Broken says why the kubeconfig cannot be read; empty where it can.
	Broken string `json:"broken,omitempty"`
	// UID is that of the cluster that answers at the server with these credentials; unknown
	// where it was not asked, or not reached from here. Forbidden is for a token that is not
	// accepted there, without a Right, or that may not read namespaces.
	UID Section[string] `json:"uid,omitzero"`
	// Denied is what istiod reads of a cluster and the token may not list there; known only
	// where it was asked for (PartDenied).
	Denied Section[[]string] `json:"denied,omitzero"`
	// Grants are all that the token may do there in the namespace of the control planes;
	// known only where an upgrade was asked for.
	Grants Section[[]Grant] `json:"grants,omitzero"`
}

// Workloads are HelloWorld and Sleep of the snapshot's namespace.
type Workloads struct {
	Namespace Namespace `json:"namespace"`
	// Services are those of the namespace that are called helloworld or sleep.
	Services    []Service    `json:"services,omitempty"`
	Deployments []Deployment `json:"deployments,omitempty"`
	Pods        []Pod        `json:"pods,omitempty"`
}

// Service is a Service of the workloads.
type Service struct {
	Name  string        `json:"name"`
	Ports []ServicePort `json:"ports,omitempty"`
	// Selector is that of its pods; empty where somebody else keeps its endpoints.
	Selector map[string]string `json:"selector,omitempty"`
	// ClusterIPs are its addresses; none for a headless one, and where they were not asked for.
	ClusterIPs []string `json:"clusterIPs,omitempty"`
	ExportTo   []string `json:"exportTo,omitempty"`
	// TrafficDistribution is the spec's field, or the annotation
	// networking.istio.io/traffic-distribution: calls prefer near endpoints.
	TrafficDistribution string `json:"trafficDistribution,omitempty"`
}

// Deployment is a Deployment of the workloads.
type Deployment struct {
	Name      string            `json:"name"`
	Labels    map[string]string `json:"labels,omitempty"` // of its pods
	Wanted    int32             `json:"wanted"`
	Available int32             `json:"available"`
	// Refused is why the API server takes no pods of it; empty for nothing that is known.
	Refused string `json:"refused,omitempty"`
}

// Rejection is configuration of istiod's that a proxy refuses. It keeps what it had before,
// and one that never had any does not become ready.
type Rejection struct {
	// Proxy is the pod, as namespace/name.
	Proxy string `json:"proxy"`
	// Kind is what is refused, such as "listeners".
	Kind string `json:"kind"`
	// Resources have the same Reason; none where the proxy does not name them.
	Resources []string `json:"resources,omitempty"`
	// Reason is Envoy's own, whole.
	Reason string `json:"reason"`
	// Agent is the version of the proxy's image as it tells istiod, Envoy that of the
	// program; empty for unknown.
	Agent string `json:"agent,omitempty"`
	Envoy string `json:"envoy,omitempty"`
}

// Caller is what Sleep of a cluster sees of HelloWorld.
type Caller struct {
	// Pod is Sleep's, as namespace/name, and empty where none is ready; Proxy is whether it
	// has a sidecar.
	Pod   string `json:"pod"`
	Proxy bool   `json:"proxy"`
	// Endpoints are those of HelloWorld in the pod's proxy.
	Endpoints Section[[]Endpoint] `json:"endpoints,omitzero"`
	// Lookups are the host names of the other clusters' gateways as the caller resolves them.
	Lookups []Lookup `json:"lookups,omitempty"`
	// Calls were made to HelloWorld. In fewer than Needed a version that did not answer is no
	// evidence.
	Calls  []Call `json:"calls,omitempty"`
	Needed int    `json:"needed,omitempty"`
}

// Endpoint is an endpoint of HelloWorld in a proxy.
type Endpoint struct {
	// Address is host:port.
	Address string `json:"address"`
	// Healthy is false when the proxy would not choose it.
	Healthy bool   `json:"healthy"`
	Weight  uint64 `json:"weight"`
	// Total, Failed, Requests and Succeeded are connections that were tried, those that
	// failed (a refused TLS handshake too), requests, and those that were answered: since
	// the proxy began, and during the calls alone.
	Total  Counters `json:"total"`
	During Counters `json:"during"`
}

// Counters are an endpoint's (Envoy's cx_total, cx_connect_fail, rq_total, rq_success, rq_error).
type Counters struct {
	Connections uint64 `json:"connections,omitempty"`
	Failed      uint64 `json:"failed,omitempty"`
	Requests    uint64 `json:"requests,omitempty"`
	Succeeded   uint64 `json:"succeeded,omitempty"`
	Errors      uint64 `json:"errors,omitempty"`
}

// Lookup is a host name and whether it resolves.
type Lookup struct {
	Name     string `json:"name"`
	Resolves bool   `json:"resolves"`
}

// Call is one request to HelloWorld and what came back.
type Call struct {
	// Status is that of HTTP; 0 where there was no answer.
	Status  int           `json:"status"`
	Version string        `json:"version,omitempty"`
	Latency time.Duration `json:"latencyNanoseconds"`
	// Address is what was called, before a sidecar took the connection: what HelloWorld's name
	// leads to. Empty for not known.
	Address string `json:"address,omitempty"`
	// Error is in curl's words; NameUnknown is true where the name did not resolve.
	Error       string `json:"error,omitempty"`
	NameUnknown bool   `json:"nameUnknown,omitempty"`
	// Unsound is true where the probe itself lost track.
	Unsound bool `json:"unsound,omitempty"`
}

// Good is true for an answer of HelloWorld.
func (c Call) Good() bool { return !c.Unsound && c.Status == 200 && c.Version != "" }
