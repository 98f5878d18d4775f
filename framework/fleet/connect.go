package fleet

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// connect fills in all of c that only the cluster itself can tell.
func (c *Cluster) connect(ctx context.Context, dir string, opts Options) error {
	c.Minimal = filepath.Join(dir, c.Name+".yaml")
	if err := writeMinimal(c.ClusterSpec, c.Minimal); err != nil {
		return fmt.Errorf("fleet: cluster %q: %w", c.Name, err)
	}
	client, err := kube.New(kube.Options{
		Name: c.Name, Kubeconfig: c.Minimal, UserAgent: opts.UserAgent, Recorder: opts.Recorder, Bounds: opts.Bounds,
	})
	if err != nil {
		return fmt.Errorf("fleet: %w", err)
	}
	c.Client = client
	ctx, cancel := context.WithTimeout(ctx, opts.Bounds.Connect)
	defer cancel()
	return c.identify(ctx, opts.Bounds.Connect)
}

func (c *Cluster) identify(ctx context.Context, bound time.Duration) error {
	found, err := c.Client.Identity(ctx)
	if err != nil {
		return c.unreachable(err, bound)
	}
	c.UID, c.KubernetesVersion = found.UID, found.Version
	return nil
}

func (c *Cluster) unreachable(err error, bound time.Duration) error {
	advice := "check that the server is reachable from here and the cluster is up"
	switch {
	case apierrors.IsUnauthorized(err):
		advice = "the credentials of the kubeconfig are not accepted; renew them"
	case apierrors.IsForbidden(err):
		advice = "the user of the kubeconfig may not read namespaces; use one that may"
	case errors.Is(err, context.DeadlineExceeded):
		advice = fmt.Sprintf("no answer within %s; %s", bound, advice)
	}
	return fmt.Errorf("fleet: reach cluster %q at %s: %w; %s", c.Name, c.Client.REST.Host, err, advice)
}
