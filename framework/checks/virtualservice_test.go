package checks

import (
	"fmt"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func TestWaysTo(t *testing.T) {
	const to = `{destination: {host: helloworld, subset: %s}, weight: %d}`
	v1, v2, nothing := fmt.Sprintf(to, "v1", 50), fmt.Sprintf(to, "v2", 50), fmt.Sprintf(to, "v3", 0)
	service := func(routes string) string {
		return `{namespace: sample, spec: {hosts: [helloworld], http: [` + routes + `]}}`
	}
	for name, test := range map[string]struct{ services, want string }{
		"none":                    {`[]`, "[{ true}]"},
		"both":                    {`[` + service(`{route: [`+v1+`, `+v2+`, `+nothing+`]}`) + `]`, "[{v1 true} {v2 true}]"},
		"a condition":             {`[` + service(`{match: [{}], route: [`+v1+`]}, {route: [`+v2+`]}, {route: [`+v1+`]}`) + `]`, "[{v1 false} {v2 true}]"},
		"one without weight":      {`[` + service(`{route: [{destination: {host: helloworld.sample.svc.cluster.local}}]}`) + `]`, "[{ true}]"},
		"another host":            {`[` + service(`{route: [{destination: {host: other}}]}`) + `]`, "[]"},
		"for gateways":            {`[{namespace: sample, spec: {hosts: [helloworld], gateways: [in], http: [{route: [` + v1 + `]}]}}]`, "[{ true}]"},
		"for gateways and mesh":   {`[{namespace: sample, spec: {hosts: [helloworld], gateways: [in, mesh], http: [{route: [` + v1 + `]}]}}]`, "[{v1 true}]"},
		"private elsewhere":       {`[{namespace: team, spec: {hosts: [helloworld.sample.svc.cluster.local], exportTo: [.], http: [{route: [` + v1 + `]}]}}]`, "[{ true}]"},
		"two for the same host":   {`[` + service(`{route: [`+v1+`]}`) + `, ` + service(`{route: [`+v2+`]}`) + `]`, "[{v1 false} {v2 false}]"},
		"TCP":                     {`[{namespace: sample, spec: {hosts: [helloworld], tcp: [{route: [` + v1 + `]}]}}]`, "[{v1 true}]"},
		"another Service's":       {`[{namespace: sample, spec: {hosts: [sleep], http: [{route: [` + v1 + `]}]}}]`, "[{ true}]"},
		"every host of the mesh":  {`[{namespace: sample, spec: {hosts: ["*.local"], http: [{route: [` + v1 + `]}]}}]`, "[{v1 true}]"},
		"the short name of other": {`[{namespace: team, spec: {hosts: [helloworld], http: [{route: [` + v1 + `]}]}}]`, "[{ true}]"},
	} {
		t.Run(name, func(t *testing.T) {
			var services []istio.VirtualService
			if err := yaml.UnmarshalStrict([]byte(test.services), &services); err != nil {
				t.Fatal(err)
			}
			host := helloTarget().host
			got := []string{}
			for _, w := range waysTo(routing(services, istio.MeshConfig{}, "sample", host), host) {
				got = append(got, fmt.Sprintf("{%s %t}", w.subset, w.sure))
			}
			if fmt.Sprint(got) != test.want {
				t.Errorf("want %s, got %s", test.want, got)
			}
		})
	}
}
