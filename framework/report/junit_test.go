package report

import (
	"encoding/xml"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func readJUnit(t *testing.T, doc []byte) junitSuites {
	t.Helper()
	var root junitSuites
	if err := xml.Unmarshal(doc, &root); err != nil {
		t.Fatal(err)
	}
	return root
}

func TestJUnitCounts(t *testing.T) {
	doc, err := JUnit(rehearsedRun())
	if err != nil {
		t.Fatal(err)
	}
	root := readJUnit(t, doc)
	type counts struct {
		Name                             string
		Tests, Failures, Errors, Skipped int
	}
	want := []counts{
		{"eastwest", 11, 2, 1, 2},
		{"eastwest platform aws, CA meshca, on lab: step [rehearsal]", 5, 0, 0, 0},
		{"eastwest platform aws, CA meshca, on lab: scenario [rehearsal]", 4, 1, 1, 2},
		{"eastwest platform aws, CA meshca, on lab: cleanup [rehearsal]", 1, 0, 0, 0},
		{"eastwest platform aws, CA meshca, on lab: verdict [rehearsal]", 1, 1, 0, 0},
	}
	got := []counts{{root.Name, root.Tests, root.Failures, root.Errors, root.Skipped}}
	for _, s := range root.Suites {
		got = append(got, counts{s.Name, s.Tests, s.Failures, s.Errors, s.Skipped})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestJUnitOfARunThatNeverStartedIsNotGreen(t *testing.T) {
	r := Run{ID: "ew-0", Cell: Cell{Platform: "eks", CA: "istio", Environment: "fleet"}}
	r.Outcome, r.Reasons = Outcome(nil)
	doc, err := JUnit(r)
	if err != nil {
		t.Fatal(err)
	}
	if root := readJUnit(t, doc); root.Tests != 1 || root.Errors != 1 {
		t.Errorf("got %d tests, %d errors, want one test that errored", root.Tests, root.Errors)
	}
}

func TestJUnitNamesDoNotCollide(t *testing.T) {
	again := healthyRun()
	again.ID = "ew-8888"
	again.Cases = append(again.Cases, again.Cases[0])
	list, err := Merge([]Run{healthyRun(), again, rehearsedRun(), fleetRun()})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := list.JUnit()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, s := range readJUnit(t, doc).Suites {
		if len(s.Cases) != s.Tests || s.Tests == 0 {
			t.Errorf("suite %q: %d cases, says %d", s.Name, len(s.Cases), s.Tests)
		}
		for _, c := range s.Cases {
			if key := c.Class + " " + c.Name; seen[key] {
				t.Errorf("%q is there twice", key)
			} else {
				seen[key] = true
			}
		}
	}
}

func TestMergeRefusesTheSameRunTwice(t *testing.T) {
	if _, err := Merge([]Run{healthyRun(), healthyRun()}); err == nil || !strings.Contains(err.Error(), `run "ew-7f3a" is there twice`) {
		t.Errorf("got %v", err)
	}
}

func TestMergeOfNothingIsInconclusive(t *testing.T) {
	list, err := Merge(nil)
	if err != nil || list.Outcome != "inconclusive" {
		t.Errorf("got %+v, %v", list, err)
	}
}
