package parts

import (
	"errors"
	"fmt"
	"strings"
)

// Unmet is something that the machine must have and has not. It is no verdict
// about a mesh: a command that meets it ends with exit code 3.
type Unmet struct {
	Need   string // what is needed, e.g. "Go 1.26 or newer"
	Found  string // what is there instead, e.g. "go1.24.1"
	Remedy string // what to do, a command where one exists
}

// Error tells the need, what was found, and the remedy in one line.
func (u *Unmet) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "this machine lacks %s", u.Need)
	if u.Found != "" {
		fmt.Fprintf(&b, " (found %s)", u.Found)
	}
	if u.Remedy != "" {
		fmt.Fprintf(&b, ": %s", u.Remedy)
	}
	return b.String()
}

// joinUnmet is one error for all that is unmet, nil for none. errors.As finds
// the first *Unmet in it.
func joinUnmet(unmet []*Unmet) error {
	errs := make([]error, 0, len(unmet))
	for _, u := range unmet {
		errs = append(errs, u)
	}
	return errors.Join(errs...)
}
