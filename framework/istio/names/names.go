package names

// Namespaces.
const (
	// System is where control planes are installed (operator/pkg/name, IstioDefaultNamespace).
	System = "istio-system"
)

// Labels of namespaces, pods and Services (istio.io/api/label/labels.gen.go).
const (
	// Revision names the control plane that an object belongs to, or that is to inject.
	Revision = "istio.io/rev"
	// Tag is on webhooks that lead a tag's name to a revision.
	Tag = "istio.io/tag"
	// Network is the network of a cluster (on the system namespace), of a pod, or the one
	// that a gateway's Service leads into.
	Network = "topology.istio.io/network"
	// Cluster is the label by which subsets tell clusters apart.
	Cluster = "topology.istio.io/cluster"
	// Injection is the older way to have a namespace injected, by the default revision:
	// "enabled", or "disabled".
	Injection = "istio-injection"
	// Inject is a pod's own say: "true" or "false". It is an annotation, too.
	Inject = "sidecar.istio.io/inject"
	// MultiCluster marks Secrets in which istiod finds remote clusters, with the value
	// "true" (pkg/kube/multicluster/secretcontroller.go).
	MultiCluster = "istio/multiCluster"
	// GatewayPort, on a gateway's Service, is the port that istiod sends callers of other
	// networks to, where that is not 15443.
	GatewayPort = "networking.istio.io/gatewayPort"
	// DataplaneMode, with the value Ambient, has ztunnel carry a pod's traffic: it then
	// needs no sidecar.
	DataplaneMode = "istio.io/dataplane-mode"
	Ambient       = "ambient"
	// NamespaceName is what the API server labels every namespace with.
	NamespaceName = "kubernetes.io/metadata.name"
	// Config marks what istiod publishes in every namespace, with the value "true".
	Config = "istio.io/config"
)

// Annotations (istio.io/api/annotation/annotations.gen.go).
const (
	// NodeSelector, on a gateway's Service of type NodePort, selects the nodes whose
	// ExternalIP callers use.
	NodeSelector = "traffic.istio.io/nodeSelector"
	// ExportTo, on a Service, lists the namespaces that see it.
	ExportTo = "networking.istio.io/exportTo"
	// SidecarStatus is what the injector did to a pod, as JSON.
	SidecarStatus = "sidecar.istio.io/status"
	// DryRun, on an AuthorizationPolicy, has it allow and deny nothing, with the value "true".
	DryRun = "istio.io/dry-run"
	// TrafficDistribution is the older form of the field of Services of that name.
	TrafficDistribution = "networking.istio.io/traffic-distribution"
	// ControlPlanes, on the system namespace of a remote cluster, lists the clusters whose
	// istiods serve it.
	ControlPlanes = "topology.istio.io/controlPlaneClusters"
	// TrafficPrefix begins the annotations that keep traffic from a sidecar, such as
	// excludeOutboundPorts.
	TrafficPrefix = "traffic.sidecar.istio.io/"
)

// The values of a label that says yes.
const (
	True    = "true"
	False   = "false"
	Enabled = "enabled"
)

// DefaultRevision is what the revision without a name calls itself in labels; its objects
// carry no suffix (manifests/charts/istio-control/istio-discovery). It is also the name of
// the tag that "istio-injection=enabled" follows.
const DefaultRevision = "default"

// ManagedRevision is what the revisions of control planes that Google runs are called, or
// begin with before a hyphen
// (https://cloud.google.com/service-mesh/docs/revisions-overview).
const ManagedRevision = "asm-managed"

// Suffixed is the name of a control plane's object of a revision.
func Suffixed(name, revision string) string {
	if revision == "" || revision == DefaultRevision {
		return name
	}
	return name + "-" + revision
}

// Control planes.
const (
	// Istiod names the Deployment of the default revision; see Suffixed.
	Istiod = "istiod"
	// IstiodSelector selects istiod's pods.
	IstiodSelector = "app=istiod"
	// IstiodContainer is their container.
	IstiodContainer = "discovery"
	// MeshConfig names the ConfigMap of the default revision; see Suffixed. Its key is MeshKey.
	MeshConfig = "istio"
	MeshKey    = "mesh"
	// Injector names the ConfigMap of the default revision; see Suffixed. Its key is ValuesKey.
	Injector  = "istio-sidecar-injector"
	ValuesKey = "values"
	// RootConfigMap and RootKey are where istiod publishes the root that proxies trust
	// (pilot/pkg/serviceregistry/kube/controller/namespacecontroller.go).
	RootConfigMap = "istio-ca-root-cert"
	RootKey       = "root-cert.pem"
	// RevocationConfigMap is where it publishes which certificates are revoked.
	RevocationConfigMap = "istio-ca-crl"
	// CASecret holds the key and the certificates of istiod's CA. Its root is under
	// RootKey, or, where cert-manager wrote it, under TLSRootKey
	// (security/pkg/pki/ca/ca.go, pilot/pkg/bootstrap/istio_ca.go).
	CASecret   = "cacerts"
	TLSRootKey = "ca.crt"
	// CACertificateKey is the certificate that the CA signs with.
	CACertificateKey = "ca-cert.pem"
	// ReaderAccount is the account that other clusters' istiods read with.
	ReaderAccount = "istio-reader-service-account"
	// ReaderToken is the Secret that istioctl looks for, or makes, for that account
	// (istioctl/pkg/multicluster/remote_secret.go).
	ReaderToken = ReaderAccount + "-istio-remote-secret-token"
	// RemoteSecretPrefix begins the names that "istioctl create-remote-secret" gives.
	RemoteSecretPrefix = "istio-remote-secret-" //nolint:gosec // a name
)

// Paths of istiod's debug server (pilot/pkg/xds/debug.go).
const (
	// Clusterz lists the remote clusters; since 1.11.
	Clusterz = "/debug/clusterz"
	// Networkz lists the ways into each network; since 1.10.
	Networkz = "/debug/networkz"
	// Syncz lists the proxies; with lastError since 1.28.
	Syncz = "/debug/syncz"
)

// Synced is the state of a remote cluster that istiod reads (/debug/clusterz).
const Synced = "synced"

// Proxies.
const (
	// Proxy is the container of sidecars and gateways; a native sidecar is an init container.
	Proxy = "istio-proxy"
	// AutoImage is the image of a gateway's container before it is injected.
	AutoImage = "auto"
	// ContainerPrefix begins the names of all containers that the injector adds.
	ContainerPrefix = "istio-"
	// Validation is the init container that, with Istio's CNI plugin, makes sure that the
	// traffic of the pod is redirected.
	Validation = "istio-validation"
)

// Environment of istiod and of proxies; no other variable is ever read.
const (
	EnvClusterID    = "CLUSTER_ID"
	EnvRevision     = "REVISION"
	EnvCertProvider = "PILOT_CERT_PROVIDER"
	EnvCAProvider   = "CA_PROVIDER"
	// EnvCAServer is false, and EnvExternalCA set, where another than istiod's own CA signs
	// (pilot/pkg/features/pilot.go, pilot/pkg/bootstrap/istio_ca.go).
	EnvCAServer    = "ENABLE_CA_SERVER"
	EnvExternalCA  = "EXTERNAL_CA"
	EnvTrustDomain = "TRUST_DOMAIN"
	EnvMetaCluster = "ISTIO_META_CLUSTER_ID"
	EnvMetaMesh    = "ISTIO_META_MESH_ID"
	EnvMetaNetwork = "ISTIO_META_NETWORK"
	EnvNetworkView = "ISTIO_META_REQUESTED_NETWORK_VIEW"
	EnvDNSCapture  = "ISTIO_META_DNS_CAPTURE"
	// EnvDualStack turns on IPv4 and IPv6 side by side (pilot/pkg/features/pilot.go).
	EnvDualStack = "ISTIO_DUAL_STACK"
)

// Environment lists the variables that are read.
func Environment() []string {
	return []string{
		EnvClusterID, EnvRevision, EnvCertProvider, EnvCAProvider, EnvCAServer, EnvExternalCA, EnvTrustDomain,
		EnvMetaCluster, EnvMetaMesh, EnvMetaNetwork, EnvNetworkView, EnvDNSCapture, EnvDualStack,
	}
}

// The gateway between networks.
const (
	// Gateway names Deployment and Service as Google's guide and Istio's samples make them.
	Gateway = "istio-eastwestgateway"
	// GatewayLabel and GatewayValue are on their pods.
	GatewayLabel = "istio"
	GatewayValue = "eastwestgateway"
	// GatewaySelector selects them.
	GatewaySelector = GatewayLabel + "=" + GatewayValue
	// CrossPort is where callers of other networks arrive, chosen by the server name of
	// their TLS, unless the label GatewayPort says otherwise.
	CrossPort = 15443
	// IstiodPort is where istiod gives proxies configuration and certificates, InjectionPort
	// where it injects pods; at gateways they are opened for clusters that have no istiod.
	IstiodPort    = 15012
	InjectionPort = 15017
	// Expose names the Gateway resource that opens CrossPort, as the guide makes it.
	Expose = "cross-network-gateway"
	// AutoPassthrough is the TLS mode of such a server.
	AutoPassthrough = "AUTO_PASSTHROUGH"
)

// Router is the argument that has pilot-agent run a gateway's proxy (pilot/cmd/pilot-agent).
const Router = "router"

// BundleVersion is the annotation of a CRD of the Gateway API that names the release of that API
// which it is from.
const BundleVersion = "gateway.networking.k8s.io/bundle-version"

// Groups of Istio's resources.
const (
	Networking = "networking.istio.io"
	Security   = "security.istio.io"
)

// CAKeys are the keys of the Secret cacerts that istiod wants, all of them
// (security/pkg/pki/ca/ca.go; pilot/pkg/bootstrap/istio_ca.go).
func CAKeys() []string { return []string{CACertificateKey, "ca-key.pem", "cert-chain.pem", RootKey} }

// TLSKeys are those of one that cert-manager made, known by the first.
func TLSKeys() []string { return []string{"tls.crt", "tls.key", TLSRootKey} }

// GatewayClass is that of the Gateways for which istiod makes Deployments
// (pkg/config/schema/kind; https://istio.io/latest/docs/tasks/traffic-management/ingress/gateway-api/).
const GatewayClass = "istio"

// OwnEnvironment are variables of istiod that tell who it is, and that differ between revisions
// by their nature or are compared for themselves.
func OwnEnvironment() []string {
	return []string{
		EnvClusterID, EnvRevision, EnvCertProvider, EnvCAServer, EnvExternalCA,
		"INJECTION_WEBHOOK_CONFIG_NAME", "VALIDATION_WEBHOOK_CONFIG_NAME",
	}
}
