package ledger

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// Item is one object of an inventory.
type Item struct {
	kube.Ref
	// Content is a hash of what somebody wants of the object: all but its
	// status and the bookkeeping of the API server.
	Content string `json:"content"`
	// Run is the run whose label it carries; empty for none.
	Run string `json:"run,omitempty"`
	// Managers are who has written it.
	Managers []kube.Manager `json:"managers,omitempty"`

	place place
}

// place is what one list request is about: a resource in a namespace, or, where that is
// empty, in the whole cluster.
type place struct {
	resource  schema.GroupResource
	namespace string
}

// Inventory is what a cluster holds in the places that a run touches, ordered.
type Inventory struct {
	Cluster string `json:"cluster"`
	// Taken is when it was begun, by the API server's clock.
	Taken time.Time `json:"taken"`
	Items []Item    `json:"items"`

	forbidden map[place]bool // what the user may not list
}

// NotSeen says what the user may not list; empty for nothing.
func (i Inventory) NotSeen() string {
	if len(i.forbidden) == 0 {
		return ""
	}
	kinds := map[string]int{}
	for place := range i.forbidden {
		kinds[cmp.Or(place.namespace, "the whole cluster")]++
	}
	var places []string
	for _, where := range slices.Sorted(maps.Keys(kinds)) {
		places = append(places, fmt.Sprintf("%d in %s", kinds[where], where))
	}
	return fmt.Sprintf("cluster %q: kinds of objects not looked at for want of rights to list them: %s; what the run made was looked up one by one", i.Cluster, strings.Join(places, ", "))
}

// InventoryOptions say where to look.
type InventoryOptions struct {
	// Namespaces whose namespaced objects are listed; those that do not exist are empty.
	Namespaces []string

	// onlyRun lists nothing but the objects with the label of a run.
	onlyRun string
}

// TakeInventory lists, on every cluster in parallel: all objects of the
// namespaces; all namespaces, CustomResourceDefinitions, webhook
// configurations and cluster roles and their bindings; and everywhere else
// the objects with a label of eastwest and what istiod publishes, but for Secrets, which
// are asked for in the namespaces alone. What Kubernetes changes by itself is left out (see
// ignored), and what the user may not list is counted. The inventories are in the order
// of clients.
func TakeInventory(ctx context.Context, clients []*kube.Client, opts InventoryOptions) ([]Inventory, error) {
	inventories, errs := make([]Inventory, len(clients)), make([]error, len(clients))
	var group sync.WaitGroup
	for i, client := range clients {
		group.Go(func() { inventories[i], errs[i] = takeOne(ctx, client, opts) })
	}
	group.Wait()
	return inventories, errors.Join(errs...)
}

func takeOne(ctx context.Context, client *kube.Client, opts InventoryOptions) (Inventory, error) {
	taken, err := client.ServerTime(ctx)
	if err != nil {
		return Inventory{}, fmt.Errorf("inventory of cluster %q: %w", client.Name, err)
	}
	listings, err := listings(client, opts)
	if err != nil {
		return Inventory{}, fmt.Errorf("inventory of cluster %q: %w", client.Name, err)
	}
	found, refused := make([][]Item, len(listings)), make([]bool, len(listings))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(listsAtOnce)
	for i, l := range listings {
		group.Go(func() error {
			items, err := l.list(ctx, client)
			if refused[i] = apierrors.IsForbidden(err); refused[i] {
				return nil
			}
			found[i] = items
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return Inventory{}, fmt.Errorf("inventory of cluster %q: %w", client.Name, err)
	}
	items := slices.Concat(found...)
	sort.Slice(items, func(i, j int) bool { return key(items[i]) < key(items[j]) })
	// An object with our label in one of the namespaces was listed twice.
	items = slices.CompactFunc(items, func(a, b Item) bool { return key(a) == key(b) })
	forbidden := map[place]bool{}
	for i, l := range listings {
		if refused[i] {
			forbidden[l.place()] = true
		}
	}
	return Inventory{Cluster: client.Name, Taken: taken, Items: items, forbidden: forbidden}, nil
}

// publishedByIstiod selects the ConfigMaps that istiod puts into every
// namespace and that would outlive it.
const publishedByIstiod = names.Config + "=" + names.True

const listsAtOnce = 8

// key orders and identifies items; the API version is not part of it, since
// one object is served in several.
func key(i Item) string { return strings.Join([]string{i.Kind, i.Namespace, i.Name}, "\x00") }

// listing is one list request.
type listing struct {
	resource  schema.GroupVersionResource
	namespace string // empty for cluster-scoped resources and for all namespaces
	selector  string
}

// listings asks discovery which resources there are and makes the requests.
// Groups whose own API server is down are left out: they are not ours.
func listings(client *kube.Client, opts InventoryOptions) ([]listing, error) {
	lists, err := client.Kubernetes.Discovery().ServerPreferredResources()
	if len(lists) == 0 && err != nil {
		return nil, err
	}
	var all []listing
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, err
		}
		for _, resource := range list.APIResources {
			if slices.Contains(resource.Verbs, "list") && !ignoredResource(version.Group, resource.Name) {
				all = append(all, listingsOf(version.WithResource(resource.Name), resource.Namespaced, opts)...)
			}
		}
	}
	return all, nil
}

func listingsOf(resource schema.GroupVersionResource, namespaced bool, opts InventoryOptions) []listing {
	run := kube.LabelRun
	if opts.onlyRun != "" {
		run += "=" + opts.onlyRun
	} else if !namespaced && wholly(resource) {
		return []listing{{resource: resource}}
	}
	var all []listing
	// No security team lets anybody list all Secrets.
	if resource.Group != "" || resource.Resource != "secrets" {
		all = append(all, listing{resource: resource, selector: run})
	}
	if !namespaced {
		return all
	}
	if opts.onlyRun == "" && resource.Group == "" && resource.Resource == "configmaps" {
		all = append(all, listing{resource: resource, selector: publishedByIstiod})
	}
	for _, namespace := range opts.Namespaces {
		one := listing{resource: resource, namespace: namespace}
		if opts.onlyRun != "" {
			one.selector = run
		}
		all = append(all, one)
	}
	return all
}

func (l listing) place() place { return place{l.resource.GroupResource(), l.namespace} }

func (l listing) list(ctx context.Context, client *kube.Client) ([]Item, error) {
	list, err := client.Dynamic.Resource(l.resource).Namespace(l.namespace).List(ctx, metav1.ListOptions{LabelSelector: l.selector})
	switch {
	case apierrors.IsNotFound(err), apierrors.IsMethodNotSupported(err):
		return nil, nil // the resource went away since discovery, or cannot be listed after all
	case err != nil:
		return nil, fmt.Errorf("list %s: %w", l.resource.GroupResource(), err)
	}
	var items []Item
	for i := range list.Items {
		obj := &list.Items[i]
		if ignoredObject(obj) {
			continue
		}
		content, err := contentHash(obj)
		if err != nil {
			return nil, err
		}
		items = append(items, Item{Ref: kube.RefOf(obj), Content: content, Run: kube.RunOf(obj), Managers: kube.Managers(obj), place: l.place()})
	}
	return items, nil
}

// contentHash hashes what somebody wants of an object.
func contentHash(obj *unstructured.Unstructured) (string, error) {
	content := kube.Desired(obj)
	if _, aggregated := content["aggregationRule"]; aggregated {
		delete(content, "rules") // gathered by a controller from other cluster roles
	}
	if metadata, ok := content["metadata"].(map[string]any); ok {
		dropIgnoredAnnotations(metadata)
	}
	encoded, err := json.Marshal(content) // sorts the keys
	if err != nil {
		return "", fmt.Errorf("hash %s: %w", kube.RefOf(obj), err)
	}
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:]), nil
}
