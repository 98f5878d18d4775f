package istio

import (
	"context"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// istiodReads is what istiod needs of a remote cluster for endpoint discovery
// (manifests/charts/istiod-remote, ClusterRole istio-reader).
func istiodReads() []authorizationv1.ResourceAttributes {
	return []authorizationv1.ResourceAttributes{
		{Verb: "list", Resource: "services"},
		{Verb: "list", Resource: "pods"},
		{Verb: "list", Resource: "nodes"},
		{Verb: "list", Resource: "namespaces"},
		{Verb: "list", Group: "discovery.k8s.io", Resource: "endpointslices"},
	}
}

// denied is what of it a token may not list, in the words of the API server itself.
func (r *reader) denied(ctx context.Context, client kubernetes.Interface) ([]string, error) {
	wanted := istiodReads()
	no, errs := make([]bool, len(wanted)), make([]error, len(wanted))
	eachOf(ctx, len(wanted), func(ctx context.Context, i int) {
		review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &wanted[i]}}
		answer, err := ask(ctx, r, "create selfsubjectaccessreviews.authorization.k8s.io as "+names.ReaderAccount,
			func(ctx context.Context) (*authorizationv1.SelfSubjectAccessReview, error) {
				ctx, cancel := context.WithTimeout(ctx, identifyBound)
				defer cancel()
				return client.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
			})
		if errs[i] = err; err == nil {
			no[i] = !answer.Status.Allowed
		}
	})
	var denied []string
	for i := range wanted {
		if errs[i] != nil {
			return nil, errs[i]
		}
		if no[i] {
			denied = append(denied, wanted[i].Resource)
		}
	}
	return denied, nil
}
