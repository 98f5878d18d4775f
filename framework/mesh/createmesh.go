package mesh

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

// reader makes the token Secret of the reader's account. istioctl would make
// it itself, without our label and outside the ledger; it takes the one that
// is there.
func (b *builder) reader(cluster fleet.ClusterSpec) []plan.Action {
	if b.opts.Traits.Tools.Asmcli != "" {
		return []plan.Action{b.expectSecrets(cluster)}
	}
	return []plan.Action{
		b.apply("make the reader's token", "reader-token.yaml.tmpl", map[string]any{
			"Name": names.ReaderToken, "Account": names.ReaderAccount, "Namespace": names.System,
		}),
		plan.Await{
			Title: "await the reader's token",
			Shell: kubectlHere("--namespace="+names.System, "wait secret/"+names.ReaderToken, "--for=jsonpath='{.data.token}' --timeout=30s >/dev/null"),
			Until: func(ctx context.Context, site *plan.Site) error {
				return site.Client.Await(ctx, kube.Wait{
					For:   "the token in Secret " + names.System + "/" + names.ReaderToken,
					Bound: site.Bounds.Token,
					Watch: kube.Object(kube.Ref{APIVersion: "v1", Kind: "Secret", Namespace: names.System, Name: names.ReaderToken}),
					Until: hasToken,
				})
			},
		},
	}
}

func hasToken(secrets []*unstructured.Unstructured) kube.State {
	if len(secrets) == 0 {
		return kube.State{Seen: "no such secret"}
	}
	for _, key := range []string{"token", "ca.crt"} {
		if value, _, _ := unstructured.NestedString(secrets[0].Object, "data", key); value == "" {
			return kube.State{Seen: "no " + key + " in it"}
		}
	}
	return kube.State{Met: true, Seen: "token and CA in it"}
}

// createMesh gives one cluster access to every other one. Where asmcli is at
// hand it does so for all clusters in one go; elsewhere istioctl does, as
// asmcli would, for each ordered pair.
func (b *builder) createMesh(target fleet.ClusterSpec) []plan.Action {
	if b.opts.Traits.Tools.Asmcli != "" {
		return b.asmcliCreateMesh(target)
	}
	var actions []plan.Action
	for _, source := range b.opts.Clusters {
		if source.Name != target.Name {
			actions = append(actions, giveAccess{source: source})
		}
	}
	return actions
}

// giveAccess makes the remote secret of one cluster on another, unless
// somebody's remote secret leads there already.
type giveAccess struct{ source fleet.ClusterSpec }

func (a giveAccess) pipe() plan.Pipe {
	args := []string{
		"create-remote-secret",
		"--kubeconfig=" + plan.Use(plan.KubeconfigVariable(a.source.Name)),
		"--name=" + a.source.Name,
	}
	if a.source.RemoteServer != "" {
		args = append(args, "--server="+a.source.RemoteServer)
	}
	return plan.Pipe{
		Title: "give access to " + a.source.Name,
		From:  plan.Exec{Title: "make a remote secret of " + a.source.Name, Argv: istioctl(args...)},
		Edit: func(objects []*unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
			return onlySecret(objects, a.source.Name)
		},
	}
}

// Show implements plan.Action.
func (a giveAccess) Show() plan.Shown { return a.pipe().Show() }

// Do implements plan.Action.
func (a giveAccess) Do(ctx context.Context, site *plan.Site) error {
	secret, err := existingAccess(ctx, site, a.source)
	if err != nil {
		return err
	}
	if secret != "" {
		site.Note(fmt.Sprintf("remote secret %s exists and leads to cluster %q: reused", secret, a.source.Name))
		return nil
	}
	return a.pipe().Do(ctx, site)
}

// onlySecret makes sure that what is applied is the one Secret it should be:
// the output of a tool is outside input.
func onlySecret(objects []*unstructured.Unstructured, source string) ([]*unstructured.Unstructured, error) {
	want := RemoteSecret(source)
	if len(objects) != 1 || objects[0].GetKind() != "Secret" || objects[0].GetName() != want {
		return nil, fmt.Errorf("istioctl create-remote-secret: want the one Secret %s, got %s", want, listed(objects))
	}
	if objects[0].GetNamespace() == "" {
		objects[0].SetNamespace(names.System)
	}
	return objects, nil
}

func listed(objects []*unstructured.Unstructured) string {
	text := ""
	for i, obj := range objects {
		if i > 0 {
			text += ", "
		}
		text += kube.RefOf(obj).String()
	}
	if text == "" {
		return "nothing"
	}
	return text
}
