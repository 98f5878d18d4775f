package supervisor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/eastwest-mesh/eastwest/lab/internal/names"
	"github.com/eastwest-mesh/eastwest/lab/internal/network"
	"github.com/eastwest-mesh/eastwest/lab/loadbalancer"
)

// front is where balancers with host names stand: on the network between the
// clusters, behind the nodes' default gateway. Like Elastic Load Balancing with
// targets of type "instance" it takes TCP connections on each address and
// carries them to a port of the cluster's node.
type front struct {
	internet *network.Internet
	zone     *names.Zone
	// node is where the cluster's node ports are.
	node netip.Addr
	// carry serves one listener until it is closed.
	carry func(l net.Listener, to string)

	mu   sync.Mutex
	open map[string]*served // guarded by mu; by the balancer's name
}

// served is one balancer with its listeners.
type served struct {
	ports     []loadbalancer.Port
	listeners []net.Listener
}

func newFront(ctx context.Context, group *errgroup.Group, internet *network.Internet, zone *names.Zone, node netip.Addr) *front {
	return &front{
		internet: internet, zone: zone, node: node, open: map[string]*served{},
		carry: func(l net.Listener, to string) {
			group.Go(func() error { return serveDoor(ctx, l, to) })
		},
	}
}

// Serve implements loadbalancer.Front.
func (f *front) Serve(ctx context.Context, b loadbalancer.Balancer) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.open[b.Name]
	if s == nil || !slices.Equal(s.ports, b.Ports) {
		if s != nil {
			s.close()
		}
		made, err := f.listen(ctx, b)
		if err != nil {
			return err
		}
		f.open[b.Name] = made
	}
	f.zone.Publish(b.Name, b.Addresses, b.ResolvesFrom)
	return nil
}

func (f *front) listen(ctx context.Context, b loadbalancer.Balancer) (*served, error) {
	s := &served{ports: slices.Clone(b.Ports)}
	for _, a := range b.Addresses {
		if err := f.internet.HoldFar(a); err != nil {
			s.close()
			return nil, err
		}
		for _, p := range b.Ports {
			l, err := new(net.ListenConfig).Listen(ctx, "tcp", netip.AddrPortFrom(a, p.Port).String())
			if err != nil {
				s.close()
				return nil, fmt.Errorf("take connections for %s: %w", b.Name, err)
			}
			s.listeners = append(s.listeners, l)
			f.carry(l, net.JoinHostPort(f.node.String(), strconv.Itoa(int(p.NodePort))))
		}
	}
	return s, nil
}

// Remove implements loadbalancer.Front.
func (f *front) Remove(_ context.Context, b loadbalancer.Balancer) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.zone.Withdraw(b.Name)
	if s := f.open[b.Name]; s != nil {
		s.close()
		delete(f.open, b.Name)
	}
	var errs []error
	for _, a := range b.Addresses {
		// A fault may still be in.
		errs = append(errs, f.internet.UnsilenceFar(a), f.internet.DropFar(a))
	}
	return errors.Join(errs...)
}

func (s *served) close() {
	for _, l := range s.listeners {
		_ = l.Close()
	}
}
