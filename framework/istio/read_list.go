package istio

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// pageSize is how many objects of a list are asked for at a time: what a slow connection
// brings well within the bound of a request.
const pageSize = 500

// lister is how one kind is listed in a namespace, or in all.
type lister[L metav1.ListInterface] func(ctx context.Context, namespace string, opts metav1.ListOptions) (L, error)

// list goes through all pages of a list.
func list[L metav1.ListInterface](ctx context.Context, r *reader, resource, namespace, selector string, from lister[L], each func(L)) error {
	opts := metav1.ListOptions{LabelSelector: selector, Limit: pageSize}
	for {
		page, err := ask(ctx, r, listRight(resource, namespace), func(ctx context.Context) (L, error) { return from(ctx, namespace, opts) })
		if err != nil {
			return err
		}
		each(page)
		if opts.Continue = page.GetContinue(); opts.Continue == "" {
			return nil
		}
	}
}

func listRight(resource, namespace string) string {
	if namespace == metav1.NamespaceAll {
		return "list " + resource
	}
	return "list " + resource + " in " + namespace
}

// everywhere lists in all namespaces, or, where that is forbidden, in some.
func everywhere[L metav1.ListInterface](ctx context.Context, r *reader, resource, selector string, some []string, from lister[L], each func(L)) error {
	err := list(ctx, r, resource, metav1.NamespaceAll, selector, from, each)
	if !apierrors.IsForbidden(err) {
		return err
	}
	for _, namespace := range some {
		if err := list(ctx, r, resource, namespace, selector, from, each); err != nil {
			return err
		}
	}
	return nil
}
