package plan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// Foreseen is an object that a plan will make on a cluster.
type Foreseen struct {
	Cluster string
	Ref     kube.Ref
	// Balancer is true for a Service for which the cloud makes a load balancer, which
	// is public unless its annotations say otherwise.
	Balancer bool
}

// String names the object, and what else it brings.
func (f Foreseen) String() string {
	if f.Balancer {
		return fmt.Sprintf("cluster %q: %s, a load balancer that may be public", f.Cluster, f.Ref)
	}
	return fmt.Sprintf("cluster %q: %s", f.Cluster, f.Ref)
}

// Foreseer is an Action that can tell which objects it will make, beyond those that are
// there. It only reads.
type Foreseer interface {
	Foresee(ctx context.Context, site *Site) ([]Foreseen, error)
}

// Foresee lists what a plan will make outside of the namespaces that it makes itself:
// load balancers first, then by cluster.
func Foresee(ctx context.Context, env *Env, p Plan) ([]Foreseen, error) {
	var (
		all  []Foreseen
		errs []error
	)
	for _, step := range p.Steps {
		for _, work := range step.Work {
			site, err := env.site(work.Cluster)
			if err != nil {
				return nil, err
			}
			for _, action := range work.Actions {
				foreseer, ok := action.(Foreseer)
				if !ok {
					continue
				}
				found, err := foreseer.Foresee(ctx, site)
				errs = append(errs, err)
				all = append(all, found...)
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return order(outside(all)), nil
}

// outside leaves out the namespaces that are made, and what is in them.
func outside(all []Foreseen) []Foreseen {
	own := map[string]bool{}
	for _, f := range all {
		if f.Ref.Kind == "Namespace" {
			own[f.Cluster+"/"+f.Ref.Name] = true
		}
	}
	return slices.DeleteFunc(all, func(f Foreseen) bool {
		return f.Ref.Kind == "Namespace" || own[f.Cluster+"/"+f.Ref.Namespace]
	})
}

func order(all []Foreseen) []Foreseen {
	slices.SortStableFunc(all, func(a, b Foreseen) int {
		if a.Balancer != b.Balancer {
			if a.Balancer {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Cluster, b.Cluster)
	})
	return all
}

// ForeseeObjects lists those of the objects that are not there.
func (s *Site) ForeseeObjects(ctx context.Context, objects []*unstructured.Unstructured) ([]Foreseen, error) {
	refs := make([]kube.Ref, 0, len(objects))
	balancers := map[kube.Ref]bool{}
	for _, obj := range objects {
		ref := kube.RefOf(obj)
		refs = append(refs, ref)
		kind, _, _ := unstructured.NestedString(obj.Object, "spec", "type")
		balancers[ref] = ref.Kind == "Service" && kind == "LoadBalancer"
	}
	return s.ForeseeRefs(ctx, refs, func(ref kube.Ref) bool { return balancers[ref] })
}

// ForeseeRefs lists those of the objects that are not there.
func (s *Site) ForeseeRefs(ctx context.Context, refs []kube.Ref, balancer func(kube.Ref) bool) ([]Foreseen, error) {
	absent, _, err := s.LookFor(ctx, refs)
	if err != nil {
		return nil, err
	}
	var all []Foreseen
	for _, ref := range absent {
		all = append(all, Foreseen{Cluster: s.Cluster, Ref: ref, Balancer: balancer != nil && balancer(ref)})
	}
	return all, nil
}

// Foresee implements Foreseer.
func (a Apply) Foresee(ctx context.Context, site *Site) ([]Foreseen, error) {
	objects, err := kube.Decode(a.Manifest)
	if err != nil {
		return nil, err
	}
	return site.ForeseeObjects(ctx, objects)
}

// Foresee implements Foreseer.
func (a Make) Foresee(ctx context.Context, site *Site) ([]Foreseen, error) {
	objects, err := a.Objects(ctx, site)
	if err != nil {
		return nil, err
	}
	return site.ForeseeObjects(ctx, objects)
}

// Foresee implements Foreseer.
func (a Expect) Foresee(ctx context.Context, site *Site) ([]Foreseen, error) {
	refs, err := a.Refs(ctx, site)
	if err != nil {
		return nil, err
	}
	return site.ForeseeRefs(ctx, refs, nil)
}
