package revisions

// Arm is one of the two namespaces that are compared.
type Arm string

// The arms.
const (
	Old Arm = "old"
	New Arm = "new"
)

// Member is a cluster of the fleet. New is true where the new revision runs there; the old
// one runs in all.
type Member struct {
	Cluster string
	New     bool
}

// Has is true where an arm can run in the cluster.
func (m Member) Has(arm Arm) bool { return arm == Old || m.New }

// Side is one end of a call. Of a destination that runs in all clusters Cluster is empty.
type Side struct {
	Cluster string
	Arm     Arm
}

// Cell is a caller and a service.
type Cell struct{ Source, Destination Side }

// Everywhere is true for a service that runs in all clusters.
func (c Cell) Everywhere() bool { return c.Destination.Cluster == "" }

// Baseline is the cell that this one is compared with; a baseline is its own.
func (c Cell) Baseline() Cell {
	c.Source.Arm, c.Destination.Arm = Old, Old
	return c
}

// IsBaseline is true for calls within the old revision.
func (c Cell) IsBaseline() bool { return c == c.Baseline() }

// Cells lists every combination of caller and service: those that can be called, baselines
// included, and those that cannot, since the new revision is not in one of the clusters.
// They are ordered by source, then by destination, services that run everywhere first.
func Cells(members []Member) (called, absent []Cell) {
	for _, source := range sides(members) {
		for _, destination := range append(everywhere(), sides(members)...) {
			cell := Cell{Source: source, Destination: destination}
			if runs(members, source) && runs(members, destination) {
				called = append(called, cell)
			} else {
				absent = append(absent, cell)
			}
		}
	}
	return called, absent
}

func everywhere() []Side { return []Side{{Arm: Old}, {Arm: New}} }

func sides(members []Member) []Side {
	var all []Side
	for _, m := range members {
		all = append(all, Side{m.Cluster, Old}, Side{m.Cluster, New})
	}
	return all
}

// runs is true where an arm runs in the cluster of the side, or in any for a service that
// runs everywhere.
func runs(members []Member, side Side) bool {
	for _, m := range members {
		if (side.Cluster == "" || side.Cluster == m.Cluster) && m.Has(side.Arm) {
			return true
		}
	}
	return false
}

// Compared counts the cells that have a baseline other than themselves.
func Compared(cells []Cell) int {
	count := 0
	for _, c := range cells {
		if !c.IsBaseline() {
			count++
		}
	}
	return count
}
