package releases

import "testing"

func TestParseVersion(t *testing.T) {
	rows := []struct {
		text string
		want Version
	}{
		{"1.29.1", Version{1, 29, 1}},
		{"v1.29.1", Version{1, 29, 1}},
		{"1.31.0-eastwest", Version{1, 31, 0}},
		{"1.28.2-asm.4", Version{1, 28, 2}},
		{"1.29-alpha.abc", Version{1, 29, 0}},
		{"1.29", Version{1, 29, 0}},
		{"1.29.1+build.2", Version{1, 29, 1}},
		{"", Version{}},
		{"1", Version{}},
		{"1.2.3.4", Version{}},
		{"1.x", Version{}},
		{"1.-2", Version{}},
		{"asm-1282-4", Version{}},
		{"1.29.", Version{}},
		{"unknown", Version{}},
		{"1.99999", Version{}},
	}
	for _, row := range rows {
		got, err := ParseVersion(row.text)
		if got != row.want || (err == nil) == row.want.IsZero() {
			t.Errorf("%q is %v, %v; want %v", row.text, got, err, row.want)
		}
	}
}

func TestVersions(t *testing.T) {
	a, b := Version{1, 28, 9}, Version{1, 29, 1}
	if a.Compare(b) >= 0 || b.Compare(a) <= 0 || a.Compare(a) != 0 || (Version{1, 29, 0}).Compare(b) >= 0 {
		t.Error("versions are out of order")
	}
	if Minors(a, b) != 1 || Minors(b, a) != -1 || Minors(b, b) != 0 {
		t.Errorf("minors: %d, %d, %d", Minors(a, b), Minors(b, a), Minors(b, b))
	}
	if a.String() != "1.28.9" || a.MinorString() != "1.28" {
		t.Errorf("%s, %s", a.String(), a.MinorString())
	}
}
