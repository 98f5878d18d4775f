package istio

import (
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// The types below are the parts of Istio's resources that decide about calls between
// clusters, under Istio's own names (istio.io/api). What they do not name is not kept.

// Meta names a resource.
type Meta struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Revision is the label istio.io/rev; only control planes of that revision then read it.
	Revision string `json:"revision,omitempty"`
}

// String is NAMESPACE/NAME.
func (m Meta) String() string { return m.Namespace + "/" + m.Name }

// WorkloadSelector selects pods of the resource's namespace by their labels; empty for all.
type WorkloadSelector struct {
	MatchLabels map[string]string `json:"matchLabels,omitempty"`
	// Labels is what Sidecar calls the same.
	Labels map[string]string `json:"labels,omitempty"`
}

// Selects is true for a pod of these labels.
func (s *WorkloadSelector) Selects(pod map[string]string) bool {
	return s == nil || subset(s.MatchLabels, pod) && subset(s.Labels, pod)
}

// All is true where nothing is selected, so that all pods are meant.
func (s *WorkloadSelector) All() bool { return s == nil || len(s.MatchLabels)+len(s.Labels) == 0 }

func subset(wanted, has map[string]string) bool {
	for key, value := range wanted {
		if got, ok := has[key]; !ok || got != value {
			return false
		}
	}
	return true
}

// LabelSelector is Kubernetes' own.
type LabelSelector struct{ metav1.LabelSelector }

// IsZero is true for a selector that selects everything.
func (s LabelSelector) IsZero() bool { return len(s.MatchLabels)+len(s.MatchExpressions) == 0 }

// Selects is true for an object of these labels. A selector that Kubernetes would refuse
// selects nothing.
func (s LabelSelector) Selects(object map[string]string) bool {
	selector, err := metav1.LabelSelectorAsSelector(&s.LabelSelector)
	return err == nil && selector.Matches(labels.Set(object))
}

// Server is one server of a Gateway resource.
type Server struct {
	Meta
	Selector map[string]string `json:"selector,omitempty"`
	Port     uint32            `json:"port"`
	Protocol string            `json:"protocol,omitempty"`
	// Mode is that of TLS.
	Mode  string   `json:"mode,omitempty"`
	Hosts []string `json:"hosts,omitempty"`
}

// Selects is true for a gateway's pod of these labels.
func (s Server) Selects(pod map[string]string) bool { return subset(s.Selector, pod) }

// Exposes is true where callers of other networks can reach a host of the mesh, such as
// helloworld.sample.svc.cluster.local, through the server. namespace is the Service's.
func (s Server) Exposes(host, namespace string) bool {
	return slices.ContainsFunc(s.Hosts, func(pattern string) bool {
		within, name, scoped := strings.Cut(pattern, "/")
		if !scoped {
			within, name = "*", pattern
		}
		if within == "." {
			within = s.Namespace
		}
		return (within == "*" || within == namespace) && hostMatches(name, host)
	})
}

// hostMatches compares a host with a pattern: itself, "*", or "*.suffix".
func hostMatches(pattern, host string) bool {
	if pattern == "*" || pattern == host {
		return true
	}
	suffix, wild := strings.CutPrefix(pattern, "*")
	return wild && strings.HasSuffix(host, suffix)
}

// PeerAuthentication says whether mutual TLS is asked for.
type PeerAuthentication struct {
	Meta
	Spec struct {
		Selector      *WorkloadSelector    `json:"selector,omitempty"`
		MTLS          *MutualTLS           `json:"mtls,omitempty"`
		PortLevelMTLS map[string]MutualTLS `json:"portLevelMtls,omitempty"`
	} `json:"spec"`
}

// MutualTLS is UNSET, DISABLE, PERMISSIVE or STRICT.
type MutualTLS struct {
	Mode string `json:"mode,omitempty"`
}

// AuthorizationPolicy says who may call.
type AuthorizationPolicy struct {
	Meta
	// DryRun is the annotation istio.io/dry-run: the policy then allows and denies nothing.
	DryRun bool `json:"dryRun,omitempty"`
	Spec   struct {
		Selector *WorkloadSelector `json:"selector,omitempty"`
		// TargetRefs attach the policy to gateways and waypoints; sidecars then ignore it.
		TargetRefs []TargetRef `json:"targetRefs,omitempty"`
		// Action is ALLOW (also where it is empty), DENY, AUDIT or CUSTOM.
		Action string              `json:"action,omitempty"`
		Rules  []AuthorizationRule `json:"rules,omitempty"`
	} `json:"spec"`
}

// TargetRef names what a policy is attached to.
type TargetRef struct {
	Kind string `json:"kind,omitempty"`
	Name string `json:"name,omitempty"`
}

// AuthorizationRule allows or denies where all its parts match; an empty part matches all.
type AuthorizationRule struct {
	From []AuthorizationFrom `json:"from,omitempty"`
	To   []AuthorizationTo   `json:"to,omitempty"`
	// When has the keys of conditions; their values are not kept.
	When []struct {
		Key string `json:"key,omitempty"`
	} `json:"when,omitempty"`
}

// AuthorizationFrom and AuthorizationTo are an entry of a rule's lists; one has to match.
type AuthorizationFrom struct {
	Source Source `json:"source,omitzero"`
}

// AuthorizationTo is that of the list "to".
type AuthorizationTo struct {
	Operation Operation `json:"operation,omitzero"`
}

// Source is who calls.
type Source struct {
	Principals           []string `json:"principals,omitempty"`
	NotPrincipals        []string `json:"notPrincipals,omitempty"`
	RequestPrincipals    []string `json:"requestPrincipals,omitempty"`
	NotRequestPrincipals []string `json:"notRequestPrincipals,omitempty"`
	Namespaces           []string `json:"namespaces,omitempty"`
	NotNamespaces        []string `json:"notNamespaces,omitempty"`
	ServiceAccounts      []string `json:"serviceAccounts,omitempty"`
	NotServiceAccounts   []string `json:"notServiceAccounts,omitempty"`
	TrustDomains         []string `json:"trustDomains,omitempty"`
	NotTrustDomains      []string `json:"notTrustDomains,omitempty"`
	IPBlocks             []string `json:"ipBlocks,omitempty"`
	NotIPBlocks          []string `json:"notIpBlocks,omitempty"`
	RemoteIPBlocks       []string `json:"remoteIpBlocks,omitempty"`
	NotRemoteIPBlocks    []string `json:"notRemoteIpBlocks,omitempty"`
}

// Operation is what is called.
type Operation struct {
	Hosts      []string `json:"hosts,omitempty"`
	NotHosts   []string `json:"notHosts,omitempty"`
	Ports      []string `json:"ports,omitempty"`
	NotPorts   []string `json:"notPorts,omitempty"`
	Methods    []string `json:"methods,omitempty"`
	NotMethods []string `json:"notMethods,omitempty"`
	Paths      []string `json:"paths,omitempty"`
	NotPaths   []string `json:"notPaths,omitempty"`
}

// DestinationRule says how a host is called.
type DestinationRule struct {
	Meta
	Spec struct {
		Host             string            `json:"host"`
		ExportTo         []string          `json:"exportTo,omitempty"`
		WorkloadSelector *WorkloadSelector `json:"workloadSelector,omitempty"`
		TrafficPolicy    *TrafficPolicy    `json:"trafficPolicy,omitempty"`
		Subsets          []Subset          `json:"subsets,omitempty"`
	} `json:"spec"`
}

// TrafficPolicy is the part of one that decides whether calls can cross clusters.
type TrafficPolicy struct {
	TLS               *ClientTLS          `json:"tls,omitempty"`
	PortLevelSettings []PortTrafficPolicy `json:"portLevelSettings,omitempty"`
	LoadBalancer      *LoadBalancer       `json:"loadBalancer,omitempty"`
	// OutlierDetection is kept as being there: with it calls stay in their locality.
	OutlierDetection *struct{} `json:"outlierDetection,omitempty"`
}

// PortTrafficPolicy is that of one port.
type PortTrafficPolicy struct {
	Port struct {
		Number uint32 `json:"number"`
	} `json:"port,omitzero"`
	TLS              *ClientTLS    `json:"tls,omitempty"`
	LoadBalancer     *LoadBalancer `json:"loadBalancer,omitempty"`
	OutlierDetection *struct{}     `json:"outlierDetection,omitempty"`
}

// ClientTLS is DISABLE, SIMPLE, MUTUAL or ISTIO_MUTUAL.
type ClientTLS struct {
	Mode string `json:"mode,omitempty"`
}

// LoadBalancer holds what keeps calls from being spread over all endpoints.
type LoadBalancer struct {
	// ConsistentHash is kept as being there: a caller then stays with one endpoint.
	ConsistentHash *struct{} `json:"consistentHash,omitempty"`

	LocalityLB *struct {
		Enabled          *bool               `json:"enabled,omitempty"`
		FailoverPriority []string            `json:"failoverPriority,omitempty"`
		Failover         []map[string]string `json:"failover,omitempty"`
	} `json:"localityLbSetting,omitempty"`
}

// Subset is a named part of a host's endpoints.
type Subset struct {
	Name          string            `json:"name"`
	Labels        map[string]string `json:"labels,omitempty"`
	TrafficPolicy *TrafficPolicy    `json:"trafficPolicy,omitempty"`
}

// VirtualService routes calls to hosts.
type VirtualService struct {
	Meta
	Spec struct {
		Hosts    []string `json:"hosts,omitempty"`
		Gateways []string `json:"gateways,omitempty"`
		ExportTo []string `json:"exportTo,omitempty"`
		HTTP     []Route  `json:"http,omitempty"`
		TCP      []Route  `json:"tcp,omitempty"`
	} `json:"spec"`
}

// Route is one way that calls may take.
type Route struct {
	// Match are the conditions: of each only its name is kept. Without any, all calls take
	// this way.
	Match []struct {
		Name string `json:"name,omitempty"`
	} `json:"match,omitempty"`
	Route []struct {
		Destination struct {
			Host   string `json:"host"`
			Subset string `json:"subset,omitempty"`
		} `json:"destination"`
		Weight int32 `json:"weight,omitempty"`
	} `json:"route,omitempty"`
	// Fault is what is done to a part of the calls on purpose.
	Fault struct {
		// Abort and Delay are there where calls are answered with errors, or held back.
		Abort *struct{} `json:"abort,omitempty"`
		Delay *struct{} `json:"delay,omitempty"`
	} `json:"fault,omitzero"`
}

// Sidecar limits which hosts a workload's proxy knows.
type Sidecar struct {
	Meta
	Spec struct {
		WorkloadSelector *WorkloadSelector `json:"workloadSelector,omitempty"`
		Egress           []struct {
			Hosts []string `json:"hosts,omitempty"`
		} `json:"egress,omitempty"`
		OutboundTrafficPolicy *struct {
			Mode string `json:"mode,omitempty"`
		} `json:"outboundTrafficPolicy,omitempty"`
	} `json:"spec"`
}

// NetworkPolicy is Kubernetes' own, as far as it tells which ways are closed.
type NetworkPolicy struct {
	Meta
	PodSelector LabelSelector `json:"podSelector,omitzero"`
	// Ingress and Egress are whether the policy closes that direction but for its rules.
	Ingress bool `json:"ingress,omitempty"`
	Egress  bool `json:"egress,omitempty"`
	// IngressRules and EgressRules are how many exceptions there are, and the ports of
	// those that are not limited to some peers; an exception without ports is port 0, and
	// so is one of a range or of a named port, which may mean any.
	IngressPorts []uint32 `json:"ingressPorts,omitempty"`
	EgressPorts  []uint32 `json:"egressPorts,omitempty"`
	IngressRules int      `json:"ingressRules,omitempty"`
	EgressRules  int      `json:"egressRules,omitempty"`
	// IngressComplete and EgressComplete are true where the ports are all that the rules
	// open: no rule is limited to some peers, or has a named port or a range of ports.
	IngressComplete bool `json:"ingressComplete,omitempty"`
	EgressComplete  bool `json:"egressComplete,omitempty"`
}

// Host is the full name of a Service.
func Host(service, namespace string) string { return service + "." + namespace + ".svc.cluster.local" }

// CoversHost is true where the host of a rule of a namespace means a Service, given by its
// full name: short names are looked up in the rule's own namespace.
func CoversHost(rule, namespace, host string) bool {
	if !strings.Contains(rule, ".") && !strings.HasPrefix(rule, "*") {
		return Host(rule, namespace) == host
	}
	for _, full := range []string{rule, rule + ".svc.cluster.local", rule + ".cluster.local"} {
		if hostMatches(full, host) {
			return true
		}
	}
	return false
}

// Exported is true where a resource of one namespace is seen in another. byDefault is the
// mesh's setting for resources that do not say.
func Exported(exportTo, byDefault []string, from, to string) bool {
	if len(exportTo) == 0 {
		exportTo = byDefault
	}
	if len(exportTo) == 0 {
		return true
	}
	return slices.ContainsFunc(exportTo, func(where string) bool {
		return where == "*" || where == to || where == "." && from == to
	})
}

// sorted lists a map's keys in order.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
