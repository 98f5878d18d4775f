package loadbalancer

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"

	corev1 "k8s.io/api/core/v1"
	cloudprovider "k8s.io/cloud-provider"
	"k8s.io/cloud-provider/api"
)

// Holder makes an address answer on the network between the clusters.
type Holder interface {
	// Hold makes the address reachable; holding it twice is no error.
	Hold(ctx context.Context, a netip.Addr) error
	// Drop takes it away again; dropping what is not held is no error.
	Drop(ctx context.Context, a netip.Addr) error
}

// cloud is the least that the service controller needs: load balancers whose
// traffic kube-proxy itself spreads, once the node answers for the address.
type cloud struct {
	pool   *Pool
	holder Holder

	mu       sync.Mutex
	withheld map[string]bool // guarded by mu; "namespace/name" of Services without address
}

// errWithheld is how the cloud says "pending" for as long as a fault lasts.
var errWithheld = errors.New("the address is withheld by a fault of the lab")

// GetLoadBalancer implements cloudprovider.LoadBalancer.
func (c *cloud) GetLoadBalancer(_ context.Context, _ string, svc *corev1.Service) (*corev1.LoadBalancerStatus, bool, error) {
	a, ok := c.pool.Lookup(owner(svc))
	if !ok {
		return nil, false, nil
	}
	return status(a), true, nil
}

// GetLoadBalancerName implements cloudprovider.LoadBalancer.
func (c *cloud) GetLoadBalancerName(_ context.Context, _ string, svc *corev1.Service) string {
	return owner(svc)
}

// EnsureLoadBalancer implements cloudprovider.LoadBalancer.
func (c *cloud) EnsureLoadBalancer(ctx context.Context, _ string, svc *corev1.Service, _ []*corev1.Node) (*corev1.LoadBalancerStatus, error) {
	if c.isWithheld(owner(svc)) {
		return nil, api.NewRetryError(errWithheld.Error(), retryWithheld)
	}
	c.adopt(svc)
	a, err := c.pool.Take(owner(svc))
	if err != nil {
		return nil, err
	}
	if err := c.holder.Hold(ctx, a); err != nil {
		return nil, fmt.Errorf("hold address %s for Service %s: %w", a, owner(svc), err)
	}
	return status(a), nil
}

// UpdateLoadBalancer implements cloudprovider.LoadBalancer: the nodes do not
// matter, since the address is held once for the cluster.
func (c *cloud) UpdateLoadBalancer(context.Context, string, *corev1.Service, []*corev1.Node) error {
	return nil
}

// EnsureLoadBalancerDeleted implements cloudprovider.LoadBalancer.
func (c *cloud) EnsureLoadBalancerDeleted(ctx context.Context, _ string, svc *corev1.Service) error {
	a, ok := c.pool.Lookup(owner(svc))
	if !ok {
		return nil
	}
	if err := c.holder.Drop(ctx, a); err != nil {
		return fmt.Errorf("drop address %s of Service %s: %w", a, owner(svc), err)
	}
	c.pool.Release(owner(svc))
	return nil
}

// adopt keeps the address that a Service already shows.
func (c *cloud) adopt(svc *corev1.Service) {
	for _, in := range svc.Status.LoadBalancer.Ingress {
		if a, err := netip.ParseAddr(in.IP); err == nil && c.pool.Claim(owner(svc), a) == nil {
			return
		}
	}
}

func (c *cloud) isWithheld(owner string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.withheld[owner]
}

func (c *cloud) setWithheld(owner string, on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if on {
		c.withheld[owner] = true
		return
	}
	delete(c.withheld, owner)
}

func owner(svc *corev1.Service) string { return svc.Namespace + "/" + svc.Name }

func status(a netip.Addr) *corev1.LoadBalancerStatus {
	return &corev1.LoadBalancerStatus{Ingress: []corev1.LoadBalancerIngress{{IP: a.String()}}}
}

// The rest of cloudprovider.Interface: this cloud has load balancers and nothing else.

// Initialize implements cloudprovider.Interface.
func (c *cloud) Initialize(cloudprovider.ControllerClientBuilder, <-chan struct{}) {}

// LoadBalancer implements cloudprovider.Interface.
func (c *cloud) LoadBalancer() (cloudprovider.LoadBalancer, bool) { return c, true }

// Instances implements cloudprovider.Interface.
func (c *cloud) Instances() (cloudprovider.Instances, bool) { return nil, false }

// InstancesV2 implements cloudprovider.Interface.
func (c *cloud) InstancesV2() (cloudprovider.InstancesV2, bool) { return nil, false }

// Zones implements cloudprovider.Interface.
func (c *cloud) Zones() (cloudprovider.Zones, bool) { return nil, false }

// Clusters implements cloudprovider.Interface.
func (c *cloud) Clusters() (cloudprovider.Clusters, bool) { return nil, false }

// Routes implements cloudprovider.Interface.
func (c *cloud) Routes() (cloudprovider.Routes, bool) { return nil, false }

// ProviderName implements cloudprovider.Interface.
func (c *cloud) ProviderName() string { return "eastwest" }

// HasClusterID implements cloudprovider.Interface.
func (c *cloud) HasClusterID() bool { return true }
