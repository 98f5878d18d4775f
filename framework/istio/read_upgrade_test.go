package istio

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func TestParseEnvoyFilter(t *testing.T) {
	got, err := parseEnvoyFilter(object(t, `
metadata: {namespace: shop, name: headers, labels: {istio.io/rev: r}}
spec:
  priority: -5
  configPatches:
  - applyTo: HTTP_FILTER
    match: {proxy: {proxyVersion: '^1\.29'}, listener: {filterChain: {filter: {name: manager, subFilter: {name: router}}}}}
  - applyTo: NETWORK_FILTER
    match: {proxy: {proxyVersion: '^1\.29'}, listener: {filterChain: {filter: {name: tcp}}}}
  - applyTo: CLUSTER
`))
	want := EnvoyFilter{Meta: Meta{Namespace: "shop", Name: "headers", Revision: "r"}, ProxyVersions: []string{`^1\.29`}, Filters: []string{"router", "tcp"}, Prioritized: true}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
	if _, err := parseEnvoyFilter(object(t, `{metadata: {name: odd}, spec: {configPatches: none}}`)); err == nil {
		t.Error("want an error for what is no EnvoyFilter")
	}
}

func TestValidatorsOf(t *testing.T) {
	ignore := admissionv1.Ignore
	service := func(name string) admissionv1.WebhookClientConfig {
		return admissionv1.WebhookClientConfig{Service: &admissionv1.ServiceReference{Namespace: names.System, Name: name}}
	}
	got := validatorsOf(&admissionv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "istio-validator-r", Labels: map[string]string{names.Revision: "r"}},
		Webhooks: []admissionv1.ValidatingWebhook{
			{Name: "rev.validation.istio.io", ClientConfig: service("istiod-r")},
			{Name: "lenient.validation.istio.io", ClientConfig: service("istiod"), FailurePolicy: &ignore},
			{Name: "validate.others.example", ClientConfig: service("others")},
		},
	})
	want := []Webhook{
		{Configuration: "istio-validator-r", Name: "rev.validation.istio.io", Revision: "r", Service: names.System + "/istiod-r", Fails: true},
		{Configuration: "istio-validator-r", Name: "lenient.validation.istio.io", Revision: "r", Service: names.System + "/istiod"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Section[[]string]{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
