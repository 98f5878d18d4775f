package checks

import (
	"slices"
)

// All lists the checks by ID.
func All() []Check {
	return []Check{
		ew0101(),
		ew0501(),
		ew0701(),
		ew0702(),
		ew0703(),
		ew0704(),
		ew0705(),
		ew0706(),
		ew0707(),
		ew0708(),
		ew0709(),
		ew0710(),
		ew0711(),
		ew0801(),
		ew0802(),
		ew0803(),
		ew0804(),
		ew0805(),
		ew0806(),
		ew0807(),
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
