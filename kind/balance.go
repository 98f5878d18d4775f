package kind

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"

	"github.com/eastwest-mesh/eastwest/kind/internal/engine"
	"github.com/eastwest-mesh/eastwest/lab/loadbalancer"
)

// balancers are the running load balancer controllers of a group.
type balancers struct {
	stop    context.CancelFunc
	running *sync.WaitGroup
}

// end stops them and waits until they have ended.
func (b balancers) end() {
	if b.stop == nil {
		return
	}
	b.stop()
	b.running.Wait()
}

// serve starts a controller for each cluster. They outlive the context, which
// may be that of the making only, and end with the group.
func (g *Group) serve(ctx context.Context) error {
	network, err := engine.Subnet(ctx, engine.Network())
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	g.balancers = balancers{stop: stop, running: &sync.WaitGroup{}}
	var errs []error
	for i := range g.Clusters {
		controller, err := g.Clusters[i].balancer(network)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		g.balancers.running.Go(func() {
			_ = controller.Run(serving) // ends only with its context; before that, it retries
		})
	}
	return errors.Join(errs...)
}

func (c *Cluster) balancer(network netip.Prefix) (*loadbalancer.Controller, error) {
	address, err := c.address()
	if err != nil {
		return nil, err
	}
	pool, err := loadBalancers(network, address)
	if err != nil {
		return nil, err
	}
	client, err := c.client()
	if err != nil {
		return nil, err
	}
	return loadbalancer.New(loadbalancer.Options{Cluster: c.Name(), Client: client, Pool: pool, Holder: holder{c}}), nil
}

// holder puts addresses on the node's link: the node then answers for them on
// the engine's network, and kube-proxy knows where their traffic goes.
type holder struct{ cluster *Cluster }

// nodeLink is the link of a container's first network.
const nodeLink = "eth0"

// Hold implements loadbalancer.Holder.
func (h holder) Hold(ctx context.Context, a netip.Addr) error { return h.address(ctx, "replace", a) }

// Drop implements loadbalancer.Holder.
func (h holder) Drop(ctx context.Context, a netip.Addr) error {
	held, err := h.holds(ctx, a)
	if err != nil || !held {
		return err
	}
	return h.address(ctx, "del", a)
}

// address changes one address. As a single address it never becomes the source
// of the node's own packets.
func (h holder) address(ctx context.Context, verb string, a netip.Addr) error {
	one := netip.PrefixFrom(a, a.BitLen()).String()
	_, err := h.run(ctx, "address", verb, one, "dev", nodeLink)
	return err
}

func (h holder) holds(ctx context.Context, a netip.Addr) (bool, error) {
	out, err := h.run(ctx, "-oneline", "address", "show", "dev", nodeLink, "to", netip.PrefixFrom(a, a.BitLen()).String())
	return out != "", err
}

// run runs ip on the node.
func (h holder) run(ctx context.Context, args ...string) (string, error) {
	out, err := engine.Exec(ctx, h.cluster.node.String(), append([]string{"ip"}, args...)...)
	if err != nil {
		return "", fmt.Errorf("change addresses of node %s: %w", h.cluster.node, err)
	}
	return out, nil
}
