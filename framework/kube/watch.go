package kube

import (
	"context"
	"fmt"
	"sort"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
)

// Watched says which objects a wait watches.
type Watched struct {
	ref      Ref
	selector string
}

// Object watches one object, whether it exists yet or not.
func Object(ref Ref) Watched { return Watched{ref: ref} }

// Selection names the objects of one kind in one namespace by their labels.
type Selection struct {
	APIVersion, Kind string
	// Namespace is empty for cluster-scoped kinds.
	Namespace string
	// Labels is a label selector, such as "app=istiod"; empty means all.
	Labels string
}

// Selected watches all objects of a selection.
func Selected(s Selection) Watched {
	return Watched{ref: Ref{APIVersion: s.APIVersion, Kind: s.Kind, Namespace: s.Namespace}, selector: s.Labels}
}

// watch calls changed with all watched objects, once listed and after every
// change, until it returns true or ctx ends. failed gets errors of the list
// and watch requests, which are otherwise retried in silence.
func (c *Client) watch(ctx context.Context, watched Watched, changed func([]*unstructured.Unstructured) bool, failed func(error)) error {
	resource, err := c.resource(watched.ref)
	if err != nil {
		return c.fail("watch", watched.ref, err)
	}
	// An informer takes 100 ms to say that it is synced (cache.WaitForCacheSync);
	// what is so already need not wait for that.
	if met, err := checkNow(ctx, resource, watched, changed); met || err != nil {
		return err
	}
	var store cache.Store
	check := func() bool { return changed(contents(store)) }
	_, err = watchtools.UntilWithSync(ctx, listWatch(ctx, resource, watched, failed), &unstructured.Unstructured{},
		func(synced cache.Store) (bool, error) {
			store = synced
			return check(), nil
		},
		func(event watch.Event) (bool, error) {
			if event.Type == watch.Error {
				return false, fmt.Errorf("watch: %v", event.Object)
			}
			return check(), nil
		})
	return err
}

// checkNow asks once. Errors are left to the informer, which tries again; only
// the end of ctx is one.
func checkNow(ctx context.Context, resource dynamic.ResourceInterface, watched Watched, changed func([]*unstructured.Unstructured) bool) (bool, error) {
	list, err := resource.List(ctx, watched.restrict(metav1.ListOptions{}))
	if err != nil {
		return false, ctx.Err()
	}
	objects := make([]*unstructured.Unstructured, 0, len(list.Items))
	for i := range list.Items {
		objects = append(objects, &list.Items[i])
	}
	return changed(objects), nil
}

// restrict adds what is watched to the options of a request.
func (w Watched) restrict(opts metav1.ListOptions) metav1.ListOptions {
	opts.LabelSelector = w.selector
	if w.ref.Name != "" {
		opts.FieldSelector = fields.OneTermEqualSelector("metadata.name", w.ref.Name).String()
	}
	return opts
}

func listWatch(ctx context.Context, resource dynamic.ResourceInterface, watched Watched, failed func(error)) *cache.ListWatch {
	explained := func(err error) error {
		if err != nil && ctx.Err() == nil {
			failed(err)
		}
		return err
	}
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, opts metav1.ListOptions) (runtime.Object, error) {
			list, err := resource.List(ctx, watched.restrict(opts))
			return list, explained(err)
		},
		WatchFuncWithContext: func(ctx context.Context, opts metav1.ListOptions) (watch.Interface, error) {
			watcher, err := resource.Watch(ctx, watched.restrict(opts))
			return watcher, explained(err)
		},
	}
}

// contents lists the store ordered by namespace and name.
func contents(store cache.Store) []*unstructured.Unstructured {
	items := store.List()
	objects := make([]*unstructured.Unstructured, 0, len(items))
	for _, item := range items {
		if obj, ok := item.(*unstructured.Unstructured); ok {
			objects = append(objects, obj)
		}
	}
	sort.Slice(objects, func(i, j int) bool {
		a, b := objects[i], objects[j]
		if a.GetNamespace() != b.GetNamespace() {
			return a.GetNamespace() < b.GetNamespace()
		}
		return a.GetName() < b.GetName()
	})
	return objects
}
