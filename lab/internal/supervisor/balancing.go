package supervisor

import (
	"context"
	"errors"
	"fmt"

	"github.com/eastwest-mesh/eastwest/lab/loadbalancer"
)

// introduce makes the load balancers of a cluster known, with the traits of
// the moment: these may be changed while clusters start.
func (s *supervisor) introduce(i int, b *loadbalancer.Controller) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := b.SetTraits(s.balancing); err != nil {
		return err
	}
	s.balancers[i].Store(b)
	return nil
}

// setBalancing gives the load balancers that are made from now on other traits.
func (s *supervisor) setBalancing(t loadbalancer.Traits) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := t.Validate(); err != nil {
		return err
	}
	var errs []error
	for i := range s.balancers {
		if b := s.balancers[i].Load(); b != nil {
			errs = append(errs, b.SetTraits(t))
		}
	}
	s.balancing = t
	return errors.Join(errs...)
}

// balancerFault makes or mends a fault of one load balancer.
func (s *supervisor) balancerFault(ctx context.Context, c *loadbalancer.Controller, req FaultRequest) error {
	switch {
	case req.Fault == FaultAddress && req.Mend:
		return c.Restore(ctx, req.Namespace, req.Service)
	case req.Fault == FaultAddress:
		return c.Withhold(ctx, req.Namespace, req.Service)
	}
	b, err := c.Balancer(req.Namespace, req.Service)
	if err != nil {
		return fmt.Errorf("%w; start the lab as a platform that gives one: eastwest lab up --balancers aws", err)
	}
	if req.Fault == FaultName {
		if !s.zone.Hide(b.Name, !req.Mend) {
			return fmt.Errorf("the DNS between the clusters does not know %s", b.Name)
		}
		return nil
	}
	// The last zone: resolvers sort, and tests that only try the first would miss it.
	last := b.Addresses[len(b.Addresses)-1]
	if req.Mend {
		return s.internet.UnsilenceFar(last)
	}
	if len(b.Addresses) == 1 {
		return fmt.Errorf("%s has one address only, so there is no zone to lose; use the fault %q", b.Name, FaultAddress)
	}
	return s.internet.SilenceFar(last)
}
