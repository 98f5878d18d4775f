package istio

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func (r *reader) identity(ctx context.Context) (Identity, error) {
	found, err := ask(ctx, r, "get namespace "+metav1.NamespaceSystem, r.client.Identity)
	if err != nil {
		return Identity{}, err
	}
	identity := Identity{UID: string(found.UID), Kubernetes: found.Version, Server: bareServer(r.client.REST.Host)}
	if r.opts.parts == 0 {
		identity.ClockAhead, err = r.clockAhead(ctx)
	}
	return identity, err
}

// clockAhead compares the clocks. The API server tells its own to the second, so that what
// is within a second and the request's own time is no difference. That no answer comes is
// the one error: who the cluster is may be known from an hour ago.
func (r *reader) clockAhead(ctx context.Context) (float64, error) {
	begun := time.Now()
	server, err := ask(ctx, r, "get /version", r.client.ServerTime)
	if err != nil {
		return 0, unanswered(err)
	}
	took := time.Since(begun)
	ahead := server.Add(time.Second / 2).Sub(begun.Add(took / 2))
	if ahead.Abs() <= time.Second+took/2 {
		return 0, nil
	}
	return math.Round(ahead.Seconds()), nil
}

// unanswered is an error where no answer came. Another is no reason to give up on what is an
// aid only: nothing rests on there being no difference of clocks.
func unanswered(err error) error {
	if reasonOf(err) == Unanswered {
		return err
	}
	return nil
}

func (r *reader) getNamespace(ctx context.Context, name string) (*corev1.Namespace, error) {
	return ask(ctx, r, "get namespace "+name, func(ctx context.Context) (*corev1.Namespace, error) {
		return r.client.Kubernetes.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
	})
}

// namespace is a namespace as it is; one that is not there is no error.
func (r *reader) namespace(ctx context.Context, name string) (Namespace, error) {
	found, err := r.getNamespace(ctx, name)
	if apierrors.IsNotFound(err) {
		return Namespace{}, nil
	}
	if err != nil {
		return Namespace{}, err
	}
	return Namespace{Found: true, Labels: found.Labels, ControlPlanes: found.Annotations[names.ControlPlanes]}, nil
}

func (r *reader) system(ctx context.Context) {
	found, err := r.namespace(ctx, names.System)
	r.out.System = sectionOf(fmt.Sprintf("namespace %s", names.System), found, err)
}

// bareServer is a server's URL without what may be a credential in it; empty where it is no URL.
func bareServer(server string) string {
	parsed, err := url.Parse(server)
	if err != nil || parsed.Host == "" {
		return ""
	}
	parsed.User, parsed.RawQuery, parsed.Fragment = nil, "", ""
	return parsed.String()
}
