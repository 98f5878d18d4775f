package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// Journal gets what Apply is about to make, before it is made, and what
// became of it. framework/ledger writes it to disk.
type Journal interface {
	// Making is called before objects are made; when it returns an error
	// none of them is made.
	Making(ctx context.Context, cluster string, refs []Ref) error
	// Made is called with an object's UID once it exists.
	Made(ctx context.Context, cluster string, ref Ref) error
}

// ApplyOptions say on whose behalf objects are applied.
type ApplyOptions struct {
	// Run is the run's ID; it goes on every object as a label. It must be set.
	Run string
	// Journal records what is made; it must be set.
	Journal Journal
	// Bounds for definitions becoming Established; the zero value means DefaultBounds.
	Bounds Bounds
	// Reused, where it is set, allows to go on with objects that somebody else
	// made and that are right already, and gets each of them; one that
	// differs is refused with a *DiffersError. Where it is nil, every object that
	// somebody else made is refused. It is called by several goroutines at once.
	Reused func(Ref)
}

func (o ApplyOptions) bounds() Bounds {
	if o.Bounds == (Bounds{}) {
		return DefaultBounds()
	}
	return o.Bounds
}

// NotOursError refuses to overwrite an object that this run did not make.
type NotOursError struct {
	Cluster string
	Ref     Ref
	// Run is the run that made the object, empty when eastwest did not.
	Run string
}

func (e *NotOursError) Error() string {
	if e.Run != "" {
		return fmt.Sprintf("%s on cluster %q was made by run %s: not overwritten; run \"eastwest cleanup --run %s\" first",
			e.Ref, e.Cluster, e.Run, e.Run)
	}
	return fmt.Sprintf("%s on cluster %q exists and was not made by eastwest: not overwritten; remove or rename it, or use another namespace",
		e.Ref, e.Cluster)
}

// Apply makes the object, or brings it to the wanted state when this run made
// it before. It returns the object as the cluster stores it. An object that
// this run did not make is never touched: the error is then a *NotOursError.
func (c *Client) Apply(ctx context.Context, obj *unstructured.Unstructured, opts ApplyOptions) (*unstructured.Unstructured, error) {
	applied, err := c.applyBatch(ctx, []*unstructured.Unstructured{obj}, opts)
	if err != nil {
		return nil, err
	}
	return applied[0], nil
}

// ApplyAll applies objects as Apply does, and returns once the
// CustomResourceDefinitions among them are Established. What needs them is
// applied after that; otherwise the two go beside each other, since an API
// server is busy with definitions for seconds in which programs can start. If
// one object is not ours, none of its batch (definitions, rest) is touched, and
// all such are reported.
func (c *Client) ApplyAll(ctx context.Context, objects []*unstructured.Unstructured, opts ApplyOptions) error {
	definitions, rest := splitDefinitions(objects)
	if defineSome(definitions, rest) {
		if err := c.applyDefinitions(ctx, definitions, opts); err != nil {
			return err
		}
		_, err := c.applyBatch(ctx, rest, opts)
		return err
	}
	var errDefinitions, errRest error
	var both sync.WaitGroup
	both.Go(func() { errDefinitions = c.applyDefinitions(ctx, definitions, opts) })
	both.Go(func() { _, errRest = c.applyBatch(ctx, rest, opts) })
	both.Wait()
	return errors.Join(errDefinitions, errRest)
}

func (c *Client) applyDefinitions(ctx context.Context, definitions []*unstructured.Unstructured, opts ApplyOptions) error {
	made, err := c.applyBatch(ctx, definitions, opts)
	if err != nil {
		return err
	}
	return c.awaitEstablished(ctx, made, opts.bounds())
}

// target is an object on its way into the cluster.
type target struct {
	resource dynamic.ResourceInterface
	obj      *unstructured.Unstructured
	existing *unstructured.Unstructured // nil when it has to be made
	reused   bool                       // somebody else's, and right as it is
}

func (c *Client) applyBatch(ctx context.Context, objects []*unstructured.Unstructured, opts ApplyOptions) ([]*unstructured.Unstructured, error) {
	if opts.Run == "" || opts.Journal == nil {
		return nil, fmt.Errorf("apply on cluster %q: want a run and a journal, got run %q", c.Name, opts.Run)
	}
	targets, err := c.lookAtAll(ctx, objects, opts)
	if err != nil {
		return nil, err
	}
	if err := c.announce(ctx, targets, opts); err != nil {
		return nil, err
	}
	return c.putAll(ctx, targets, opts)
}

// putAll keeps the order, except that definitions, which are large and do not
// depend on each other, are put several at a time.
func (c *Client) putAll(ctx context.Context, targets []target, opts ApplyOptions) ([]*unstructured.Unstructured, error) {
	applied := make([]*unstructured.Unstructured, len(targets))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(putsAtOnce(targets))
	for i, t := range targets {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			done, err := c.put(ctx, t, opts)
			applied[i] = done
			return err
		})
	}
	return applied, group.Wait()
}

func putsAtOnce(targets []target) int {
	if len(targets) > 0 && targets[0].obj.GetKind() == DefinitionKind {
		return requestsAtOnce
	}
	return 1
}

// lookAtAll finds out which objects exist and refuses those that are not ours.
// It reads several at a time: a control plane has some fifty.
func (c *Client) lookAtAll(ctx context.Context, objects []*unstructured.Unstructured, opts ApplyOptions) ([]target, error) {
	targets, errs := make([]target, len(objects)), make([]error, len(objects))
	var group errgroup.Group
	group.SetLimit(requestsAtOnce)
	for i, obj := range objects {
		group.Go(func() error {
			targets[i], errs[i] = c.lookAt(ctx, obj, opts)
			return nil
		})
	}
	_ = group.Wait() // the errors are in errs, in order
	return targets, errors.Join(errs...)
}

// requestsAtOnce is how many requests a batch has under way on one cluster.
const requestsAtOnce = 8

func (c *Client) lookAt(ctx context.Context, obj *unstructured.Unstructured, opts ApplyOptions) (target, error) {
	ref := RefOf(obj)
	resource, err := c.resource(ref)
	if err != nil {
		return target{}, c.fail("apply", ref, err)
	}
	t := target{resource: resource, obj: obj.DeepCopy()}
	mark(t.obj, opts.Run)
	existing, err := resource.Get(ctx, ref.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return t, nil
	case err != nil:
		return target{}, c.fail("apply", ref, err)
	}
	t.existing = existing
	if RunOf(existing) == opts.Run {
		return t, nil
	}
	if opts.Reused == nil || RunOf(existing) != "" {
		return target{}, &NotOursError{Cluster: c.Name, Ref: ref, Run: RunOf(existing)}
	}
	return c.reuse(ctx, t, obj)
}

// reuse accepts somebody else's object if it is what is wanted.
func (c *Client) reuse(ctx context.Context, t target, wanted *unstructured.Unstructured) (target, error) {
	found, err := c.differences(ctx, t, wanted)
	if err != nil {
		return target{}, err
	}
	if len(found) > 0 {
		return target{}, &DiffersError{Cluster: c.Name, Ref: RefOf(wanted), Differences: found}
	}
	t.reused = true
	return t, nil
}

// announce writes to the journal what is going to be made.
func (c *Client) announce(ctx context.Context, targets []target, opts ApplyOptions) error {
	var refs []Ref
	for _, t := range targets {
		if t.existing == nil {
			refs = append(refs, RefOf(t.obj))
		}
	}
	if len(refs) == 0 {
		return nil
	}
	if err := opts.Journal.Making(ctx, c.Name, refs); err != nil {
		return c.fail("write the ledger for", refs[0], err)
	}
	return nil
}

func (c *Client) put(ctx context.Context, t target, opts ApplyOptions) (*unstructured.Unstructured, error) {
	switch {
	case t.reused:
		opts.Reused(RefOf(t.existing))
		return t.existing, nil
	case t.existing != nil:
		return c.update(ctx, t)
	}
	return c.create(ctx, t, opts)
}

// create uses POST, not server-side apply: only POST fails when somebody else
// made the object since we looked.
func (c *Client) create(ctx context.Context, t target, opts ApplyOptions) (*unstructured.Unstructured, error) {
	ref := RefOf(t.obj)
	made, err := t.resource.Create(ctx, t.obj, metav1.CreateOptions{FieldManager: FieldManager})
	if apierrors.IsAlreadyExists(err) {
		return nil, &NotOursError{Cluster: c.Name, Ref: ref}
	}
	if err != nil {
		return nil, c.fail("create", ref, err)
	}
	if err := opts.Journal.Made(ctx, c.Name, RefOf(made)); err != nil {
		return nil, c.fail("write the ledger for", ref, err)
	}
	return made, nil
}

// update is a server-side apply with the UID as a precondition: the object
// that was looked at, or none.
func (c *Client) update(ctx context.Context, t target) (*unstructured.Unstructured, error) {
	t.obj.SetUID(t.existing.GetUID())
	body, err := json.Marshal(t.obj)
	if err != nil {
		return nil, c.fail("apply", RefOf(t.obj), err)
	}
	force := true // a field that we applied stays ours, whoever touched it since
	applied, err := t.resource.Patch(ctx, t.obj.GetName(), types.ApplyPatchType, body,
		metav1.PatchOptions{FieldManager: FieldManager, Force: &force})
	if err != nil {
		return nil, c.fail("apply", RefOf(t.obj), err)
	}
	return applied, nil
}
