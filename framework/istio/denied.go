package istio

import (
	"context"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
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

// grants is all that a token may do in the namespace of the control planes, in one answer of
// the API server. errIdentity is why its cluster could not be told, which may be that the token
// may not read namespaces.
func (r *reader) grants(ctx context.Context, client kubernetes.Interface, errIdentity error) ([]Grant, error) {
	if errIdentity != nil && !apierrors.IsForbidden(errIdentity) {
		return nil, errIdentity
	}
	review := &authorizationv1.SelfSubjectRulesReview{Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: names.System}}
	answer, err := ask(ctx, r, "create selfsubjectrulesreviews.authorization.k8s.io as "+names.ReaderAccount,
		func(ctx context.Context) (*authorizationv1.SelfSubjectRulesReview, error) {
			ctx, cancel := context.WithTimeout(ctx, identifyBound)
			defer cancel()
			return client.AuthorizationV1().SelfSubjectRulesReviews().Create(ctx, review, metav1.CreateOptions{})
		})
	if err != nil {
		return nil, err
	}
	if answer.Status.Incomplete {
		return nil, malformed("the API server does not tell all that the token may do: " + answer.Status.EvaluationError)
	}
	grants := make([]Grant, 0, len(answer.Status.ResourceRules))
	for _, rule := range answer.Status.ResourceRules {
		grants = append(grants, Grant{Verbs: rule.Verbs, Groups: rule.APIGroups, Resources: rule.Resources, Names: rule.ResourceNames})
	}
	return grants, nil
}
