package revisions

import (
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// Pair is the revision that a fleet has and the one that it may move to. Both may be the
// same: comparing a revision with itself must find nothing.
type Pair struct{ Old, New string }

// ParsePair reads "OLD,NEW".
func ParsePair(text string) (Pair, error) {
	names := strings.Split(text, ",")
	if len(names) != 2 {
		return Pair{}, fmt.Errorf("want two revisions as OLD,NEW, such as default,canary, got %q", text)
	}
	var errs []error
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
		// It becomes a part of the names of objects.
		if len(validation.IsDNS1123Label(names[i])) > 0 {
			errs = append(errs, fmt.Errorf("%q is not a revision: want lower-case letters, digits and \"-\"", names[i]))
		}
	}
	return Pair{Old: names[0], New: names[1]}, errors.Join(errs...)
}

// Of is the revision of an arm.
func (p Pair) Of(arm Arm) string {
	if arm == New {
		return p.New
	}
	return p.Old
}

// Name tells the arms apart for a reader, also where both have one revision.
func (p Pair) Name(arm Arm) string {
	if p.Old == p.New {
		return fmt.Sprintf("%s (%s)", p.Of(arm), arm)
	}
	return p.Of(arm)
}
