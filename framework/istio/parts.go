package istio

import (
	"context"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// Part is some of a cluster's sections, for whoever needs no more: what is waited for is
// asked again and again. Parts are added with |.
type Part uint

// The parts.
const (
	// PartSystem is the section System.
	PartSystem Part = 1 << iota
	// PartIstiods are the pods of control planes, PartRemotes and PartNetworks what these
	// say, too.
	PartIstiods
	PartRemotes
	PartNetworks
	// PartInjectors is the section of this name, PartWebhooks, PartGateways and
	// PartRemoteSecrets are those.
	PartInjectors
	PartWebhooks
	PartGateways
	PartRemoteSecrets
	// PartDenied is what the tokens of remote secrets may not do, with the secrets. A whole
	// snapshot goes without it: it is several requests for each pair of clusters.
	PartDenied
)

// Look reads parts of one cluster. Of its other sections nothing is known. Where a remote
// secret leads to one of the others, that one is asked at its own address.
func Look(ctx context.Context, cluster *fleet.Cluster, parts Part, others ...*fleet.Cluster) *Cluster {
	opts := Options{Bounds: kube.DefaultBounds(), parts: parts}
	found := take(ctx, cluster, peersOf(append([]*fleet.Cluster{cluster}, others...)), opts)
	return &found
}

// wants is true where a part is to be read.
func (r *reader) wants(part Part) bool {
	return r.opts.parts&part != 0 || r.opts.parts == 0 && part != PartDenied
}

// readParts reads no more than was asked for.
func (r *reader) readParts(ctx context.Context) {
	var wanted []func(context.Context)
	for _, one := range []struct {
		parts Part
		read  func(context.Context)
	}{
		{PartSystem, r.system},
		{PartIstiods | PartRemotes | PartNetworks | PartInjectors, r.controlPlanes},
		{PartWebhooks, r.webhooks},
		{PartGateways, r.gateways},
		{PartRemoteSecrets | PartDenied, r.remoteSecrets},
	} {
		if r.wants(one.parts) {
			wanted = append(wanted, one.read)
		}
	}
	together(ctx, wanted...)
}
