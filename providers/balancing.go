package providers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/lab/loadbalancer"
)

// The figures of a rehearsal. They keep the order in which things happen in a
// cloud: no address, then a name that is NXDOMAIN, then a name that resolves,
// each of which takes minutes there. What a mesh has to live with is the order:
// the istiod of the gateway's own cluster always asks for the name too early
// and, as Istio does (pilot/pkg/model/network.go, MinGatewayTTL), asks again
// only 30 s later. The other istiods, whose calls need the name, learn of it
// with the remote secrets, which takes 0.4 s on a quiet machine; by then the
// name resolves, so that they need not wait those 30 s too. Where one still asks
// too early the plan waits for it.
const (
	addressAfter = 100 * time.Millisecond
	nameAfter    = 150 * time.Millisecond
	zones        = 3
)

// Imitate implements fleet.Imitator.
func (p *Lab) Imitate(b fleet.Balancing) []string {
	traits := loadbalancer.Traits{Hostname: b.Hostname}
	what := "the load balancer gives a gateway one address"
	if b.Hostname {
		what = "the load balancer gives a gateway a host name"
	}
	if b.Several {
		traits.Addresses = zones
		what += fmt.Sprintf(" with %d addresses that all take connections", zones)
	}
	if b.Late {
		traits.AddressAfter = addressAfter
		what += fmt.Sprintf(", %s after the Service (a cloud takes much longer)", addressAfter)
	}
	imitated := []string{what}
	if b.Late && b.Hostname {
		traits.NameAfter = nameAfter
		imitated = append(imitated, fmt.Sprintf("the host name begins to resolve %s after it is shown (in a cloud: 2 to 5 minutes)", nameAfter))
	}
	p.options.Balancing = traits
	return imitated
}

// Options are those of the lab that Create makes.
func (p *Lab) Options() lab.Options { return p.options }

// lend gives a running lab the wanted load balancers for the time of the run.
func (p *Lab) lend(ctx context.Context, l *lab.Lab) error {
	st, err := l.Status(ctx)
	if err != nil {
		return err
	}
	if st.Balancing == p.options.Balancing {
		return nil
	}
	if err := l.SetBalancing(ctx, p.options.Balancing); err != nil {
		return err
	}
	p.before = &st.Balancing
	return nil
}

// giveBack undoes lend. A lab that was ended meanwhile needs it no more.
func (p *Lab) giveBack(ctx context.Context) error {
	if p.before == nil {
		return nil
	}
	before := *p.before
	p.before = nil
	if _, err := lab.Open(p.options); errors.Is(err, lab.ErrNotRunning) {
		return nil
	}
	return p.lab.SetBalancing(ctx, before)
}
