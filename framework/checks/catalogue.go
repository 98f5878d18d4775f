package checks

import (
	"slices"
)

// All lists the checks by ID.
func All() []Check {
	return []Check{
		ew0101(),
		ew0401(),
		ew0402(),
		ew0403(),
		ew0404(),
		ew0405(),
		ew0406(),
		ew0407(),
		ew0408(),
		ew0409(),
		ew0410(),
		ew0411(),
		ew0412(),
		ew0413(),
		ew0414(),
		ew0415(),
		ew0416(),
		ew0417(),
		ew0501(),
		ew0502(),
		ew0503(),
		ew0504(),
		ew0505(),
		ew0506(),
		ew0507(),
		ew0508(),
		ew0509(),
		ew0510(),
		ew0511(),
		ew0512(),
		ew0513(),
		ew0514(),
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
