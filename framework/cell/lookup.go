package cell

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// All lists every cell, allowed or not: the platforms in their order, and for
// each the CAs in theirs.
func All() []Cell {
	var cells []Cell
	for _, r := range rows() {
		for i, ca := range CAs() {
			cells = append(cells, r.cell(ca, r.cells[i]))
		}
	}
	return cells
}

func (r row) cell(ca CA, e entry) Cell {
	return Cell{
		Platform: r.platform, CA: ca, Title: r.title, Home: r.home,
		Allowed: e.certProvider != "", Reason: e.reason, Source: e.source, GuideCertProvider: e.certProvider,
		LoadBalancer: r.loadBalancer, Deprecation: r.deprecation,
	}
}

// Lookup finds a cell, allowed or refused; false when there is none.
func Lookup(p Platform, ca CA) (Cell, bool) {
	for _, c := range All() {
		if c.Platform == p && c.CA == ca {
			return c, true
		}
	}
	return Cell{}, false
}

// Refused is the error of a cell that must not be run.
type Refused struct{ Cell Cell }

func (r *Refused) Error() string {
	return fmt.Sprintf("platform %s with CA %s is refused: %s (source: %s); %s",
		r.Cell.Platform, r.Cell.CA, r.Cell.Reason, r.Cell.Source, alternatives(r.Cell.Platform))
}

// alternatives names the CAs that the platform does have.
func alternatives(p Platform) string {
	var allowed []string
	for _, ca := range CAs() {
		if c, ok := Lookup(p, ca); ok && c.Allowed {
			allowed = append(allowed, string(ca))
		}
	}
	return "use CA " + strings.Join(allowed, " or ")
}

// Parse finds the allowed cell of two names. Both names are checked at once;
// the error proposes what was probably meant. A refused cell is an error of
// type *Refused.
func Parse(platform, ca string) (Cell, error) {
	p, errPlatform := parseName(platform, "platform", Platforms(), platformAliases())
	a, errCA := parseName(ca, "CA", CAs(), caAliases())
	if err := errors.Join(errPlatform, errCA); err != nil {
		return Cell{}, err
	}
	c, ok := Lookup(p, a)
	if !ok {
		return Cell{}, fmt.Errorf("platform %s with CA %s is not in the matrix", p, a)
	}
	if !c.Allowed {
		return Cell{}, &Refused{Cell: c}
	}
	return c, nil
}

// parseName accepts exactly a known name; anything else is an error that
// proposes the nearest.
func parseName[Name ~string](given, what string, known []Name, aliases []alias) (Name, error) {
	if slices.Contains(known, Name(given)) {
		return Name(given), nil
	}
	names := make([]string, len(known))
	for i, k := range known {
		names[i] = string(k)
	}
	hint := ""
	if near, ok := nearest(given, names, aliases); ok {
		hint = fmt.Sprintf("did you mean %q? ", near)
	}
	return "", fmt.Errorf("unknown %s %q: %swant one of %s", what, given, hint, strings.Join(names, ", "))
}
