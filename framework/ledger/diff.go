package ledger

import (
	"fmt"
	"strings"
)

// Change is one difference between two inventories of a cluster.
type Change struct {
	Cluster string `json:"cluster"`
	// What is "left" (made and still there), "lost" (there before and gone),
	// "replaced" (another object of the same name) or "changed".
	What string `json:"what"`
	Item
}

// String says what differs and, for what is left, the command that removes it.
func (c Change) String() string {
	text := fmt.Sprintf("cluster %q: %s %s", c.Cluster, c.What, c.Ref)
	if c.What == Left {
		text += "; remove it with: " + c.removal()
	}
	return text
}

// What a Change can be.
const (
	Left     = "left"
	Lost     = "lost"
	Replaced = "replaced"
	Changed  = "changed"
)

func (c Change) removal() string {
	namespace := ""
	if c.Namespace != "" {
		namespace = " --namespace=" + c.Namespace
	}
	return fmt.Sprintf("kubectl%s delete %s %s", namespace, strings.ToLower(c.Kind), c.Name)
}

// Diff compares inventories of the same clusters before and after a run. No
// change is the proof that the run left nothing behind and touched nothing.
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
			add(Left, a[0])
			a = a[1:]
		case len(a) == 0 || key(b[0]) < key(a[0]):
			add(Lost, b[0])
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
