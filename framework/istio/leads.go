package istio

import (
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// LeadsTo is true for an entry that is for a cluster of the fleet: whose UID answered there,
// or else by its server, or else by its name. Names differ where secrets are named after
// contexts; ids are what the cluster is called beside its own name.
func (e RemoteEntry) LeadsTo(c *Cluster, ids ...string) bool {
	identity, why := c.Identity.Get()
	if uid, unasked := e.UID.Get(); unasked == nil && why == nil {
		return uid == identity.UID
	}
	return SameServer(e.Server, c.Server) || SameServer(e.Server, identity.Server) ||
		e.ID == c.Name || e.ID != "" && slices.Contains(ids, e.ID)
}

// Loopback is true for an entry whose server leads an istiod's pod to itself.
func (e RemoteEntry) Loopback() bool { return fleet.Loopback(e.Server) }

// IDs are what a cluster's istiods call it, each once.
func (c *Cluster) IDs() []string {
	istiods, _ := c.Istiods.Get()
	var ids []string
	for _, istiod := range istiods {
		if id := istiod.Env[names.EnvClusterID]; id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}
