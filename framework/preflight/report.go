package preflight

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/redact"
)

// The header of the JSON document.
const (
	APIVersion = "eastwest.dev/v1alpha1"
	Kind       = "Preflight"
)

// Status is what a check says.
type Status string

// The statuses, from best to worst. Unknown means that the check could not be
// made; it is not a pass.
const (
	OK      Status = "ok"
	Warning Status = "warning"
	Unknown Status = "unknown"
	Refused Status = "refused"
)

func (s Status) rank() int { return slices.Index([]Status{OK, Warning, Unknown, Refused}, s) }

// Check is the result of one check.
type Check struct {
	// ID is that of a check ("eastwest explain" knows it), or "accept", "supported", "rights", "revision",
	// "cert-provider", "existing" or "admission".
	ID string `json:"id"`
	// Cluster is the one looked at; empty for what concerns several.
	Cluster string `json:"cluster,omitempty"`
	Status  Status `json:"status"`
	// Found is what was seen, Do what to do about it; Do is empty when nothing is.
	Found string `json:"found"`
	Do    string `json:"do,omitempty"`
	// Accepted says of what was found by whom it is accepted, until when and why.
	Accepted string `json:"accepted,omitempty"`
	// Commands can be pasted.
	Commands []string `json:"commands,omitempty"`
}

// Result is all checks of a fleet by ID, which is the order in which a mesh is built, and for
// each by cluster.
type Result struct {
	APIVersion string  `json:"apiVersion"`
	Kind       string  `json:"kind"`
	Status     Status  `json:"status"`
	Checks     []Check `json:"checks"`
}

func newResult(checks []Check) Result {
	slices.SortStableFunc(checks, func(a, b Check) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Cluster, b.Cluster))
	})
	result := Result{APIVersion: APIVersion, Kind: Kind, Status: OK, Checks: checks}
	for _, check := range checks {
		if check.Status.rank() > result.Status.rank() {
			result.Status = check.Status
		}
	}
	return result
}

// Text is for a reader at a terminal: one line a check, what to do below it. Checks that
// found nothing, or could not be asked of every cluster, are only counted.
func (r Result) Text() string {
	var b strings.Builder
	for _, check := range r.Checks {
		if check.Cluster == "" && check.Accepted == "" && (check.Status == OK || check.Status == Unknown) {
			continue
		}
		where := check.Cluster
		if where == "" {
			where = "fleet"
		}
		fmt.Fprintf(&b, "%-8s %-13s %s: %s\n", check.Status, check.ID, redact.Printable(where), redact.Printable(check.Found))
		if check.Accepted != "" {
			fmt.Fprintf(&b, "%23saccepted %s\n", "", redact.Printable(check.Accepted))
		}
		if check.Do != "" {
			fmt.Fprintf(&b, "%23s%s\n", "", redact.Printable(check.Do))
		}
		for _, command := range check.Commands {
			fmt.Fprintf(&b, "%23s$ %s\n", "", redact.Printable(command))
		}
	}
	counts := map[Status]int{}
	for _, check := range r.Checks {
		counts[check.Status]++
	}
	fmt.Fprintf(&b, "\n%s: %d ok, %d warnings, %d unknown, %d refused\n", r.Status, counts[OK], counts[Warning], counts[Unknown], counts[Refused])
	return b.String()
}
