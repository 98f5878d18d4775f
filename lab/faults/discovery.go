package faults

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// Where the content of a remote secret changes, istiod goes on with what it read before for
// as long as it runs, and calls work: these faults have it start again.
func discoveryFaults() []Fault {
	hello := object{"v1", "Service", "sample", "helloworld"}
	return []Fault{
		{
			Name: "remote-secret", Breaks: "the remote secrets that istiod reads are deleted", Check: "EW0501",
			steps: []step{removeAll(secretsOfSystem(), remoteSecrets)},
		},
		{
			Name: "secret-label", Breaks: "the remote secrets have lost the label by which istiod finds them", Check: "EW0502",
			steps: []step{editAll(secretsOfSystem(), remoteSecrets, func(_ *target, u *unstructured.Unstructured) error {
				u.SetLabels(nil)
				return nil
			})},
		},
		{
			Name: "secret-namespace", Breaks: "the remote secrets are in the namespace default", Check: "EW0503",
			steps: []step{copySecrets("default", ""), removeAll(secretsOfSystem(), remoteSecrets)},
		},
		{
			Name: "secret-loopback", Breaks: "the remote secrets lead to 127.0.0.1, as the kubeconfig of a local cluster does", Check: "EW0504", Source: "https://github.com/istio/istio/issues/58047",
			steps: []step{inSecrets(`server: .*`, "server: https://127.0.0.1:6443"), restart(istiod)},
		},
		{
			Name: "secret-twice", Breaks: "there are two remote secrets for one cluster", Check: "EW0505",
			steps: []step{copySecrets(istioSystem, "again-")},
		},
		{
			Name: "secret-broken", Breaks: "the remote secrets hold no kubeconfig", Check: "EW0506", Source: "https://github.com/istio/istio/issues/49780",
			steps: []step{inSecrets(`(?s)^.*$`, "apiVersion: v1\nkind: Config\nclusters: none\n"), restart(istiod)},
		},
		{
			Name: "secret-program", Breaks: "the remote secrets log in with a program", Check: "EW0507", Source: "https://github.com/istio/istio/issues/61773",
			steps: []step{inSecrets(`token: .*`, "exec: {apiVersion: client.authentication.k8s.io/v1, command: aws, args: [eks, get-token], interactiveMode: Never}"), restart(istiod)},
		},
		{
			Name: "secret-astray", Breaks: "the remote secrets lead to the cluster that they are in", Check: "EW0508", Source: "https://github.com/istio/istio/issues/49780",
			steps: []step{leadHome(), restart(istiod)},
		},
		{
			Name: "secret-token", Breaks: "the tokens in the remote secrets are not valid", Check: "EW0509",
			steps: []step{inSecrets(`token: .*`, "token: bm90LWEtdG9rZW4"), restart(istiod)},
		},
		{
			Name: "secret-ca", Breaks: "the remote secrets trust another CA than that of the API server", Check: "EW0509",
			steps: []step{foreignCA(), restart(istiod)},
		},
		{
			Name: "secret-server", Breaks: "the remote secrets lead to an address at which nobody answers", Check: "EW0509",
			steps: []step{inSecrets(`server: .*`, "server: https://203.0.113.9:6443"), restart(istiod)},
		},
		{
			Name: "service-missing", Breaks: "the called Service is missing in the caller's cluster", Check: "EW0511", Source: "https://github.com/istio/istio/issues/60612",
			steps: []step{remove(hello)},
		},
		{
			Name: "service-port-name", Breaks: "the port of the called Service has another name in the other cluster", Check: "EW0515",
			steps: []step{patch(hello, `[{"op":"replace","path":"/spec/ports/0/name","value":"http-web"}]`)},
		},
		{
			Name: "service-port", Breaks: "the called Service has another port in the other cluster", Check: "EW0515",
			steps: []step{patch(hello, `[{"op":"replace","path":"/spec/ports/0/port","value":5001}]`)},
		},
		{
			Name: "service-selector", Breaks: "the called Service selects no pod in the other cluster", Check: "EW0515",
			steps: []step{patch(hello, `{"spec":{"selector":{"app":"hello-world"}}}`)},
		},
	}
}

func trustFaults() []Fault {
	return []Fault{
		{
			Name: "root", Breaks: "the cluster's certificates come from another root", Check: "EW0601",
			steps: []step{foreignRoot(), restartAll()},
		},
		{
			Name: "root-waiting", Breaks: "the Secret cacerts has another root than the one that istiod started with", Check: "EW0603",
			steps: []step{foreignRoot()},
		},
		{
			Name: "trust-domain", Breaks: "the cluster has a trust domain of its own", Check: "EW0604",
			steps: []step{inMeshConfig(`trustDomain: .*`, "trustDomain: other.example"), restartAll()},
		},
	}
}
