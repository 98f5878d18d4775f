package supervisor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/eastwest-mesh/eastwest/lab/images"
	"github.com/eastwest-mesh/eastwest/lab/internal/names"
	"github.com/eastwest-mesh/eastwest/lab/internal/network"
	"github.com/eastwest-mesh/eastwest/lab/internal/node"
	"github.com/eastwest-mesh/eastwest/lab/internal/topology"
	"github.com/eastwest-mesh/eastwest/lab/loadbalancer"
)

// supervisor is the running lab, seen from inside.
type supervisor struct {
	spec     Spec
	internet *network.Internet
	events   *events
	// balancers are in the order of Spec.Nodes, each nil until its API server answers.
	balancers []atomic.Pointer[loadbalancer.Controller]
	registry  *images.Registry
	// zone has the host names of load balancers.
	zone *names.Zone

	mu        sync.Mutex
	balancing loadbalancer.Traits // guarded by mu; of load balancers yet to be made
}

// Run runs the lab until the context ends or one of its clusters fails.
func Run(ctx context.Context, spec Spec) error {
	internet, err := network.NewInternet()
	if err != nil {
		return err
	}
	s := &supervisor{
		spec: spec, internet: internet,
		events:    newEvents(os.NewFile(eventsFD, "events")),
		balancers: make([]atomic.Pointer[loadbalancer.Controller], len(spec.Nodes)),
		zone:      names.NewZone(topology.BalancerZone, time.Now), balancing: spec.Balancing,
	}
	defer s.events.close()
	group, ctx := errgroup.WithContext(ctx)
	if err := s.serveRegistry(ctx, group); err != nil {
		return err
	}
	sockets, err := names.Listen(ctx, dnsAddress())
	if err != nil {
		return err
	}
	group.Go(func() error { return sockets.Serve(ctx, s.zone) })
	if err := s.serveControl(ctx, group); err != nil {
		return err
	}
	for i, n := range spec.Nodes {
		door, err := net.FileListener(os.NewFile(uintptr(doorsFD+i), "door"))
		if err != nil {
			return fmt.Errorf("take over the host's listener for cluster %q: %w", n.Cluster.Name(), err)
		}
		group.Go(func() error { return serveDoor(ctx, door, n.API()) })
		group.Go(func() error { return s.runNode(ctx, i) })
	}
	err = group.Wait()
	if err != nil {
		s.events.send(node.Event{Stage: node.StageFailed, At: time.Now(), Error: err.Error()})
	}
	return err
}

func (s *supervisor) serveRegistry(ctx context.Context, group *errgroup.Group) error {
	store, err := images.Open(s.spec.Store, s.spec.Names)
	if err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", registryAddress())
	if err != nil {
		return fmt.Errorf("open the image registry: %w", err)
	}
	s.registry = images.NewRegistry(store)
	serve(ctx, group, l, s.registry)
	return nil
}

// serve serves HTTP until the context ends.
func serve(ctx context.Context, group *errgroup.Group, l net.Listener, h http.Handler) {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	group.Go(func() error {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		return srv.Close()
	})
}
