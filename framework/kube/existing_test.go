package kube

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// object is the shorthand of these tests for a part of an object.
type object = map[string]any

func TestComparisonTellsWhatSomebodyDecided(t *testing.T) {
	gateway := func(port int64, hosts ...any) object {
		return object{"spec": object{"servers": []any{object{"port": object{"number": port}, "hosts": hosts}}}}
	}
	for _, c := range []struct {
		name        string
		secret      bool
		have, would object
		want        []string
	}{
		{name: "equal", have: gateway(15443, "*.local"), would: gateway(15443, "*.local")},
		{
			name: "a number in a list", have: gateway(15444, "*.local"), would: gateway(15443, "*.local"),
			want: []string{"spec.servers[0].port.number is 15444, want 15443"},
		},
		{
			name: "a list of another length", have: gateway(15443, "*.local", "*.com"), would: gateway(15443, "*.local"),
			want: []string{`spec.servers[0].hosts is ["*.local","*.com"], want ["*.local"]`},
		},
		{
			name: "a field that is missing", have: object{"spec": object{}}, would: object{"spec": object{"selector": object{"istio": "eastwestgateway"}}},
			want: []string{`spec.selector.istio is not set, want "eastwestgateway"`},
		},
		{
			name: "bookkeeping and charts",
			have: object{"metadata": object{"resourceVersion": "7", "labels": object{"helm.sh/chart": "gateway-1", "release": "old", "app": "gw"}}, "status": object{"replicas": int64(1)}},
			would: object{"metadata": object{"resourceVersion": "8", "labels": object{
				"helm.sh/chart": "gateway-2", "app.kubernetes.io/version": "1.31", "app": "gw",
			}}},
		},
		{
			name: "a label that selects", have: object{"metadata": object{"labels": object{"topology.istio.io/network": "a"}}},
			would: object{"metadata": object{"labels": object{"topology.istio.io/network": "b"}}},
			want:  []string{`metadata.labels.topology.istio.io/network is "a", want "b"`},
		},
		{
			name:  "what istiod writes into its validator",
			have:  object{"webhooks": []any{object{"name": "rev.validation.istio.io", "clientConfig": object{"caBundle": "eA=="}, "failurePolicy": "Fail"}}},
			would: object{"webhooks": []any{object{"name": "rev.validation.istio.io", "clientConfig": object{}, "failurePolicy": "Ignore"}}},
		},
		{
			name:  "an injector that lets pods through without a proxy",
			have:  object{"webhooks": []any{object{"name": "rev.namespace.sidecar-injector.istio.io", "failurePolicy": "Ignore"}}},
			would: object{"webhooks": []any{object{"name": "rev.namespace.sidecar-injector.istio.io", "failurePolicy": "Fail"}}},
			want:  []string{`webhooks[0].failurePolicy is "Ignore", want "Fail"`},
		},
		{
			name: "a secret's values stay untold", secret: true,
			have: object{"data": object{"token": "c2VjcmV0"}}, would: object{"data": object{"token": "b3RoZXI="}},
			want: []string{"data.token is another"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			compared := comparison{secret: c.secret}
			compared.maps("", Desired(&unstructured.Unstructured{Object: c.have}), Desired(&unstructured.Unstructured{Object: c.would}))
			if diff := cmp.Diff(c.want, compared.found); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
}
