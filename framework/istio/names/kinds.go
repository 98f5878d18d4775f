package names

// More groups of resources that istiod reads.
const (
	Telemetry  = "telemetry.istio.io"
	Extensions = "extensions.istio.io"
	// GatewayGroup is Kubernetes' Gateway API.
	GatewayGroup = "gateway.networking.k8s.io"
)

// ResourceKind names a kind of resources.
type ResourceKind struct {
	Group, Kind string
	// Resource is the kind as URLs and CRDs have it.
	Resource string
}

// Configuration lists the kinds that istiod reads and that the label istio.io/rev keeps for one
// revision (pkg/config/schema/metadata.yaml; pkg/config/model.go, LabelsInRevision).
func Configuration() []ResourceKind {
	own := []ResourceKind{
		{Networking, "DestinationRule", "destinationrules"},
		{Networking, "EnvoyFilter", "envoyfilters"},
		{Networking, "Gateway", "gateways"},
		{Networking, "ProxyConfig", "proxyconfigs"},
		{Networking, "ServiceEntry", "serviceentries"},
		{Networking, "Sidecar", "sidecars"},
		{Networking, "VirtualService", "virtualservices"},
		{Networking, "WorkloadEntry", "workloadentries"},
		{Networking, "WorkloadGroup", "workloadgroups"},
		{Security, "AuthorizationPolicy", "authorizationpolicies"},
		{Security, "PeerAuthentication", "peerauthentications"},
		{Security, "RequestAuthentication", "requestauthentications"},
		{Telemetry, "Telemetry", "telemetries"},
		{Extensions, "WasmPlugin", "wasmplugins"},
	}
	return append(own, GatewayAPI()...)
}

// GatewayAPI lists the kinds of the Gateway API that istiod reads for sidecars and gateways.
func GatewayAPI() []ResourceKind {
	return []ResourceKind{
		{GatewayGroup, "Gateway", "gateways"},
		{GatewayGroup, "GRPCRoute", "grpcroutes"},
		{GatewayGroup, "HTTPRoute", "httproutes"},
		{GatewayGroup, "TCPRoute", "tcproutes"},
		{GatewayGroup, "TLSRoute", "tlsroutes"},
		{GatewayGroup, "BackendTLSPolicy", "backendtlspolicies"},
		{GatewayGroup, "ListenerSet", "listenersets"},
	}
}
