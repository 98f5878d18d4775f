package cell

import "strings"

// alias is another word for a name, as found in the tools and pages around.
type alias struct{ word, name string }

func platformAliases() []alias {
	return []alias{
		{"vmware", string(GDCVMware)},
		{"vsphere", string(GDCVMware)},
		{"gkeonprem", string(GDCVMware)},
		{"onprem", string(GDCVMware)},
		{"gdc", string(GDCVMware)},
		{"baremetal", string(GDCBareMetal)},
		{"metal", string(GDCBareMetal)},
		{"bm", string(GDCBareMetal)},
		{"gkeonaws", string(AWS)},
		{"gkeaws", string(AWS)},
		{"amazon", string(EKS)},
		{"gkeonazure", string(Azure)},
		{"gkeazure", string(Azure)},
		{"microsoft", string(AKS)},
		{"docker", string(Kind)},
		{"local", string(Lab)},
		{"embedded", string(Lab)},
	}
}

// caAliases has the names that asmcli and the pages use.
func caAliases() []alias {
	return []alias{
		{"citadel", string(Istio)},
		{"istioca", string(Istio)},
		{"istiod", string(Istio)},
		{"meshca", string(MeshCA)},
		{"googleca", string(MeshCA)},
		{"mesh", string(MeshCA)},
		{"gcpcas", string(CAS)},
		{"googlecas", string(CAS)},
		{"managedcas", string(CAS)},
		{"caservice", string(CAS)},
		{"privateca", string(CAS)},
	}
}

// maxTypos is the distance up to which a word counts as mistyped.
const maxTypos = 2

// nearest proposes a known name for a word: one that differs only in case and
// punctuation, then an alias, then the one with the fewest typing errors.
func nearest(word string, names []string, aliases []alias) (string, bool) {
	given := letters(word)
	if given == "" {
		return "", false
	}
	best, distance := "", maxTypos+1
	for _, name := range names {
		if d := typos(given, letters(name)); d < distance {
			best, distance = name, d
		}
	}
	if distance == 0 {
		return best, true
	}
	for _, a := range aliases {
		if a.word == given {
			return a.name, true
		}
	}
	// In a word of three letters two errors leave nothing to go by.
	return best, best != "" && distance < len(letters(best))-1
}

// letters keeps letters and digits, in lower case.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return -1
	}, s)
}

// typos is the edit distance where two neighbours that are swapped count once
// (optimal string alignment).
func typos(a, b string) int {
	before, last := []int(nil), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			replaced := last[j]
			if a[i] != b[j] {
				replaced++
			}
			row[j+1] = min(replaced, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}

// Nearest proposes which of the names was probably meant by a word that is
// none of them; false when none is near.
func Nearest(word string, names []string) (string, bool) { return nearest(word, names, nil) }
