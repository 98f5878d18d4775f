package cell

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Version is a release of the mesh or of istioctl; patches make no difference here.
type Version struct{ Major, Minor int }

func (v Version) String() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }

// MarshalText writes "1.31".
func (v Version) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads what MarshalText wrote, and all that ParseVersion reads.
func (v *Version) UnmarshalText(text []byte) error {
	parsed, err := ParseVersion(string(text))
	if err == nil {
		*v = parsed
	}
	return err
}

// AtLeast reports whether v is w or later.
func (v Version) AtLeast(w Version) bool {
	return cmp.Or(cmp.Compare(v.Major, w.Major), cmp.Compare(v.Minor, w.Minor)) >= 0
}

// ParseVersion reads what istioctl and istiod call themselves: "1.28.2-asm.4",
// "v1.31.1", "1.31-alpha.eed52ebb".
func ParseVersion(s string) (Version, error) {
	major, rest, dotted := strings.Cut(strings.TrimPrefix(s, "v"), ".")
	minor := rest
	if end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
		minor = rest[:end]
		if r := rest[end]; r != '.' && r != '-' && r != '+' {
			dotted = false
		}
	}
	a, errMajor := parseNumber(major)
	b, errMinor := parseNumber(minor)
	if !dotted || errMajor != nil || errMinor != nil {
		return Version{}, fmt.Errorf("version %q: want one like 1.28.2-asm.4 or 1.31", s)
	}
	return Version{Major: a, Minor: b}, nil
}

// parseNumber takes digits only: a sign is no part of a version.
func parseNumber(s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	return int(n), err
}
