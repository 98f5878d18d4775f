package checks

import (
	"slices"
)

// All lists the checks by ID.
func All() []Check {
	return []Check{
		ew0101(),
		ew0102(),
		ew0103(),
		ew0104(),
		ew0201(),
		ew0202(),
		ew0203(),
		ew0204(),
		ew0205(),
		ew0206(),
		ew0207(),
		ew0209(),
		ew0210(),
		ew0211(),
		ew0212(),
		ew0301(),
		ew0302(),
		ew0303(),
		ew0304(),
		ew0305(),
		ew0306(),
		ew0307(),
		ew0308(),
		ew0309(),
		ew0310(),
		ew0311(),
		ew0312(),
		ew0313(),
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
		ew0515(),
		ew0601(),
		ew0602(),
		ew0603(),
		ew0604(),
		ew0605(),
		ew0606(),
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
		ew0713(),
		ew0801(),
		ew0802(),
		ew0803(),
		ew0804(),
		ew0805(),
		ew0806(),
		ew0807(),
		ew0901(),
		ew0902(),
		ew0903(),
		ew0904(),
		ew0905(),
		ew0906(),
		ew0907(),
		ew0908(),
		ew0909(),
		ew0910(),
		ew0911(),
		ew0912(),
		ew0913(),
		ew0914(),
		ew0915(),
		ew0916(),
		ew0917(),
		ew0918(),
		ew0919(),
		ew0920(),
		ew0930(),
		ew0940(),
		ew0941(),
	}
}

// OfMesh lists those about a mesh as it is, without those for an upgrade.
func OfMesh() []Check {
	return slices.DeleteFunc(All(), func(c Check) bool { return c.Layer() == LayerUpgrade })
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
