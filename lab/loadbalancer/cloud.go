package loadbalancer

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

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

// cloud is the least that the service controller needs. A balancer with an
// address has its traffic spread by kube-proxy itself, once the node answers
// for the address; one with a host name is a Front's.
type cloud struct {
	opts Options
	// near and far are the addresses for Holder and for Front.
	near, far *Pool

	mu       sync.Mutex
	traits   Traits               // guarded by mu; of balancers yet to be made
	made     map[string]*balancer // guarded by mu; by "namespace/name"
	withheld map[string]bool      // guarded by mu; "namespace/name" of Services without address
}

func newCloud(o Options) *cloud {
	return &cloud{
		opts: o, near: NewPool(o.Pool), far: NewPool(o.FarPool), traits: o.Traits,
		made: map[string]*balancer{}, withheld: map[string]bool{},
	}
}

// errWithheld is how the cloud says "pending" for as long as a fault lasts.
var errWithheld = errors.New("the address is withheld by a fault of the lab")

// GetLoadBalancer implements cloudprovider.LoadBalancer.
func (c *cloud) GetLoadBalancer(_ context.Context, _ string, svc *corev1.Service) (*corev1.LoadBalancerStatus, bool, error) {
	b, ok := c.find(svc)
	if !ok {
		return nil, false, nil
	}
	return b.status(), true, nil
}

// GetLoadBalancerName implements cloudprovider.LoadBalancer.
func (c *cloud) GetLoadBalancerName(_ context.Context, _ string, svc *corev1.Service) string {
	return owner(svc)
}

// EnsureLoadBalancer implements cloudprovider.LoadBalancer. Like a cloud's it
// returns when the balancer is there.
func (c *cloud) EnsureLoadBalancer(ctx context.Context, _ string, svc *corev1.Service, _ []*corev1.Node) (*corev1.LoadBalancerStatus, error) {
	if c.isWithheld(owner(svc)) {
		return nil, api.NewRetryError(errWithheld.Error(), retryWithheld)
	}
	b, ok := c.find(svc)
	if !ok {
		var err error
		if b, err = c.make(ctx, svc); err != nil {
			return nil, err
		}
	}
	if err := c.open(ctx, svc, b); err != nil {
		return nil, fmt.Errorf("load balancer of Service %s: %w", owner(svc), err)
	}
	return b.status(), nil
}

// UpdateLoadBalancer implements cloudprovider.LoadBalancer: the nodes do not
// matter, since the address is held once for the cluster.
func (c *cloud) UpdateLoadBalancer(context.Context, string, *corev1.Service, []*corev1.Node) error {
	return nil
}

// EnsureLoadBalancerDeleted implements cloudprovider.LoadBalancer.
func (c *cloud) EnsureLoadBalancerDeleted(ctx context.Context, _ string, svc *corev1.Service) error {
	b, ok := c.find(svc)
	if !ok {
		return nil
	}
	if err := c.close(ctx, svc, b); err != nil {
		return fmt.Errorf("delete the load balancer of Service %s: %w", owner(svc), err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.made, owner(svc))
	for i := range b.addresses {
		c.pool(b.traits).Release(holding(svc, i))
	}
	return nil
}

// make makes a balancer with the traits of the moment.
func (c *cloud) make(ctx context.Context, svc *corev1.Service) (*balancer, error) {
	c.mu.Lock()
	b := &balancer{traits: c.traits}
	c.mu.Unlock()
	if err := pause(ctx, b.traits.AddressAfter); err != nil {
		return nil, err
	}
	for i := range b.traits.addresses() {
		a, err := c.pool(b.traits).Take(holding(svc, i))
		if err != nil {
			return nil, err
		}
		b.addresses = append(b.addresses, a)
	}
	if b.shown = time.Now(); b.traits.Hostname {
		b.name = hostName(svc, c.opts.Cluster, c.opts.Domain)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made[owner(svc)] = b
	return b, nil
}

func (c *cloud) open(ctx context.Context, svc *corev1.Service, b *balancer) error {
	if b.name != "" {
		return c.opts.Front.Serve(ctx, b.front(svc))
	}
	for _, a := range b.addresses {
		if err := c.opts.Holder.Hold(ctx, a); err != nil {
			return fmt.Errorf("hold address %s: %w", a, err)
		}
	}
	return nil
}

func (c *cloud) close(ctx context.Context, svc *corev1.Service, b *balancer) error {
	if b.name != "" {
		return c.opts.Front.Remove(ctx, b.front(svc))
	}
	for _, a := range b.addresses {
		if err := c.opts.Holder.Drop(ctx, a); err != nil {
			return fmt.Errorf("drop address %s: %w", a, err)
		}
	}
	return nil
}

func (c *cloud) pool(t Traits) *Pool {
	if t.Hostname {
		return c.far
	}
	return c.near
}

// find returns the Service's balancer: one that this cloud made, or, after a
// restart of it, the address that the Service already shows.
func (c *cloud) find(svc *corev1.Service) (*balancer, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if b, ok := c.made[owner(svc)]; ok {
		return b, true
	}
	b := &balancer{}
	for i, in := range svc.Status.LoadBalancer.Ingress {
		if a, err := netip.ParseAddr(in.IP); err == nil && c.near.Claim(holding(svc, i), a) == nil {
			b.addresses = append(b.addresses, a)
		}
	}
	if len(b.addresses) == 0 || c.withheld[owner(svc)] {
		return nil, false
	}
	c.made[owner(svc)] = b
	return b, true
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

// holding names one of a Service's addresses in the pool.
func holding(svc *corev1.Service, i int) string { return fmt.Sprintf("%s#%d", owner(svc), i) }

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
