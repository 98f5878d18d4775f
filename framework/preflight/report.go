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
	// ID names the check, such as "network".
	ID string `json:"id"`
	// Cluster is the one looked at; empty for what concerns several.
	Cluster string `json:"cluster,omitempty"`
	Status  Status `json:"status"`
	// Found is what was seen, Do what to do about it; Do is empty when nothing is.
	Found string `json:"found"`
	Do    string `json:"do,omitempty"`
	// Cause is the number of the cause of failure that this prevents, such as "F-03".
	Cause string `json:"cause,omitempty"`
}

// Result is all checks of a fleet, in the order in which a mesh is built, and
// for each check by cluster.
type Result struct {
	APIVersion string  `json:"apiVersion"`
	Kind       string  `json:"kind"`
	Status     Status  `json:"status"`
	Checks     []Check `json:"checks"`
}

func newResult(checks []Check) Result {
	order := checkOrder()
	slices.SortStableFunc(checks, func(a, b Check) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.ID), slices.Index(order, b.ID)), cmp.Compare(a.Cluster, b.Cluster))
	})
	result := Result{APIVersion: APIVersion, Kind: Kind, Status: OK, Checks: checks}
	for _, check := range checks {
		if check.Status.rank() > result.Status.rank() {
			result.Status = check.Status
		}
	}
	return result
}

// Text is for a reader at a terminal: one line a check, what to do below it.
func (r Result) Text() string {
	var b strings.Builder
	for _, check := range r.Checks {
		where := check.Cluster
		if where == "" {
			where = "fleet"
		}
		fmt.Fprintf(&b, "%-8s %-10s %s: %s\n", check.Status, check.ID, redact.Printable(where), redact.Printable(check.Found))
		if check.Do != "" {
			cause := ""
			if check.Cause != "" {
				cause = " (" + check.Cause + ")"
			}
			fmt.Fprintf(&b, "%20s%s%s\n", "", redact.Printable(check.Do), cause)
		}
	}
	counts := map[Status]int{}
	for _, check := range r.Checks {
		counts[check.Status]++
	}
	fmt.Fprintf(&b, "\n%s: %d ok, %d warnings, %d unknown, %d refused\n", r.Status, counts[OK], counts[Warning], counts[Unknown], counts[Refused])
	return b.String()
}
