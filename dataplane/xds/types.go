package xds

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"google.golang.org/protobuf/types/known/anypb"
)

// Resource types, in the order in which they are asked for.
const (
	prefix       = "type.googleapis.com/"
	TypeCluster  = prefix + "envoy.config.cluster.v3.Cluster"
	TypeEndpoint = prefix + "envoy.config.endpoint.v3.ClusterLoadAssignment"
	TypeListener = prefix + "envoy.config.listener.v3.Listener"
	TypeRoute    = prefix + "envoy.config.route.v3.RouteConfiguration"
	TypeSecret   = prefix + "envoy.extensions.transport_sockets.tls.v3.Secret"
)

// order is make before break: hosts before those who send to them.
var order = []string{TypeCluster, TypeEndpoint, TypeListener, TypeRoute}

func wildcard(typeURL string) bool { return typeURL == TypeCluster || typeURL == TypeListener }

// Resource is one delivered resource.
type Resource struct {
	Name, Version string
	Body          *anypb.Any
}

// Rejection is one resource that cannot be honoured.
type Rejection struct {
	Name string
	Err  error
}

func (r Rejection) Error() string { return fmt.Sprintf("%s: %v", r.Name, r.Err) }

// join makes the NACK's text.
func join(rejections []Rejection) error {
	errs := make([]error, len(rejections))
	for i, r := range rejections {
		errs[i] = r
	}
	return errors.Join(errs...)
}

// Handler puts resources in force.
type Handler interface {
	// Apply takes updates and removals of one type over, as far as it can, and
	// returns those it rejects; for them the old resource stays.
	Apply(typeURL string, updated []Resource, removed []string) []Rejection
	// Wanted lists the resources to subscribe to of a type that has no wildcard,
	// sorted.
	Wanted(typeURL string) []string
}

// Pauses between connection attempts: random below a bound that doubles.
const (
	firstPause = 100 * time.Millisecond
	maxPause   = 3 * time.Second
)

type backoff struct{ bound time.Duration }

func (b *backoff) reset() { b.bound = 0 }

func (b *backoff) next() time.Duration {
	b.bound = min(max(2*b.bound, firstPause), maxPause)
	return b.bound/2 + rand.N(b.bound/2)
}
