package istio

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// objects reads Istio's own resources. They are read untyped and in whatever version the
// cluster prefers: a fleet may run Istio 1.19, which has no v1.
func (r *reader) objects(ctx context.Context) {
	together(ctx,
		func(ctx context.Context) {
			r.out.PeerAuthentications = resources[PeerAuthentication](ctx, r, names.Security, "PeerAuthentication")
		},
		func(ctx context.Context) {
			r.out.AuthorizationPolicies = resources[AuthorizationPolicy](ctx, r, names.Security, "AuthorizationPolicy")
		},
		func(ctx context.Context) {
			r.out.DestinationRules = resources[DestinationRule](ctx, r, names.Networking, "DestinationRule")
		},
		func(ctx context.Context) {
			r.out.VirtualServices = resources[VirtualService](ctx, r, names.Networking, "VirtualService")
		},
		func(ctx context.Context) {
			r.out.Sidecars = resources[Sidecar](ctx, r, names.Networking, "Sidecar")
		})
}

// resource is a resource of Istio's that can be given its name.
type resource[T any] interface {
	*T
	name(Meta)
}

func (m *Meta) name(as Meta) { *m = as }

// resources reads one kind.
func resources[T any, P resource[T]](ctx context.Context, r *reader, group, kind string) Section[[]T] {
	var all []T
	err := r.each(ctx, schema.GroupKind{Group: group, Kind: kind}, r.namespaces(), func(object unstructured.Unstructured) error {
		one, err := parseResource[T, P](object)
		all = append(all, one)
		return err
	})
	return sectionOf(plural(kind), all, err)
}

func plural(kind string) string {
	if stem, ok := strings.CutSuffix(kind, "y"); ok {
		return stem + "ies"
	}
	return kind + "s"
}

// parseResource keeps of a resource what its type names. What the type does not know is
// left out; what has another form than Istio's is an error.
func parseResource[T any, P resource[T]](object unstructured.Unstructured) (T, error) {
	var one T
	content, err := json.Marshal(map[string]any{"spec": object.Object["spec"]})
	if err == nil {
		err = json.Unmarshal(content, &one)
	}
	if err != nil {
		return one, malformed(fmt.Sprintf("%s %s/%s: %v", object.GetKind(), object.GetNamespace(), object.GetName(), err))
	}
	P(&one).name(metaOf(object))
	if policy, ok := any(&one).(*AuthorizationPolicy); ok {
		policy.DryRun = object.GetAnnotations()[names.DryRun] == names.True
	}
	return one, nil
}

func metaOf(object unstructured.Unstructured) Meta {
	return Meta{Namespace: object.GetNamespace(), Name: object.GetName(), Revision: object.GetLabels()[names.Revision]}
}

// each reads a kind in all namespaces, or where that is forbidden in some. A kind that the
// cluster does not have has no objects.
func (r *reader) each(ctx context.Context, kind schema.GroupKind, some []string, do func(unstructured.Unstructured) error) error {
	return r.walk(ctx, kind, do, func(resource string, from lister[*unstructured.UnstructuredList], page func(*unstructured.UnstructuredList)) error {
		return everywhere(ctx, r, resource, "", some, from, page)
	})
}

// all reads every object of a kind whose labels match: where not all namespaces may be read,
// that is an error. A kind that the cluster does not have has no objects.
func (r *reader) all(ctx context.Context, kind schema.GroupKind, selector string, do func(unstructured.Unstructured) error) error {
	return r.walk(ctx, kind, do, func(resource string, from lister[*unstructured.UnstructuredList], page func(*unstructured.UnstructuredList)) error {
		return list(ctx, r, resource, metav1.NamespaceAll, selector, from, page)
	})
}

// walk finds out what a kind is called and has its objects listed. The first error of do is
// returned.
func (r *reader) walk(ctx context.Context, kind schema.GroupKind, do func(unstructured.Unstructured) error,
	through func(resource string, from lister[*unstructured.UnstructuredList], page func(*unstructured.UnstructuredList)) error,
) error {
	mapping, err := ask(ctx, r, "get /apis", func(context.Context) (*meta.RESTMapping, error) {
		return r.client.Mapper.RESTMapping(kind)
	})
	if meta.IsNoMatchError(err) {
		return nil
	}
	if err != nil {
		return err
	}
	var failed error
	err = through(mapping.Resource.GroupResource().String(),
		func(ctx context.Context, namespace string, opts metav1.ListOptions) (*unstructured.UnstructuredList, error) {
			return r.client.Dynamic.Resource(mapping.Resource).Namespace(namespace).List(ctx, opts)
		}, func(page *unstructured.UnstructuredList) {
			for _, object := range page.Items {
				if err := do(object); err != nil && failed == nil {
					failed = err
				}
			}
		})
	if err != nil {
		return err
	}
	return failed
}

// servers are those of Istio's Gateways and, where they let other networks in, of those of
// the Gateway API.
func (r *reader) servers(ctx context.Context) {
	servers, err := r.readServers(ctx)
	r.out.Servers = sectionOf("Gateways", servers, err)
}

func (r *reader) readServers(ctx context.Context) ([]Server, error) {
	var all []Server
	collect := func(parse func(unstructured.Unstructured) ([]Server, error)) func(unstructured.Unstructured) error {
		return func(object unstructured.Unstructured) error {
			found, err := parse(object)
			all = append(all, found...)
			if err != nil {
				return malformed(fmt.Sprintf("Gateway %s/%s: %v", object.GetNamespace(), object.GetName(), err))
			}
			return nil
		}
	}
	if err := r.each(ctx, schema.GroupKind{Group: names.Networking, Kind: "Gateway"}, r.meshNamespaces(), collect(parseGateway)); err != nil {
		return nil, err
	}
	if err := r.each(ctx, schema.GroupKind{Group: names.GatewayGroup, Kind: "Gateway"}, r.meshNamespaces(), collect(parseListeners)); err != nil {
		return nil, err
	}
	return all, nil
}

func parseGateway(object unstructured.Unstructured) ([]Server, error) {
	var gateway struct {
		Spec struct {
			Selector map[string]string `json:"selector"`
			Servers  []struct {
				Port struct {
					Number   uint32 `json:"number"`
					Protocol string `json:"protocol"`
				} `json:"port"`
				TLS struct {
					Mode string `json:"mode"`
				} `json:"tls"`
				Hosts []string `json:"hosts"`
			} `json:"servers"`
		} `json:"spec"`
	}
	if err := convert(object, &gateway); err != nil {
		return nil, err
	}
	var servers []Server
	for _, server := range gateway.Spec.Servers {
		servers = append(servers, Server{
			Meta: metaOf(object), Selector: gateway.Spec.Selector,
			Port: server.Port.Number, Protocol: server.Port.Protocol, Mode: server.TLS.Mode, Hosts: server.Hosts,
		})
	}
	return servers, nil
}

// convert fills in a type from an object.
func convert(object unstructured.Unstructured, into any) error {
	content, err := json.Marshal(object.Object)
	if err != nil {
		return err
	}
	return json.Unmarshal(content, into)
}

// The Gateway API, as far as it opens a network.
const (
	// gatewayNameLabel is on the pods that istiod makes for a Gateway.
	gatewayNameLabel = "gateway.networking.k8s.io/gateway-name"
	// listenerOption and passOption are how a listener says that it passes TLS on
	// (pkg/config/constants/constants.go).
	listenerOption = "gateway.istio.io/listener-protocol"
	passOption     = "auto-passthrough"
)

// listener is a part of one of the Gateway API.
type listener struct {
	Port     uint32  `json:"port"`
	Protocol string  `json:"protocol"`
	Hostname *string `json:"hostname"`
	TLS      *struct {
		Options map[string]string `json:"options"`
	} `json:"tls"`
	AllowedRoutes struct {
		Namespaces struct {
			From string `json:"from"`
		} `json:"namespaces"`
	} `json:"allowedRoutes"`
}

// parseListeners reads the listeners that let callers of other networks in, as istiod makes
// servers of them (pilot/pkg/config/kube/gateway/conversion.go).
func parseListeners(object unstructured.Unstructured) ([]Server, error) {
	var gateway struct {
		Spec struct {
			Addresses []any      `json:"addresses"`
			Listeners []listener `json:"listeners"`
		} `json:"spec"`
	}
	if err := convert(object, &gateway); err != nil {
		return nil, err
	}
	var servers []Server
	for _, l := range gateway.Spec.Listeners {
		if !l.passesOn(object.GetLabels()) {
			continue
		}
		server := Server{Meta: metaOf(object), Port: l.Port, Protocol: strings.ToUpper(l.Protocol), Mode: names.AutoPassthrough, Hosts: l.hosts(object.GetNamespace())}
		// With an address, it stands for gateways that somebody else runs, under any labels.
		if len(gateway.Spec.Addresses) == 0 {
			server.Selector = map[string]string{gatewayNameLabel: object.GetName()}
		}
		servers = append(servers, server)
	}
	return servers, nil
}

// passesOn is how istiod finds such listeners (pilot/pkg/serviceregistry/kube/conversion.go,
// IsAutoPassthrough).
func (l listener) passesOn(gateway map[string]string) bool {
	if l.TLS == nil {
		return false
	}
	if l.TLS.Options[listenerOption] == passOption {
		return true
	}
	port := gateway[names.GatewayPort]
	if port == "" {
		port = fmt.Sprint(names.CrossPort)
	}
	return gateway[names.Network] != "" && fmt.Sprint(l.Port) == port
}

// hosts are in the form of Istio's Gateway. Namespaces that are selected by labels may be any.
func (l listener) hosts(namespace string) []string {
	host := "*"
	if l.Hostname != nil {
		host = *l.Hostname
	}
	if from := l.AllowedRoutes.Namespaces.From; from == "" || from == "Same" {
		return []string{namespace + "/" + host}
	}
	return []string{"*/" + host}
}
