package images

import "testing"

// The root may be the machine's own.
func TestInside(t *testing.T) {
	for _, tt := range [][3]string{
		{"/cache/debian", "/cache/debian/usr/lib/x.so", "/usr/lib/x.so"},
		{"/cache/debian/", "/cache/debian/usr/lib/x.so", "/usr/lib/x.so"},
		{"/", "/usr/lib/x.so", "/usr/lib/x.so"},
	} {
		if got := inside(tt[0], tt[1]); got != tt[2] {
			t.Errorf("inside(%q, %q) is %q, want %q", tt[0], tt[1], got, tt[2])
		}
	}
}
