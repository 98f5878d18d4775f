package ledger

import (
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// Left is an object of the run's that is still there.
type Left struct {
	Cluster string
	Ref     kube.Ref
	// Remove is the command that removes it.
	Remove string
}

// String says what is left and how it is removed.
func (l Left) String() string {
	return fmt.Sprintf("cluster %q: left %s; remove it with: %s", l.Cluster, l.Ref, l.Remove)
}

func (j *Journal) left(cluster string, ref kube.Ref) Left {
	return Left{Cluster: cluster, Ref: ref, Remove: j.Header.kubectl(cluster) + " " + about("delete", ref)}
}

func staying(stays []Stay, cluster string, ref kube.Ref) bool {
	return slices.ContainsFunc(stays, func(s Stay) bool {
		return s.Cluster == cluster && s.Ref.Kind == ref.Kind && s.Ref.Namespace == ref.Namespace && s.Ref.Name == ref.Name
	})
}

// Proof is what became of the clusters between two inventories, by whose doing.
type Proof struct {
	// Left is what the run made and what is still there.
	Left []Left
	// Touched is what the run changed of others' and did not change back.
	Touched []Change
	// Others is what others made, changed and removed meanwhile. It is theirs to
	// judge: worth a line, and no advice.
	Others []Change
}

// Sound is true where the run left the clusters as they were, whatever others did.
func (p Proof) Sound() bool { return len(p.Left)+len(p.Touched) == 0 }

// Prove compares inventories from before and after the run. What stays was reported.
func (j *Journal) Prove(before, after []Inventory, stays []Stay) Proof {
	var proof Proof
	uids := j.uids()
	for _, change := range Diff(before, after) {
		began, ended := of(before, change.Cluster), of(after, change.Cluster)
		since := began.Taken
		switch {
		case staying(stays, change.Cluster, change.Ref):
		case (change.What == Made || change.What == Replaced) && j.made(change.Item, uids):
			proof.Left = append(proof.Left, j.left(change.Cluster, change.Ref))
		case change.What == Changed && writtenSince(change.Item, since, isOurs):
			proof.Touched = append(proof.Touched, change)
		case began.forbidden[change.place] || ended.forbidden[change.place]:
			// The user's rights changed meanwhile, and not the object.
		case !quiet(change, since):
			proof.Others = append(proof.Others, change)
		}
	}
	return proof
}

func of(inventories []Inventory, cluster string) Inventory {
	i := slices.IndexFunc(inventories, func(i Inventory) bool { return i.Cluster == cluster })
	return inventories[i] // a change is between two of them
}

// uids are those of everything that the run is known to have made.
func (j *Journal) uids() map[types.UID]bool {
	uids := map[types.UID]bool{}
	for _, entry := range j.Entries() {
		if entry.Event == EventMade {
			uids[entry.Ref.UID] = true
		}
	}
	return uids
}

func (j *Journal) made(item Item, uids map[types.UID]bool) bool {
	return item.Run == j.Header.Run || uids[item.UID]
}

func isOurs(m kube.Manager) bool { return m.Name == kube.FieldManager }

// writtenSince is true where somebody of a kind has written an object since a moment,
// which is a whole second, as the times of managers are.
func writtenSince(item Item, since time.Time, kind func(kube.Manager) bool) bool {
	return slices.ContainsFunc(item.Managers, func(m kube.Manager) bool {
		return kind(m) && !m.Time.Before(since.Truncate(time.Second))
	})
}

// quiet is true for what controllers and syncers do at any time: not even worth a line.
func quiet(change Change, since time.Time) bool {
	loud := func(m kube.Manager) bool { return !bystander(m) }
	switch change.What {
	case Changed:
		anybody := func(kube.Manager) bool { return true }
		return writtenSince(change.Item, since, anybody) && !writtenSince(change.Item, since, loud)
	case Made, Replaced:
		return len(change.Managers) > 0 && !slices.ContainsFunc(change.Managers, loud)
	}
	return false
}
