package istio

// Upgrade is a move from one revision to another that somebody considers. With it in
// Snapshot.Asked the sections are read that only an upgrade needs.
type Upgrade struct {
	// From and To are revisions; From is empty until it is settled.
	From string `json:"from,omitempty"`
	To   string `json:"to"`
	// Version is that of To as somebody says; its istiods, where any run, know better.
	Version string `json:"version,omitempty"`
}

// MeshNamespace is a namespace as injectors see it.
type MeshNamespace struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels,omitempty"`
	// Roots are the fingerprints (SHA-256) in its ConfigMap istio-ca-root-cert; none where
	// it has no such ConfigMap.
	Roots []string `json:"roots,omitempty"`
}

// ProxySet is the pods of one workload whose proxies are alike.
type ProxySet struct {
	Namespace string `json:"namespace"`
	// Name is that of the Deployment, DaemonSet or StatefulSet, or of the pod.
	Name string `json:"name"`
	// Labels are those of Istio by which a pod chooses its injector.
	Labels map[string]string `json:"labels,omitempty"`
	// InjectedBy is the revision of the injector; empty for unknown.
	InjectedBy string `json:"injectedBy,omitempty"`
	// Version is that of the proxy's image; empty for unknown.
	Version string `json:"version,omitempty"`
	// Gateway is true for a proxy that stands alone.
	Gateway bool `json:"gateway,omitempty"`
	// Native is true where the proxy is an init container that goes on.
	Native bool `json:"native,omitempty"`
	// Pods is how many there are.
	Pods int `json:"pods"`
}

// String is NAMESPACE/NAME.
func (p ProxySet) String() string { return p.Namespace + "/" + p.Name }

// Labelled is a resource that only the control planes of one revision read, because of its
// label istio.io/rev.
type Labelled struct {
	Kind string `json:"kind"`
	// Resource is the kind as kubectl has it whatever else is called so.
	Resource string `json:"resource,omitempty"`
	Meta
}

// GatewayAPI is what a cluster has of Kubernetes' Gateway API.
type GatewayAPI struct {
	// Bundles are the versions of the bundle that its CRDs came with, by the CRDs' names.
	Bundles map[string]string `json:"bundles,omitempty"`
	// InUse is how many objects there are of each of these.
	InUse map[string]int `json:"inUse,omitempty"`
	// Gateways are its Gateways, of whatever class.
	Gateways []GatewayObject `json:"gateways,omitempty"`
}

// GatewayObject is a Gateway of the Gateway API.
type GatewayObject struct {
	Meta
	Class string `json:"class,omitempty"`
}

// EnvoyFilter is one, as far as another version of Istio may read it in another way.
type EnvoyFilter struct {
	Meta
	// ProxyVersions are the expressions that limit patches to some versions of proxies.
	ProxyVersions []string `json:"proxyVersions,omitempty"`
	// Filters are the names of the filters that patches are put beside, or replace.
	Filters []string `json:"filters,omitempty"`
	// Prioritized is true where it has a priority among others.
	Prioritized bool `json:"prioritized,omitempty"`
}

// ServiceEntry is one, as far as its addresses are concerned.
type ServiceEntry struct {
	Meta
	Hosts      []string `json:"hosts,omitempty"`
	Addresses  []string `json:"addresses,omitempty"`
	Resolution string   `json:"resolution,omitempty"`
}

// ControlPlane is how the istiods of a revision are set up.
type ControlPlane struct {
	Revision string `json:"revision"`
	Pods     int    `json:"pods"`
	// CASecret is the Secret that istiod takes its CA from; empty where it mounts none.
	CASecret string `json:"caSecret,omitempty"`
	// Requests is what each pod asks for.
	Requests Requests `json:"requests,omitzero"`
	// Flags are the variables of istiod's environment that are Istio's own feature flags
	// (package releases lists them); others, which may be secret, are not read.
	Flags map[string]string `json:"flags,omitempty"`
}

// NodeRoom is what is left of a node that takes pods: allocatable, without what the pods
// there request.
type NodeRoom struct {
	Name string `json:"name"`
	// CPU is in thousandths of a core, Memory in bytes, Pods a number.
	CPU    int64 `json:"cpuMillis"`
	Memory int64 `json:"memoryBytes"`
	Pods   int64 `json:"pods"`
	// Tainted is true for a node that only pods with a toleration get on.
	Tainted bool `json:"tainted,omitempty"`
}

// Requests is what a pod's containers ask for together: CPU in thousandths of a core, Memory
// in bytes.
type Requests struct {
	CPU    int64 `json:"cpuMillis,omitempty"`
	Memory int64 `json:"memoryBytes,omitempty"`
}

// Grant is something that a token may do in the namespace of the control planes, as
// Kubernetes' RBAC has it: "*" is everything, and no names mean all.
type Grant struct {
	Verbs     []string `json:"verbs"`
	Groups    []string `json:"groups,omitempty"`
	Resources []string `json:"resources,omitempty"`
	Names     []string `json:"names,omitempty"`
}
