package mesh

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

// installGateway is the page's own command: the script's output piped into
// `istioctl install`. What istioctl will make is asked of it beforehand, so
// that it enters the ledger and nothing of somebody else's is overwritten.
type installGateway struct {
	cluster fleet.ClusterSpec
	flags   []string
}

// leaveWebhooks keeps istioctl from making or moving the default tag's webhooks,
// which decide about injection in the whole cluster: on the page's way it does
// so even for a gateway (Istio operator/pkg/webhook/webhook.go), and they are
// not ours. istioctl before 1.24 takes the path without "spec." too.
func leaveWebhooks() []string {
	return []string{"--set", "values.global.operatorManageWebhooks=true"}
}

// revisionVariable stands in the shown command for a revision that is found
// out when the plan runs.
const revisionVariable = "REVISION"

// Show implements plan.Action.
func (a installGateway) Show() plan.Shown {
	revision, find := a.cluster.Revision, ""
	if revision == "" {
		revision, find = plan.Use(revisionVariable), findRevisionShell(revisionVariable)+"\n"
	}
	script := fmt.Sprintf(`"%s" --network %s --revision "%s"`, plan.Use(genGatewayVariable), a.cluster.Network, revision)
	install := fmt.Sprintf(`"%s" --kubeconfig="%s" install -y %s -f -`, plan.Use(istioctlVariable), plan.Here(), strings.Join(a.installFlags(), " "))
	return plan.Shown{
		Kind:  plan.KindPipe,
		Title: "install the east-west gateway of network " + a.cluster.Network,
		Shell: find + script + " |\n  " + install,
	}
}

func (a installGateway) installFlags() []string { return slices.Concat(a.flags, leaveWebhooks()) }

// findRevisionShell is the page's way to find the revision of a control plane.
func findRevisionShell(variable string) string {
	return variable + "=$(" + kubectlHere("--namespace="+fleet.SystemNamespace, "get pods --selector="+fleet.IstiodSelector,
		`--output=jsonpath='{.items[0].metadata.labels.istio\.io/rev}'`) + ")"
}

// Do implements plan.Action.
func (a installGateway) Do(ctx context.Context, site *plan.Site) error {
	revision, err := fleet.FindRevision(ctx, site.Client, a.cluster.Revision)
	if err != nil {
		return err
	}
	script := plan.Exec{Argv: []string{plan.Use(genGatewayVariable), "--network", a.cluster.Network, "--revision", revision}}
	operator, err := script.Output(ctx, site)
	if err != nil {
		return err
	}
	refs, err := a.willMake(ctx, site, operator)
	if err != nil {
		return err
	}
	if err := site.ExpectNew(ctx, refs); err != nil {
		return err
	}
	return plan.Exec{
		Argv:  istioctl(slices.Concat([]string{"--kubeconfig=" + plan.Here(), "install", "-y"}, a.installFlags(), []string{"-f", "-"})...),
		Stdin: operator,
	}.Do(ctx, site)
}

// willMake asks istioctl which objects it would make.
func (a installGateway) willMake(ctx context.Context, site *plan.Site, operator []byte) ([]kube.Ref, error) {
	render := plan.Exec{
		Argv:  istioctl(slices.Concat([]string{"manifest", "generate"}, a.flags, []string{"-f", "-"})...),
		Stdin: operator,
	}
	manifest, err := render.Output(ctx, site)
	if err != nil {
		return nil, err
	}
	objects, err := kube.Decode(manifest)
	if err != nil {
		return nil, fmt.Errorf("read what istioctl would install: %w", err)
	}
	refs := make([]kube.Ref, 0, len(objects)+1)
	for _, obj := range objects {
		refs = append(refs, kube.RefOf(obj))
	}
	return append(refs, installedState()), nil
}

// installedState is what istioctl up to 1.20 keeps of an installation; "eastwest"
// is the name that the script gives it.
func installedState() kube.Ref {
	return kube.Ref{
		APIVersion: "install.istio.io/v1alpha1", Kind: "IstioOperator",
		Namespace: fleet.SystemNamespace, Name: "installed-state-eastwest",
	}
}

// expectSecrets notes what asmcli create-mesh will make on a cluster. It names
// remote secrets after the contexts of the kubeconfigs that it is given, and
// ours are named as their clusters.
func (b *builder) expectSecrets(cluster fleet.ClusterSpec) plan.Action {
	secrets := []kube.Ref{systemSecret(ReaderToken)}
	for _, other := range b.opts.Clusters {
		if other.Name != cluster.Name {
			secrets = append(secrets, systemSecret(RemoteSecret(other.Name)))
		}
	}
	return plan.Expect{
		Title: "note the secrets that asmcli will make",
		Shell: "# asmcli makes these secrets: " + strings.Join(refNames(secrets), " "),
		Refs:  func(context.Context, *plan.Site) ([]kube.Ref, error) { return secrets, nil },
	}
}

func systemSecret(name string) kube.Ref {
	return kube.Ref{APIVersion: "v1", Kind: "Secret", Namespace: fleet.SystemNamespace, Name: name}
}

func refNames(refs []kube.Ref) []string {
	all := make([]string, 0, len(refs))
	for _, ref := range refs {
		all = append(all, ref.Name)
	}
	return all
}

// asmcliCreateMesh is one command for the whole fleet; it is the first
// cluster's work.
func (b *builder) asmcliCreateMesh(cluster fleet.ClusterSpec) []plan.Action {
	if cluster.Name != b.opts.Clusters[0].Name {
		return nil
	}
	argv := []string{plan.Use(asmcliVariable), "create-mesh", b.opts.FleetID}
	for _, member := range b.opts.Clusters {
		argv = append(argv, plan.Use(plan.KubeconfigVariable(member.Name)))
	}
	return []plan.Action{plan.Exec{Title: "create the mesh of all clusters", Argv: argv}}
}
