package mesh

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/plan"
	"github.com/eastwest-mesh/eastwest/framework/redact"
)

// installGateway is the guide's own command: the script's output piped into
// `istioctl install`. What istioctl will make is asked of it beforehand, so
// that it enters the ledger and nothing of somebody else's is overwritten.
type installGateway struct {
	cluster fleet.ClusterSpec
	flags   []string
	// network is what stands for the network in a plan that is only read.
	network string
}

// leaveWebhooks keeps istioctl from making or moving the default tag's webhooks,
// which decide about injection in the whole cluster: on the guide's way it does
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
		revision, find = plan.Use(revisionVariable), istio.RevisionShell(revisionVariable, kubectlHere())+"\n"
	}
	// Not a pipe, as the guide has it: with nothing to read istioctl installs its default
	// profile over the control plane.
	script := fmt.Sprintf(`OPERATOR=$("%s" --network "%s" --revision "%s")`, plan.Use(genGatewayVariable), cmp.Or(a.network, a.cluster.Network), revision)
	install := fmt.Sprintf(`"%s" --kubeconfig="%s" install -y %s -f - <<<"${OPERATOR:?gen-eastwest-gateway.sh printed nothing}"`, plan.Use(istioctlVariable), plan.Here(), strings.Join(a.installFlags(), " "))
	return plan.Shown{
		Kind:  plan.KindPipe,
		Title: "install the east-west gateway of network " + a.cluster.Network,
		Shell: find + script + "\n" + install,
	}
}

func (a installGateway) installFlags() []string { return slices.Concat(a.flags, leaveWebhooks()) }

// Do implements plan.Action.
func (a installGateway) Do(ctx context.Context, site *plan.Site) error {
	operator, err := a.operator(ctx, site)
	if err != nil {
		return err
	}
	objects, err := a.willMake(ctx, site, operator)
	if err != nil {
		return err
	}
	absent, present, err := site.LookFor(ctx, append(refsOf(objects), installedState()))
	if err != nil {
		return err
	}
	if len(present) > 0 {
		// istioctl would overwrite what is there: what is right is left as it is,
		// and only what is missing is made.
		return site.Client.ApplyAll(ctx, objects, site.OwnOrReuse())
	}
	if err := site.Journal.Expecting(ctx, site.Client, kube.ToolIstioctl, absent); err != nil {
		return err
	}
	install := plan.Exec{
		Argv:  istioctl(slices.Concat([]string{"--kubeconfig=" + plan.Here(), "install", "-y"}, a.installFlags(), []string{"-f", "-"})...),
		Stdin: operator, Without: ownVariables(), Note: true,
	}
	return errors.Join(install.Do(ctx, site), site.Confirm(ctx))
}

// ownVariables are those of eastwest's variables that the tools read too, and
// understand otherwise: asmcli takes its options from the environment, the
// script its revision.
func ownVariables() []string { return []string{"PLATFORM", "CA", "REVISION"} }

// onlyOperator makes sure that the script printed what istioctl is to install:
// its complaints come the same way.
func onlyOperator(output []byte) error {
	objects, err := kube.Decode(output)
	if err != nil || len(objects) != 1 || objects[0].GetKind() != "IstioOperator" {
		return fmt.Errorf("gen-eastwest-gateway.sh: want it to print one IstioOperator, got %q; is it the script of Istio's samples or of asmcli's folder?", redact.Last(string(output), scriptMost))
	}
	return nil
}

// scriptMost is how many bytes of an output that is none an error quotes.
const scriptMost = 512

// willMake asks istioctl which objects it would make.
func (a installGateway) willMake(ctx context.Context, site *plan.Site, operator []byte) ([]*unstructured.Unstructured, error) {
	render := plan.Exec{
		Argv:  istioctl(slices.Concat([]string{"manifest", "generate"}, a.flags, []string{"-f", "-"})...),
		Stdin: operator, Without: ownVariables(),
	}
	manifest, err := render.Output(ctx, site)
	if err != nil {
		return nil, err
	}
	objects, err := kube.Decode(manifest)
	if err != nil {
		return nil, fmt.Errorf("read what istioctl would install: %w", err)
	}
	return objects, nil
}

func refsOf(objects []*unstructured.Unstructured) []kube.Ref {
	refs := make([]kube.Ref, 0, len(objects)+1)
	for _, obj := range objects {
		refs = append(refs, kube.RefOf(obj))
	}
	return refs
}

// installedState is what istioctl up to 1.20 keeps of an installation; "eastwest"
// is the name that the script gives it.
func installedState() kube.Ref {
	return kube.Ref{
		APIVersion: "install.istio.io/v1alpha1", Kind: "IstioOperator",
		Namespace: names.System, Name: "installed-state-eastwest",
	}
}

// expectSecrets notes what asmcli create-mesh will make on a cluster. It names
// remote secrets after the contexts of the kubeconfigs that it is given, and
// ours are named as their clusters.
func (b *builder) expectSecrets(cluster fleet.ClusterSpec) plan.Action {
	secrets := []kube.Ref{systemSecret(names.ReaderToken)}
	for _, other := range b.opts.Clusters {
		if other.Name != cluster.Name {
			secrets = append(secrets, systemSecret(RemoteSecret(other.Name)))
		}
	}
	return plan.Expect{
		Title: "note the secrets that asmcli will make", Tool: kube.ToolAsmcli,
		Shell: "# asmcli makes these secrets: " + strings.Join(refNames(secrets), " "),
		Refs:  func(context.Context, *plan.Site) ([]kube.Ref, error) { return secrets, nil },
	}
}

func systemSecret(name string) kube.Ref {
	return kube.Ref{APIVersion: "v1", Kind: "Secret", Namespace: names.System, Name: name}
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
	return []plan.Action{createMesh{fleetID: b.opts.FleetID, outputDir: b.opts.Traits.Tools.OutputDir != "", clusters: b.opts.Clusters}}
}

// createMesh runs asmcli for all clusters at once.
type createMesh struct {
	fleetID   string
	outputDir bool
	clusters  []fleet.ClusterSpec
}

func (a createMesh) exec() plan.Exec {
	// Flags have their place behind the fleet's ID only.
	argv := []string{plan.Use(asmcliVariable), "create-mesh", a.fleetID}
	if a.outputDir {
		argv = append(argv, "-D", plan.Use(outputDirVariable))
	}
	for _, member := range a.clusters {
		argv = append(argv, plan.Use(plan.KubeconfigVariable(member.Name)))
	}
	return plan.Exec{Title: "create the mesh of all clusters", Argv: argv, Without: ownVariables(), Note: true}
}

// Show implements plan.Action.
func (a createMesh) Show() plan.Shown { return a.exec().Show() }

// Do implements plan.Action. asmcli overwrites the remote secrets that are
// there. Where somebody made some of them, those that are missing are made with
// istioctl instead, as asmcli would.
func (a createMesh) Do(ctx context.Context, site *plan.Site) error {
	if err := a.checkKubeconfigs(site); err != nil {
		return err
	}
	all, missing, err := a.pairs(ctx, site)
	switch {
	case err != nil:
		return err
	case len(missing) == all:
		return errors.Join(a.exec().Do(ctx, site), a.confirm(ctx, site))
	}
	site.Note(fmt.Sprintf("%d of %d remote secrets exist and lead to the fleet's clusters: reused; asmcli was not run", all-len(missing), all))
	for _, pair := range missing {
		if err := (giveAccess{source: pair.source}).Do(ctx, pair.target); err != nil {
			return err
		}
	}
	return nil
}

// confirm has the journal look at every cluster for what asmcli has made there.
func (a createMesh) confirm(ctx context.Context, site *plan.Site) error {
	var errs []error
	for _, member := range a.clusters {
		at, err := site.At(member.Name)
		if err == nil {
			err = at.Confirm(ctx)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// pair is a cluster that is to have access to another.
type pair struct {
	target *plan.Site
	source fleet.ClusterSpec
}

// pairs tells how many pairs there are and which of them have no remote secret.
func (a createMesh) pairs(ctx context.Context, site *plan.Site) (all int, missing []pair, err error) {
	for _, target := range a.clusters {
		at, err := site.At(target.Name)
		if err != nil {
			return 0, nil, err
		}
		for _, source := range a.clusters {
			if source.Name == target.Name {
				continue
			}
			all++
			secret, err := existingAccess(ctx, at, source)
			if err != nil {
				return 0, nil, err
			}
			if secret == "" {
				missing = append(missing, pair{target: at, source: source})
			}
		}
	}
	return all, missing, nil
}

// checkKubeconfigs refuses what asmcli takes without a word and makes half a
// mesh of (C.3): one kubeconfig, paths that are no files, several contexts or
// equal ones. The run's own kubeconfigs are none of these.
func (a createMesh) checkKubeconfigs(site *plan.Site) error {
	var errs []error
	if len(a.clusters) < 2 {
		errs = append(errs, fmt.Errorf("asmcli create-mesh: want at least 2 clusters, got %d: it would end well and do nothing", len(a.clusters)))
	}
	for _, member := range a.clusters {
		path, err := site.Expand(plan.Use(plan.KubeconfigVariable(member.Name)))
		if err == nil {
			err = oneContext(path, member.Name)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("asmcli create-mesh: the kubeconfig of cluster %q: %w", member.Name, err))
		}
	}
	return errors.Join(errs...)
}

// oneContext wants a kubeconfig with the one context of that name: asmcli uses
// the current context of each file and names secrets after it.
func oneContext(path, name string) error {
	config, err := clientcmd.LoadFromFile(path)
	if err != nil {
		return fmt.Errorf("%s: %w; asmcli would take it for a cluster of Google Cloud", path, err)
	}
	if _, ok := config.Contexts[name]; !ok || len(config.Contexts) != 1 || config.CurrentContext != name {
		return fmt.Errorf("%s: want the one context %q, got %d, current %q", path, name, len(config.Contexts), config.CurrentContext)
	}
	return nil
}
