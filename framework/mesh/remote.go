package mesh

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/fixtures"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

// exposeIstiod opens the gateway of a control plane that serves other clusters.
func (b *builder) exposeIstiod(cluster fleet.ClusterSpec) []plan.Action {
	if !b.serves(cluster) {
		return nil
	}
	return []plan.Action{b.apply("expose istiod at the gateway", "expose-istiod.yaml.tmpl", map[string]any{
		"Host": names.Suffixed(names.Istiod, cluster.Revision) + "." + names.System + ".svc.cluster.local",
	})}
}

// remote installs Istio's profile for a cluster without a control plane.
func (b *builder) remote(cluster fleet.ClusterSpec) []plan.Action {
	actions := []plan.Action{expectPublished(), installRemote{
		cluster: cluster, flags: b.meshValues(), values: b.istiodValues(cluster),
	}}
	if b.opts.Traits.CNI {
		actions = append(actions, b.awaitDaemonSet(cniDaemonSet))
	}
	return actions
}

// remoteReady waits until a pod would get its proxy: the primary's istiod reads the cluster
// by then, and has written its root into the webhook.
func (b *builder) remoteReady(cluster fleet.ClusterSpec) []plan.Action {
	return []plan.Action{b.awaitInjector(cluster)}
}

// installRemote renders the profile with the address of the primary's gateway, which is only
// known once the primary's load balancer has given it one.
type installRemote struct {
	cluster fleet.ClusterSpec
	flags   []string
	values  map[string]any
}

// Show implements plan.Action.
func (a installRemote) Show() plan.Shown {
	address := `$(kubectl --kubeconfig="` + plan.Use(plan.KubeconfigVariable(a.cluster.Primary)) + `" --namespace=` + names.System +
		" get service " + names.Gateway + ` --output=jsonpath='{.status.loadBalancer.ingress[0].ip}{.status.loadBalancer.ingress[0].hostname}')`
	pipe, err := a.pipe("REMOTE_PILOT_ADDRESS")
	if err != nil {
		return plan.Shown{Kind: plan.KindPipe, Title: a.title()}
	}
	shown := pipe.Show()
	shown.Shell = "# REMOTE_PILOT_ADDRESS is " + address + "\n" + shown.Shell
	return shown
}

// Do implements plan.Action.
func (a installRemote) Do(ctx context.Context, site *plan.Site) error {
	primary, err := site.At(a.cluster.Primary)
	if err != nil {
		return err
	}
	if err := untilAddressed(ctx, primary); err != nil {
		return err
	}
	service, err := primary.Client.Kubernetes.CoreV1().Services(names.System).Get(ctx, names.Gateway, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("read the gateway of cluster %q, by which %q reaches its control plane: %w", a.cluster.Primary, a.cluster.Name, err)
	}
	address, err := entrance(service)
	if err != nil {
		return fmt.Errorf("cluster %q reaches its control plane by the gateway of %q: %w", a.cluster.Name, a.cluster.Primary, err)
	}
	pipe, err := a.pipe(address)
	if err != nil {
		return err
	}
	return pipe.Do(ctx, site)
}

// entrance is where a Service is entered, the address that istioctl's profile takes.
func entrance(service *corev1.Service) (string, error) {
	addresses := istio.AddressesOf(service)
	if len(addresses) == 0 {
		return "", errors.New("its Service lost its address")
	}
	return addresses[0], nil
}

func (a installRemote) title() string {
	return "install the remote profile, with the control plane of " + a.cluster.Primary
}

func (a installRemote) pipe(address string) (plan.Pipe, error) {
	values := map[string]any{"Address": address, "Primary": a.cluster.Primary}
	for name, value := range a.values {
		values[name] = value
	}
	operator, err := fixtures.Render("istiod-remote.yaml.tmpl", values)
	return plan.Pipe{
		Title: a.title(), Reuse: true,
		From: plan.Exec{
			Title: "render the remote profile",
			Argv:  istioctl(slices.Concat([]string{"manifest", "generate"}, a.flags, []string{"--filename=-"})...),
			Stdin: operator,
		},
	}, err
}

// untilAddressed waits until the gateway of a cluster has an address.
func untilAddressed(ctx context.Context, site *plan.Site) error {
	return site.Client.Await(ctx, kube.Wait{
		For:   "an external address of Service " + names.System + "/" + names.Gateway,
		Bound: site.Bounds.Address,
		Watch: kube.Object(kube.Ref{APIVersion: "v1", Kind: "Service", Namespace: names.System, Name: names.Gateway}),
		Until: addressed,
		Hint:  "look at the Service's events and at the cluster's load balancer controller",
	})
}
