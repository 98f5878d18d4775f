package loadbalancer

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/cloud-provider/controllers/service"
	"k8s.io/component-base/featuregate"
	controllersmetrics "k8s.io/component-base/metrics/prometheus/controllers"
)

const (
	workers = 2
	// retryWithheld bounds how long after the end of a fault the address is back.
	retryWithheld = time.Second
)

// Options configure the load balancers of one cluster.
type Options struct {
	// Cluster names the cluster in load balancer names and messages.
	Cluster string
	Client  kubernetes.Interface
	Pool    netip.Prefix
	Holder  Holder
	// Traits are those of the first balancers; see SetTraits.
	Traits Traits
	// Front, FarPool and Domain are only needed for traits with a host name:
	// where such balancers stand, their addresses, the end of their names.
	Front   Front
	FarPool netip.Prefix
	Domain  string
}

// Controller serves the load balancers of one cluster.
type Controller struct {
	opts  Options
	cloud *cloud
}

// New returns a controller that does nothing before Run. Its traits must be
// such as SetTraits takes.
func New(o Options) *Controller {
	return &Controller{opts: o, cloud: newCloud(o)}
}

// SetTraits gives the balancers that are made from now on other traits; those
// that are there keep theirs.
func (c *Controller) SetTraits(t Traits) error {
	if err := t.Validate(); err != nil {
		return err
	}
	if t.Hostname && (c.opts.Front == nil || c.opts.Domain == "") {
		return fmt.Errorf("load balancers of cluster %q: nothing here gives them host names", c.opts.Cluster)
	}
	c.cloud.mu.Lock()
	defer c.cloud.mu.Unlock()
	c.cloud.traits = t
	return nil
}

// Balancer returns the balancer with a host name that a Service has.
func (c *Controller) Balancer(namespace, name string) (Balancer, error) {
	c.cloud.mu.Lock()
	defer c.cloud.mu.Unlock()
	b, ok := c.cloud.made[namespace+"/"+name]
	if !ok || b.name == "" {
		return Balancer{}, fmt.Errorf("on cluster %[3]q Service %[1]s/%[2]s has no load balancer with a host name", namespace, name, c.opts.Cluster)
	}
	return Balancer{Name: b.name, Addresses: b.addresses}, nil
}

// Run serves until the context ends.
func (c *Controller) Run(ctx context.Context) error {
	factory := informers.NewSharedInformerFactory(c.opts.Client, 0)
	ctl, err := service.New(c.cloud, c.opts.Client, factory.Core().V1().Services(), factory.Core().V1().Nodes(),
		c.opts.Cluster, featuregate.NewFeatureGate())
	if err != nil {
		return fmt.Errorf("service controller of cluster %q: %w", c.opts.Cluster, err)
	}
	factory.Start(ctx.Done())
	ctl.Run(ctx, workers, controllersmetrics.NewControllerManagerMetrics("eastwest-"+c.opts.Cluster))
	return ctx.Err()
}

// Withhold takes a Service's address away, from the network and from its
// status, and keeps it away until Restore: the fault "gateway without address".
func (c *Controller) Withhold(ctx context.Context, namespace, name string) error {
	svc, err := c.opts.Client.CoreV1().Services(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("withhold the address of Service %s/%s on cluster %q: %w", namespace, name, c.opts.Cluster, err)
	}
	c.cloud.setWithheld(owner(svc), true)
	if err := c.cloud.EnsureLoadBalancerDeleted(ctx, "", svc); err != nil {
		return err
	}
	svc.Status.LoadBalancer = corev1.LoadBalancerStatus{}
	if _, err := c.opts.Client.CoreV1().Services(namespace).UpdateStatus(ctx, svc, metav1.UpdateOptions{}); err != nil {
		return fmt.Errorf("clear the address of Service %s/%s on cluster %q: %w", namespace, name, c.opts.Cluster, err)
	}
	return nil
}

// Restore ends Withhold: the Service has an address again when it returns. The
// controller alone would look at the Service only at its next change.
func (c *Controller) Restore(ctx context.Context, namespace, name string) error {
	c.cloud.setWithheld(namespace+"/"+name, false)
	svc, err := c.opts.Client.CoreV1().Services(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("restore the address of Service %s/%s on cluster %q: %w", namespace, name, c.opts.Cluster, err)
	}
	st, err := c.cloud.EnsureLoadBalancer(ctx, "", svc, nil)
	if err != nil {
		return err
	}
	svc.Status.LoadBalancer = *st
	if _, err := c.opts.Client.CoreV1().Services(namespace).UpdateStatus(ctx, svc, metav1.UpdateOptions{}); err != nil {
		return fmt.Errorf("set the address of Service %s/%s on cluster %q: %w", namespace, name, c.opts.Cluster, err)
	}
	return nil
}
