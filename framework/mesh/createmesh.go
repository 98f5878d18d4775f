package mesh

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
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
			"Name": ReaderToken, "Account": ReaderAccount, "Namespace": fleet.SystemNamespace,
		}),
		plan.Await{
			Title: "await the reader's token",
			Shell: kubectlHere("--namespace="+fleet.SystemNamespace, "wait secret/"+ReaderToken, "--for=jsonpath='{.data.token}' --timeout=30s >/dev/null"),
			Until: func(ctx context.Context, site *plan.Site) error {
				return site.Client.Await(ctx, kube.Wait{
					For:   "the token in Secret " + fleet.SystemNamespace + "/" + ReaderToken,
					Bound: site.Bounds.Token,
					Watch: kube.Object(kube.Ref{APIVersion: "v1", Kind: "Secret", Namespace: fleet.SystemNamespace, Name: ReaderToken}),
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
			actions = append(actions, remoteSecret(source))
		}
	}
	return actions
}

func remoteSecret(source fleet.ClusterSpec) plan.Action {
	args := []string{
		"create-remote-secret",
		"--kubeconfig=" + plan.Use(plan.KubeconfigVariable(source.Name)),
		"--name=" + source.Name,
	}
	if source.RemoteServer != "" {
		args = append(args, "--server="+source.RemoteServer)
	}
	return plan.Pipe{
		Title: "give access to " + source.Name, Reuse: true,
		From: plan.Exec{Title: "make a remote secret of " + source.Name, Argv: istioctl(args...)},
		Edit: func(objects []*unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
			return onlySecret(objects, source.Name)
		},
	}
}

// onlySecret makes sure that what is applied is the one Secret it should be:
// the output of a tool is outside input.
func onlySecret(objects []*unstructured.Unstructured, source string) ([]*unstructured.Unstructured, error) {
	want := RemoteSecret(source)
	if len(objects) != 1 || objects[0].GetKind() != "Secret" || objects[0].GetName() != want {
		return nil, fmt.Errorf("istioctl create-remote-secret: want the one Secret %s, got %s", want, listed(objects))
	}
	if objects[0].GetNamespace() == "" {
		objects[0].SetNamespace(fleet.SystemNamespace)
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
