package checks

import (
	"slices"
	"testing"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func destinationRule(namespace, name, host string, change ...func(*istio.DestinationRule)) istio.DestinationRule {
	r := istio.DestinationRule{Meta: istio.Meta{Namespace: namespace, Name: name}}
	r.Spec.Host = host
	for _, apply := range change {
		apply(&r)
	}
	return r
}

func exported(to ...string) func(*istio.DestinationRule) {
	return func(r *istio.DestinationRule) { r.Spec.ExportTo = to }
}

func selectingPods(app string) func(*istio.DestinationRule) {
	return func(r *istio.DestinationRule) {
		r.Spec.WorkloadSelector = &istio.WorkloadSelector{MatchLabels: map[string]string{"app": app}}
	}
}

func withTLS(mode string) func(*istio.DestinationRule) {
	return func(r *istio.DestinationRule) { r.Spec.TrafficPolicy = tlsPolicy(mode) }
}

func tlsPolicy(mode string) *istio.TrafficPolicy {
	return &istio.TrafficPolicy{TLS: &istio.ClientTLS{Mode: mode}}
}

func helloTarget() target {
	return target{host: "helloworld.sample.svc.cluster.local", namespace: "sample", port: helloPort}
}

func TestRulesFor(t *testing.T) {
	host := helloTarget().host
	for name, test := range map[string]struct {
		rules     []istio.DestinationRule
		client    string
		byDefault []string
		want      []string
	}{
		"none": {client: "sample"},
		"the client's namespace is first": {client: "team", want: []string{"team/a"}, rules: []istio.DestinationRule{
			destinationRule("sample", "a", host), destinationRule("team", "a", "*.local", exported(".")), destinationRule("istio-system", "a", host),
		}},
		"then the Service's": {client: "team", want: []string{"sample/a"}, rules: []istio.DestinationRule{
			destinationRule("sample", "a", "helloworld"), destinationRule("other", "a", host), destinationRule("istio-system", "a", host),
		}},
		"then the root's": {client: "team", want: []string{"istio-system/a"}, rules: []istio.DestinationRule{
			destinationRule("sample", "a", host, exported(".")), destinationRule("istio-system", "a", "*"),
		}},
		"hidden ones end in the root's": {client: "team", want: []string{"istio-system/a"}, rules: []istio.DestinationRule{
			destinationRule("sample", "a", host, exported("other")), destinationRule("istio-system", "a", host),
		}},
		"private by default":       {client: "team", byDefault: []string{"."}, rules: []istio.DestinationRule{destinationRule("sample", "a", host)}},
		"public in spite of it":    {client: "team", byDefault: []string{"."}, want: []string{"sample/a"}, rules: []istio.DestinationRule{destinationRule("sample", "a", host, exported("*"))}},
		"a client in the root":     {client: "istio-system", want: []string{"sample/a"}, rules: []istio.DestinationRule{destinationRule("sample", "a", host), destinationRule("istio-system", "a", "*.local")}},
		"its own private one":      {client: "istio-system", want: []string{"istio-system/a"}, rules: []istio.DestinationRule{destinationRule("sample", "a", host), destinationRule("istio-system", "a", "*.local", exported("."))}},
		"the most specific host":   {client: "sample", want: []string{"sample/exact", "sample/more"}, rules: []istio.DestinationRule{destinationRule("sample", "wide", "*.local"), destinationRule("sample", "exact", host), destinationRule("sample", "wider", "*"), destinationRule("sample", "more", "helloworld")}},
		"the longer wildcard":      {client: "sample", want: []string{"sample/long"}, rules: []istio.DestinationRule{destinationRule("sample", "long", "*.sample.svc.cluster.local"), destinationRule("sample", "short", "*.local")}},
		"a name that is not whole": {client: "sample", rules: []istio.DestinationRule{destinationRule("sample", "a", "helloworld.sample")}},
		"the one that selects":     {client: "sample", want: []string{"sample/mine"}, rules: []istio.DestinationRule{destinationRule("sample", "all", host), destinationRule("sample", "mine", host, selectingPods("sleep")), destinationRule("sample", "other", host, selectingPods("other"))}},
		"one that selects others":  {client: "sample", rules: []istio.DestinationRule{destinationRule("sample", "other", host, selectingPods("other")), destinationRule("istio-system", "all", host)}},
	} {
		t.Run(name, func(t *testing.T) {
			mesh := istio.MeshConfig{DefaultDestinationRuleExportTo: test.byDefault}
			var got []string
			for _, rule := range rulesFor(test.rules, mesh, client{namespace: test.client, labels: map[string]string{"app": "sleep"}}, helloTarget()) {
				got = append(got, rule.String())
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("want %v, got %v", test.want, got)
			}
		})
	}
}

func TestTLSMode(t *testing.T) {
	port := func(r *istio.DestinationRule) {
		setting := istio.PortTrafficPolicy{TLS: &istio.ClientTLS{Mode: "DISABLE"}}
		setting.Port.Number = helloPort
		r.Spec.TrafficPolicy = &istio.TrafficPolicy{TLS: &istio.ClientTLS{Mode: "ISTIO_MUTUAL"}, PortLevelSettings: []istio.PortTrafficPolicy{setting}}
	}
	subset := func(name string, policy *istio.TrafficPolicy) func(*istio.DestinationRule) {
		return func(r *istio.DestinationRule) {
			r.Spec.Subsets = append(r.Spec.Subsets, istio.Subset{Name: name, TrafficPolicy: policy})
		}
	}
	for name, test := range map[string]struct {
		rules   []istio.DestinationRule
		subset  string
		mode    string
		unknown bool
	}{
		"no rule":                    {},
		"a rule without TLS":         {rules: []istio.DestinationRule{destinationRule("sample", "a", "helloworld")}},
		"top level":                  {rules: []istio.DestinationRule{destinationRule("sample", "a", "helloworld", withTLS("SIMPLE"))}, mode: "SIMPLE"},
		"no mode is the zero value":  {rules: []istio.DestinationRule{destinationRule("sample", "a", "helloworld", withTLS(""))}, mode: "DISABLE"},
		"the port wins":              {rules: []istio.DestinationRule{destinationRule("sample", "a", "helloworld", port)}, mode: "DISABLE"},
		"a subset":                   {rules: []istio.DestinationRule{destinationRule("sample", "a", "helloworld", withTLS("DISABLE"), subset("v1", tlsPolicy("ISTIO_MUTUAL")))}, subset: "v1", mode: "ISTIO_MUTUAL"},
		"a subset inherits":          {rules: []istio.DestinationRule{destinationRule("sample", "a", "helloworld", withTLS("DISABLE"), subset("v1", &istio.TrafficPolicy{}))}, subset: "v1", mode: "DISABLE"},
		"a subset that is not used":  {rules: []istio.DestinationRule{destinationRule("sample", "a", "helloworld", subset("v1", tlsPolicy("DISABLE")))}},
		"joined rules":               {rules: []istio.DestinationRule{destinationRule("sample", "a", "helloworld"), destinationRule("sample", "b", "helloworld", withTLS("MUTUAL"))}, mode: "MUTUAL"},
		"joined rules that differ":   {rules: []istio.DestinationRule{destinationRule("sample", "a", "helloworld", withTLS("ISTIO_MUTUAL")), destinationRule("sample", "b", "helloworld", withTLS("DISABLE"))}, unknown: true},
		"rules that are kept apart":  {rules: []istio.DestinationRule{destinationRule("sample", "a", "helloworld", exported(".")), destinationRule("sample", "b", "helloworld", withTLS("DISABLE"))}, unknown: true},
		"subsets of the same name":   {rules: []istio.DestinationRule{destinationRule("sample", "a", "helloworld", subset("v1", tlsPolicy("DISABLE"))), destinationRule("sample", "b", "helloworld", subset("v1", tlsPolicy("ISTIO_MUTUAL")))}, subset: "v1", unknown: true},
		"a subset of the other rule": {rules: []istio.DestinationRule{destinationRule("sample", "a", "helloworld", withTLS("DISABLE")), destinationRule("sample", "b", "helloworld", subset("v1", tlsPolicy("ISTIO_MUTUAL")))}, subset: "v1", mode: "ISTIO_MUTUAL"},
	} {
		t.Run(name, func(t *testing.T) {
			mode, ok := tlsMode(test.rules, test.subset, helloPort)
			if ok == test.unknown || ok && mode.value != test.mode {
				t.Errorf("want %q, unknown %t, got %q, %t", test.mode, test.unknown, mode.value, !ok)
			}
		})
	}
}
