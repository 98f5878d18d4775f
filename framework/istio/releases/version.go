package releases

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Version is upstream's version of Istio; what a vendor adds is not kept.
type Version struct{ Major, Minor, Patch int }

// ParseVersion reads the numbers that a version begins with: 1.29.1, 1.31.0-eastwest,
// 1.28.2-asm.4, v1.29-alpha.abc. A patch that is not named is 0, and so is one before a
// release such as 1.31-alpha.
func ParseVersion(s string) (Version, error) {
	numbers, _, _ := strings.Cut(strings.TrimPrefix(s, "v"), "-")
	numbers, _, _ = strings.Cut(numbers, "+")
	parts := strings.Split(numbers, ".")
	if len(parts) < 2 || len(parts) > 3 {
		return Version{}, fmt.Errorf("version %q of Istio: want two or three numbers with dots, such as 1.29.1", s)
	}
	var read [3]int
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 16)
		if err != nil {
			return Version{}, fmt.Errorf("version %q of Istio: %q is not a number", s, part)
		}
		read[i] = int(n)
	}
	return Version{Major: read[0], Minor: read[1], Patch: read[2]}, nil
}

// Compare is negative where v comes before w, positive where it comes after, and else 0.
func (v Version) Compare(w Version) int {
	return cmp.Or(cmp.Compare(v.Major, w.Major), cmp.Compare(v.Minor, w.Minor), cmp.Compare(v.Patch, w.Patch))
}

// String is such as 1.29.1.
func (v Version) String() string { return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch) }

// MinorString is such as 1.29.
func (v Version) MinorString() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }

// Minors counts the minor releases from one version to the other, negative backwards. It is
// of use within one major version only; Istio has had no second one.
func Minors(from, to Version) int { return to.Minor - from.Minor }

// IsZero is true of no version.
func (v Version) IsZero() bool { return v == Version{} }
