package plan

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// Apply makes the objects of a manifest; one that exists and is not of this
// run is refused, or reused if it is right.
type Apply struct {
	Title string
	// Manifest is YAML of one or more documents.
	Manifest []byte
	// Reuse accepts objects that somebody else made and that are right already.
	Reuse bool
}

// Show implements Action.
func (a Apply) Show() Shown {
	return Shown{Kind: KindApply, Title: a.Title, Shell: heredoc("kubectl --kubeconfig=\""+kubeconfigHere+"\" apply -f -", a.Manifest)}
}

// Do implements Action.
func (a Apply) Do(ctx context.Context, site *Site) error {
	objects, err := kube.Decode(a.Manifest)
	if err != nil {
		return err
	}
	return site.Client.ApplyAll(ctx, objects, site.applying(a.Reuse))
}

// Pipe applies what a program prints, like `program | kubectl apply -f -`. The
// output may hold secrets: it is never printed or logged.
type Pipe struct {
	Title string
	From  Exec
	// Edit changes the objects before they are applied; nil changes nothing.
	Edit func([]*unstructured.Unstructured) ([]*unstructured.Unstructured, error)
	// Reuse accepts objects that somebody else made and that are right already.
	Reuse bool
}

// Show implements Action.
func (a Pipe) Show() Shown {
	return Shown{Kind: KindPipe, Title: a.Title, Shell: a.From.shellInto("kubectl --kubeconfig=\"" + kubeconfigHere + "\" apply -f -")}
}

// Do implements Action.
func (a Pipe) Do(ctx context.Context, site *Site) error {
	output, err := a.From.Output(ctx, site)
	if err != nil {
		return err
	}
	objects, err := kube.Decode(output)
	if err != nil {
		return fmt.Errorf("read the output of %s: %w", a.From.Argv[0], err)
	}
	if a.Edit != nil {
		if objects, err = a.Edit(objects); err != nil {
			return err
		}
	}
	return site.Client.ApplyAll(ctx, objects, site.applying(a.Reuse))
}

// Make applies objects that only exist at run time, such as keys.
type Make struct {
	Title string
	// Shell does the same by hand; it has the commands that make a secret,
	// never the secret.
	Shell   string
	Objects func(ctx context.Context, site *Site) ([]*unstructured.Unstructured, error)
}

// Show implements Action.
func (a Make) Show() Shown { return Shown{Kind: KindMake, Title: a.Title, Shell: a.Shell} }

// Do implements Action.
func (a Make) Do(ctx context.Context, site *Site) error {
	objects, err := a.Objects(ctx, site)
	if err != nil {
		return err
	}
	return site.Client.ApplyAll(ctx, objects, site.Own())
}

// Label sets one label of an object that may not be ours; the ledger keeps
// the value from before.
type Label struct {
	Title      string
	Ref        kube.Ref
	Key, Value string
}

// Show implements Action.
func (a Label) Show() Shown {
	namespace := ""
	if a.Ref.Namespace != "" {
		namespace = " --namespace=" + quote(a.Ref.Namespace)
	}
	return Shown{Kind: KindLabel, Title: a.Title, Shell: fmt.Sprintf("kubectl --kubeconfig=\"%s\"%s label %s %s %s --overwrite",
		kubeconfigHere, namespace, lower(a.Ref.Kind), quote(a.Ref.Name), quote(a.Key+"="+a.Value))}
}

// Do implements Action.
func (a Label) Do(ctx context.Context, site *Site) error {
	existing, err := site.Client.Get(ctx, a.Ref)
	if err != nil {
		return err
	}
	var before *string
	if value, ok := existing.GetLabels()[a.Key]; ok {
		if value == a.Value {
			return nil
		}
		before = &value
	}
	ref := kube.RefOf(existing)
	if err := site.Journal.Labelling(ctx, site.Cluster, ref, a.Key, before, a.Value); err != nil {
		return err
	}
	return site.Client.SetLabel(ctx, ref, a.Key, &a.Value)
}

// Await waits for a promise of the step.
type Await struct {
	Title string
	// Shell waits for the same by hand.
	Shell string
	Until func(ctx context.Context, site *Site) error
}

// Show implements Action.
func (a Await) Show() Shown { return Shown{Kind: KindAwait, Title: a.Title, Shell: a.Shell} }

// Do implements Action.
func (a Await) Do(ctx context.Context, site *Site) error { return a.Until(ctx, site) }

// Expect notes objects that a program started by the next actions will make
// by itself, without our label, so that undo removes them too. Objects that
// exist already are somebody's and are not noted.
type Expect struct {
	Title string
	// Shell says to whoever follows by hand what is left to remove.
	Shell string
	// Tool is the program, by its name in the ledger.
	Tool string
	Refs func(ctx context.Context, site *Site) ([]kube.Ref, error)
}

// Show implements Action.
func (a Expect) Show() Shown { return Shown{Kind: KindExpect, Title: a.Title, Shell: a.Shell} }

// Do implements Action.
func (a Expect) Do(ctx context.Context, site *Site) error {
	refs, err := a.Refs(ctx, site)
	if err != nil {
		return err
	}
	absent, _, err := site.LookFor(ctx, refs)
	if err != nil || len(absent) == 0 {
		return err
	}
	return site.Journal.Expecting(ctx, site.Client, a.Tool, absent)
}

// LookFor tells which objects exist. One whose kind the cluster does not know
// can be made by nobody and is in neither list.
func (s *Site) LookFor(ctx context.Context, refs []kube.Ref) (absent, present []kube.Ref, err error) {
	for _, ref := range refs {
		_, err := s.Client.Get(ctx, ref)
		switch {
		case err == nil:
			present = append(present, ref)
		case apierrors.IsNotFound(err):
			absent = append(absent, ref)
		case !meta.IsNoMatchError(err):
			return nil, nil, err
		}
	}
	return absent, present, nil
}
