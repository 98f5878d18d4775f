package diagnose

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
)

// istio reads Istio's own resources. They are read untyped and in whatever
// version the cluster prefers: a fleet may run Istio 1.19, which has no v1.
func (r reader) istio(ctx context.Context) {
	r.list(ctx, "Gateway resources", schema.GroupKind{Group: "networking.istio.io", Kind: "Gateway"}, func(obj unstructured.Unstructured) {
		r.facts.Exposures = append(r.facts.Exposures, exposuresOf(obj)...)
	})
	r.list(ctx, "PeerAuthentications", schema.GroupKind{Group: "security.istio.io", Kind: "PeerAuthentication"}, func(obj unstructured.Unstructured) {
		r.facts.Policies = append(r.facts.Policies, policyOf(obj))
	})
	r.list(ctx, "DestinationRules", schema.GroupKind{Group: "networking.istio.io", Kind: "DestinationRule"}, func(obj unstructured.Unstructured) {
		mode, _, _ := unstructured.NestedString(obj.Object, "spec", "trafficPolicy", "tls", "mode")
		host, _, _ := unstructured.NestedString(obj.Object, "spec", "host")
		r.facts.Rules = append(r.facts.Rules, Rule{Namespace: obj.GetNamespace(), Name: obj.GetName(), Host: host, Mode: mode})
	})
}

// list reads a kind in all namespaces, or, where that is not allowed, in
// istio-system and the sample's. A kind that the cluster does not have is no
// resources, not an error.
func (r reader) list(ctx context.Context, what string, kind schema.GroupKind, each func(unstructured.Unstructured)) {
	mapping, err := r.client.Mapper.RESTMapping(kind)
	if meta.IsNoMatchError(err) {
		return
	}
	if err != nil {
		r.unread(what, err)
		return
	}
	resource := r.client.Dynamic.Resource(mapping.Resource)
	list, err := resource.List(ctx, metav1.ListOptions{})
	if err == nil {
		for _, obj := range list.Items {
			each(obj)
		}
		return
	}
	if !apierrors.IsForbidden(err) {
		r.unread(what, err)
		return
	}
	for _, namespace := range []string{fleet.SystemNamespace, r.opts.Namespace} {
		if namespace == "" {
			continue
		}
		list, err := resource.Namespace(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			r.unread(what, err)
			continue
		}
		for _, obj := range list.Items {
			each(obj)
		}
	}
}

func exposuresOf(obj unstructured.Unstructured) []Exposure {
	selector, _, _ := unstructured.NestedStringMap(obj.Object, "spec", "selector")
	servers, _, _ := unstructured.NestedSlice(obj.Object, "spec", "servers")
	var exposures []Exposure
	for _, server := range servers {
		fields, ok := server.(map[string]any)
		if !ok {
			continue
		}
		exposure := Exposure{Gateway: obj.GetNamespace() + "/" + obj.GetName(), Selector: selector}
		port, _, _ := unstructured.NestedFieldNoCopy(fields, "port", "number")
		exposure.Port = number(port)
		exposure.Protocol, _, _ = unstructured.NestedString(fields, "port", "protocol")
		exposure.Mode, _, _ = unstructured.NestedString(fields, "tls", "mode")
		exposure.Hosts, _, _ = unstructured.NestedStringSlice(fields, "hosts")
		exposures = append(exposures, exposure)
	}
	return exposures
}

func policyOf(obj unstructured.Unstructured) Policy {
	policy := Policy{Namespace: obj.GetNamespace(), Name: obj.GetName(), PortModes: map[uint32]string{}}
	policy.Mode, _, _ = unstructured.NestedString(obj.Object, "spec", "mtls", "mode")
	policy.Selector, _, _ = unstructured.NestedStringMap(obj.Object, "spec", "selector", "matchLabels")
	ports, _, _ := unstructured.NestedMap(obj.Object, "spec", "portLevelMtls")
	for port, settings := range ports {
		var key uint32
		if _, err := fmt.Sscanf(port, "%d", &key); err != nil {
			continue
		}
		if fields, ok := settings.(map[string]any); ok {
			policy.PortModes[key], _, _ = unstructured.NestedString(fields, "mode")
		}
	}
	return policy
}

func number(value any) uint32 {
	switch v := value.(type) {
	case int64:
		return uint32(v) //nolint:gosec // a port
	case float64:
		return uint32(v)
	}
	return 0
}
