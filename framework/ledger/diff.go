package ledger

import "fmt"

// Change is one difference between two inventories of a cluster.
type Change struct {
	Cluster string `json:"cluster"`
	// What is "made" (and still there), "removed" (there before and gone),
	// "replaced" (another object of the same name) or "changed".
	What string `json:"what"`
	Item
}

// String says what differs.
func (c Change) String() string { return fmt.Sprintf("cluster %q: %s %s", c.Cluster, c.What, c.Ref) }

// What a Change can be.
const (
	Made     = "made"
	Removed  = "removed"
	Replaced = "replaced"
	Changed  = "changed"
)

// Diff compares inventories of the same clusters before and after a run. No
// change is the proof that nothing was left behind and nothing touched, by anybody.
func Diff(before, after []Inventory) []Change {
	var changes []Change
	for _, b := range before {
		for _, a := range after {
			if a.Cluster == b.Cluster {
				changes = append(changes, diffOne(b, a)...)
			}
		}
	}
	return changes
}

// diffOne walks two ordered lists at once.
func diffOne(before, after Inventory) []Change {
	var changes []Change
	add := func(what string, item Item) {
		changes = append(changes, Change{Cluster: before.Cluster, What: what, Item: item})
	}
	b, a := before.Items, after.Items
	for len(b) > 0 || len(a) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && key(a[0]) < key(b[0]):
			add(Made, a[0])
			a = a[1:]
		case len(a) == 0 || key(b[0]) < key(a[0]):
			add(Removed, b[0])
			b = b[1:]
		default:
			if what := compare(b[0], a[0]); what != "" {
				add(what, a[0])
			}
			a, b = a[1:], b[1:]
		}
	}
	return changes
}

func compare(before, after Item) string {
	switch {
	case before.UID != after.UID:
		return Replaced
	case before.Content != after.Content:
		return Changed
	}
	return ""
}
