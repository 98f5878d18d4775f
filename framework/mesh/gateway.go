package mesh

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/eastwest-mesh/eastwest/fixtures"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

// gateway does what the guide does where the guide's script is at hand. Elsewhere
// it renders what gen-eastwest-gateway.sh --network prints itself and, as with
// istiod, istioctl renders and we apply: `istioctl install` spent 16.9 s a
// cluster, most of it waiting.
func (b *builder) gateway(cluster fleet.ClusterSpec) []plan.Action {
	if b.opts.Traits.Tools.GenGateway != "" {
		install := installGateway{cluster: cluster, flags: b.opts.gatewayFlags()}
		if b.opts.Placeholders {
			install.network = plan.Use(networkVariable(cluster.Name))
		}
		return []plan.Action{install}
	}
	operator, err := GatewayOperator(GatewayOptions{Network: cluster.Network, Revision: cluster.Revision})
	if err != nil {
		b.errs = append(b.errs, err)
	}
	return []plan.Action{
		plan.Pipe{
			Title: "install the east-west gateway of network " + cluster.Network, Reuse: true,
			From: plan.Exec{
				Title: "render the gateway",
				Argv:  istioctl(slices.Concat([]string{"manifest", "generate"}, b.opts.gatewayFlags(), gatewayAdditions(), []string{"--filename=-"})...),
				Stdin: operator,
			},
		},
	}
}

func (b *builder) gatewayReady(cluster fleet.ClusterSpec) []plan.Action {
	return []plan.Action{b.awaitDeployment(names.Gateway), awaitAddress(), b.compareCertProviders(cluster)}
}

func (b *builder) expose(fleet.ClusterSpec) []plan.Action {
	if b.opts.Traits.Tools.ExposeServices != "" {
		return []plan.Action{exposeServices{}}
	}
	return []plan.Action{b.applyFile("apply gateway "+names.Expose, "cross-network-gateway.yaml")}
}

func (b *builder) applyFile(title, name string) plan.Action {
	manifest, err := fixtures.Manifest(name)
	if err != nil {
		b.errs = append(b.errs, err)
	}
	return plan.Apply{Title: title, Manifest: manifest, Reuse: true}
}

func awaitAddress() plan.Action {
	return plan.Await{
		Title: "await the gateway's address",
		Shell: kubectlHere("--namespace="+names.System, "wait service/"+names.Gateway,
			"--for=jsonpath='{.status.loadBalancer.ingress}' --timeout=10m"),
		Until: untilAddressed,
	}
}

func addressed(services []*unstructured.Unstructured) kube.State {
	if len(services) == 0 {
		return kube.State{Seen: "no such service"}
	}
	var service corev1.Service
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(services[0].Object, &service); err != nil {
		return kube.State{Fatal: err}
	}
	addresses := istio.AddressesOf(&service)
	if len(addresses) == 0 {
		return kube.State{Seen: "status.loadBalancer without address", Outside: "the cluster's load balancers give the Service no address"}
	}
	return kube.State{Met: true, Seen: strings.Join(addresses, ", ")}
}
