package checks

import (
	"slices"
)

// All lists the checks by ID.
func All() []Check {
	return []Check{
		ew0101(),
		ew0501(),
	}
}

// Find returns the check of an ID.
func Find(id string) (Check, bool) {
	all := All()
	i := slices.IndexFunc(all, func(c Check) bool { return c.ID == id })
	if i < 0 {
		return Check{}, false
	}
	return all[i], true
}
