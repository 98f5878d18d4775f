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
	"k8s.io/apimachinery/pkg/version"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func (r *reader) identity(ctx context.Context) (Identity, error) {
	found, err := r.getNamespace(ctx, metav1.NamespaceSystem)
	if err != nil {
		return Identity{}, err
	}
	release, err := ask(ctx, r, "get /version", func(context.Context) (*version.Info, error) {
		return r.client.Kubernetes.Discovery().ServerVersion()
	})
	if err != nil {
		return Identity{}, err
	}
	return Identity{
		UID: string(found.UID), Kubernetes: release.GitVersion, Server: bareServer(r.client.REST.Host), ClockAhead: r.clockAhead(ctx),
	}, nil
}

// clockAhead compares the clocks. The API server tells its own to the second, so that what
// is within a second and the request's own time is no difference.
func (r *reader) clockAhead(ctx context.Context) float64 {
	begun := time.Now()
	server, err := ask(ctx, r, "get /version", r.client.ServerTime)
	if err != nil {
		return 0 // an aid only; nothing rests on there being no difference
	}
	took := time.Since(begun)
	ahead := server.Add(time.Second / 2).Sub(begun.Add(took / 2))
	if ahead.Abs() <= time.Second+took/2 {
		return 0
	}
	return math.Round(ahead.Seconds())
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
