package checks

import (
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func TestAuthorize(t *testing.T) {
	who := caller{principal: "old.example/ns/sample/sa/sleep", namespace: "sample", account: "sleep", domains: []string{"new.example", "old.example"}}
	unknown := caller{namespace: "sample", domains: []string{"new.example"}}
	const other = `{namespace: sample, spec: {rules: [{from: [{source: {namespaces: [other]}}]}]}}`
	for name, test := range map[string]struct {
		policies string
		who      caller
		want     match
	}{
		"none":                            {policies: `[]`, want: yes},
		"allow nothing":                   {policies: `[{namespace: root, spec: {}}]`, want: no},
		"allow all":                       {policies: `[{namespace: root, spec: {rules: [{}]}}]`, want: yes},
		"allow nothing and one":           {policies: `[{namespace: root, spec: {}}, {namespace: sample, spec: {rules: [{from: [{source: {namespaces: [sample]}}]}]}}]`, want: yes},
		"deny without rules":              {policies: `[{namespace: sample, spec: {action: DENY}}]`, want: yes},
		"deny all":                        {policies: `[{namespace: sample, spec: {action: DENY, rules: [{}]}}]`, want: no},
		"deny what may match":             {policies: `[{namespace: sample, spec: {action: DENY, rules: [{when: [{key: source.ip}]}]}}]`, want: yes},
		"audit and custom":                {policies: `[{namespace: sample, spec: {action: AUDIT, rules: [{}]}}, {namespace: sample, spec: {action: CUSTOM, rules: [{}]}}]`, want: yes},
		"another namespace":               {policies: `[{namespace: team, spec: {}}]`, want: yes},
		"a selector in the root":          {policies: `[{namespace: root, spec: {selector: {matchLabels: {app: helloworld}}}}]`, want: no},
		"another selector":                {policies: `[{namespace: sample, spec: {selector: {matchLabels: {app: other}}}}]`, want: yes},
		"a dry run":                       {policies: `[{namespace: sample, dryRun: true, spec: {}}]`, want: yes},
		"a waypoint's":                    {policies: `[{namespace: sample, spec: {targetRefs: [{kind: Gateway, name: waypoint}]}}]`, want: yes},
		"others only":                     {policies: `[` + other + `]`, want: no},
		"the principal":                   {policies: `[{namespace: sample, spec: {rules: [{from: [{source: {principals: [old.example/ns/sample/sa/sleep]}}]}]}}]`, want: yes},
		"by the current trust domain":     {policies: `[{namespace: sample, spec: {rules: [{from: [{source: {principals: [new.example/ns/sample/sa/sleep]}}]}]}}]`, want: yes},
		"by cluster.local":                {policies: `[{namespace: sample, spec: {rules: [{from: [{source: {principals: [cluster.local/ns/sample/sa/sleep]}}]}]}}]`, want: yes},
		"by another trust domain":         {policies: `[{namespace: sample, spec: {rules: [{from: [{source: {principals: [other.example/ns/sample/sa/sleep]}}]}]}}]`, want: no},
		"another account":                 {policies: `[{namespace: sample, spec: {rules: [{from: [{source: {principals: [cluster.local/ns/sample/sa/other]}}]}]}}]`, want: no},
		"any trust domain":                {policies: `[{namespace: sample, spec: {rules: [{from: [{source: {principals: ["*/ns/sample/sa/sleep"]}}]}]}}]`, want: yes},
		"part of a trust domain":          {policies: `[{namespace: sample, spec: {rules: [{from: [{source: {principals: ["*example/ns/sample/sa/sleep"]}}]}]}}]`, want: perhaps},
		"any principal":                   {policies: `[{namespace: sample, spec: {rules: [{from: [{source: {principals: ["*"]}}]}]}}]`, want: yes},
		"no principal known":              {who: unknown, policies: `[{namespace: sample, spec: {rules: [{from: [{source: {principals: [cluster.local/ns/sample/sa/other]}}]}]}}]`, want: perhaps},
		"no account known":                {who: unknown, policies: `[{namespace: sample, spec: {rules: [{from: [{source: {serviceAccounts: [other]}}]}]}}]`, want: perhaps},
		"an account":                      {policies: `[{namespace: sample, spec: {rules: [{from: [{source: {serviceAccounts: [sleep]}}]}]}}]`, want: yes},
		"an account of another namespace": {policies: `[{namespace: root, spec: {rules: [{from: [{source: {serviceAccounts: [sleep]}}]}]}}]`, want: no},
		"a namespace by a wildcard":       {policies: `[{namespace: root, spec: {rules: [{from: [{source: {namespaces: ["s*e"]}}]}]}}]`, want: perhaps},
		"all but others":                  {policies: `[{namespace: root, spec: {rules: [{from: [{source: {notNamespaces: [other]}}]}]}}]`, want: yes},
		"all but this":                    {policies: `[{namespace: root, spec: {rules: [{from: [{source: {notPrincipals: ["*/sa/sleep"]}}]}]}}]`, want: no},
		"by an address":                   {policies: `[{namespace: root, spec: {rules: [{from: [{source: {ipBlocks: [10.0.0.0/8]}}]}]}}]`, want: perhaps},
		"by a trust domain":               {policies: `[{namespace: root, spec: {rules: [{from: [{source: {trustDomains: [x]}}]}]}}]`, want: perhaps},
		"others, or by a token":           {policies: `[` + other + `, {namespace: root, spec: {rules: [{from: [{source: {requestPrincipals: ["*"]}}]}]}}]`, want: perhaps},
		"others, by a token":              {policies: `[{namespace: root, spec: {rules: [{from: [{source: {namespaces: [other], requestPrincipals: ["*"]}}]}]}}]`, want: no},
		"GET":                             {policies: `[{namespace: root, spec: {rules: [{to: [{operation: {methods: [GET], paths: [/hello], ports: ["5000"]}}]}]}}]`, want: yes},
		"POST":                            {policies: `[{namespace: root, spec: {rules: [{to: [{operation: {methods: [POST]}}]}]}}]`, want: no},
		"another port":                    {policies: `[{namespace: root, spec: {rules: [{to: [{operation: {ports: ["80"]}}, {operation: {notPorts: ["5000"]}}]}]}}]`, want: no},
		"a prefix":                        {policies: `[{namespace: root, spec: {rules: [{to: [{operation: {paths: ["/hel*"]}}]}]}}]`, want: yes},
		"a template":                      {policies: `[{namespace: root, spec: {rules: [{to: [{operation: {paths: ["/{*}"]}}]}]}}]`, want: perhaps},
		"a host":                          {policies: `[{namespace: root, spec: {rules: [{to: [{operation: {hosts: [helloworld]}}]}]}}]`, want: perhaps},
	} {
		t.Run(name, func(t *testing.T) {
			var policies []istio.AuthorizationPolicy
			if err := yaml.UnmarshalStrict([]byte(test.policies), &policies); err != nil {
				t.Fatal(err)
			}
			calling := test.who
			if calling.namespace == "" {
				calling = who
			}
			got, _ := authorize(policies, "root", istio.Pod{Namespace: "sample", Labels: map[string]string{"app": "helloworld"}}, calling)
			if got != test.want {
				t.Errorf("want %d, got %d", test.want, got)
			}
		})
	}
}
