package ledger

import (
	"time"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// FormatVersion is the version of the journal's lines. A reader refuses a
// newer one: undoing half of what it does not understand is worse than
// saying so.
const FormatVersion = 1

// Header is the first line of a journal: who runs, and how the clusters are
// reached again after a crash. It holds paths, never credentials.
type Header struct {
	Format  int       `json:"format"`
	Run     string    `json:"run"`
	Started time.Time `json:"started"`
	// Environment is lab, kind or fleet; journals of earlier releases call it place.
	Environment string `json:"place"`
	// Owner is user@host and the process ID, for messages.
	Owner string `json:"owner"`
	// LockNamespace is where the run's lock is; empty means the constant of that name.
	LockNamespace string    `json:"lockNamespace,omitempty"`
	Clusters      []Cluster `json:"clusters"`
}

// Holder is what the run calls itself in the lock.
func (h Header) Holder() string { return "run " + h.Run + " of " + h.Owner }

// Claim is the run's claim to the lock.
func (h Header) Claim() Claim { return Claim{Holder: h.Holder(), Namespace: h.LockNamespace} }

// Cluster is how a cluster of the run is reached, and how it is recognised.
type Cluster struct {
	Name       string `json:"name"`
	Kubeconfig string `json:"kubeconfig"`
	Context    string `json:"context,omitempty"`
	// UID of the kube-system namespace: undo refuses another cluster behind the same name.
	UID string `json:"uid"`
}

// Event is what an entry tells.
type Event string

// The events, in the order in which they happen to an object.
const (
	// EventMaking: the run is about to make the object, with its label.
	EventMaking Event = "making"
	// EventExpecting: something that the run starts will make the object,
	// without the run's label; it did not exist when this was written.
	EventExpecting Event = "expecting"
	// EventMade: the object exists; the entry has its UID.
	EventMade Event = "made"
	// EventLabelling: the run is about to set a label of an object that is not its own.
	EventLabelling Event = "labelling"
	// EventEnded: the run was last seen alive at the entry's ServerTime, or a while
	// before; written by who undoes a run that crashed.
	EventEnded Event = "ended"
	// EventUndone: everything on the entry's cluster has been undone.
	EventUndone Event = "undone"
)

// Entry is one line of a journal after the header.
type Entry struct {
	Time    time.Time `json:"time"`
	Event   Event     `json:"event"`
	Cluster string    `json:"cluster"`
	Ref     kube.Ref  `json:"ref,omitzero"`
	// Tool and ServerTime belong to EventExpecting: which program will make the object,
	// and when that began by the API server's clock.
	Tool       string    `json:"tool,omitempty"`
	ServerTime time.Time `json:"serverTime,omitzero"`
	// Created is when the object of EventMade was made, by the API server's clock,
	// where a program of others made it.
	Created time.Time `json:"created,omitzero"`
	// Label, Before and After belong to EventLabelling; a nil Before means
	// that the object had no such label.
	Label  string  `json:"label,omitempty"`
	Before *string `json:"before,omitempty"`
	After  string  `json:"after,omitempty"`
}
