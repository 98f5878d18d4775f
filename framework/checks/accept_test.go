package checks

import (
	"testing"
	"time"
)

func TestAcceptances(t *testing.T) {
	day := func(text string) time.Time {
		at, err := time.Parse(Day, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	found := Finding{Check: "EW0504", Cluster: "west", Found: `remote secret istio-system/istio-remote-secret-east, which leads to "east"`}
	last := day("2026-11-30").Add(23 * time.Hour)
	tests := map[string]struct {
		acceptance       Acceptance
		now              time.Time
		taken, unmatched bool
		expired          bool
	}{
		"any of a check":                {Acceptance{Check: "EW0504"}, last, true, false, false},
		"of its cluster":                {Acceptance{Check: "EW0504", Cluster: "west"}, last, true, false, false},
		"of another cluster":            {Acceptance{Check: "EW0504", Cluster: "east"}, last, false, true, false},
		"of another check":              {Acceptance{Check: "EW0505"}, last, false, true, false},
		"its object":                    {Acceptance{Check: "EW0504", Object: "istio-system/istio-remote-secret-*"}, last, true, false, false},
		"its object, quoted":            {Acceptance{Check: "EW0504", Object: "east"}, last, true, false, false},
		"only a part of a word":         {Acceptance{Check: "EW0504", Object: "istio-remote-secret-east"}, last, false, true, false},
		"another object":                {Acceptance{Check: "EW0504", Object: "*/istio-remote-secret-north"}, last, false, true, false},
		"no pattern":                    {Acceptance{Check: "EW0504", Object: "[east"}, last, false, true, false},
		"the day after":                 {Acceptance{Check: "EW0504"}, day("2026-12-01"), false, false, true},
		"the day after, of another one": {Acceptance{Check: "EW0505"}, day("2026-12-01"), false, false, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.acceptance.Until = day("2026-11-30")
			all := NewAcceptances([]Acceptance{test.acceptance}, test.now)
			if got := all.Take(found); got != test.taken {
				t.Errorf("want it taken: %v, got %v", test.taken, got)
			}
			if len(all.Accepted) == 1 != test.taken || len(all.Unmatched()) == 1 != test.unmatched || len(all.Expired()) == 1 != test.expired {
				t.Errorf("got accepted %v, unmatched %v, expired %v", all.Accepted, all.Unmatched(), all.Expired())
			}
		})
	}
	twice := NewAcceptances([]Acceptance{{Check: "EW0504", Until: day("2026-11-30")}, {Check: "EW0504", Cluster: "west", Until: day("2026-11-30")}}, last)
	if !twice.Take(found) || len(twice.Accepted) != 1 || len(twice.Unmatched()) != 0 {
		t.Errorf("want one finding accepted once, got %+v", twice)
	}
}
