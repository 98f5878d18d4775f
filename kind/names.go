package kind

import (
	"fmt"
	"net/netip"
)

// namePrefix begins the name of every kind cluster of ours.
const namePrefix = "eastwest-"

// Plan is what follows from a cluster's number within its run.
type Plan struct {
	// ID is that of the run's group of clusters, six hexadecimal digits.
	ID string
	// Number counts from 1.
	Number int
}

// Plans are those of the first n clusters of a group.
func Plans(id string, n int) []Plan {
	all := make([]Plan, n)
	for i := range all {
		all[i] = Plan{ID: id, Number: i + 1}
	}
	return all
}

// Name is the cluster's name and its ID in the mesh.
func (p Plan) Name() string { return fmt.Sprintf("cluster%d", p.Number) }

// Network is the name of the cluster's network in the mesh.
func (p Plan) Network() string { return fmt.Sprintf("network%d", p.Number) }

// KindName is what kind calls the cluster. It carries the run, so that no
// other cluster on the machine can have it.
func (p Plan) KindName() string { return namePrefix + p.ID + "-" + p.Name() }

// Context is the cluster's context in its kubeconfig; kind names it so.
func (p Plan) Context() string { return "kind-" + p.KindName() }

// Pods is the range of the cluster's pod addresses. The ranges of a run are
// distinct: an address that leaks from one cluster must not be found in another.
func (p Plan) Pods() netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(100 + p.Number), 0, 0}), 16)
}

// Services is the range of the cluster's service addresses.
func (p Plan) Services() netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(150 + p.Number), 0, 0}), 20)
}
