package releases

import (
	"slices"
	"testing"
)

// What was entered by hand is complete, and agrees with every release that was read.
func TestByHandAgreesWithWhatWasRead(t *testing.T) {
	c := load()
	if len(c.tables) == 0 {
		t.Fatal("no release was read")
	}
	for name, changes := range c.changes {
		for i, ch := range changes {
			if ch.source == "" || len(ch.since) == 0 || slices.ContainsFunc(ch.since, Version.IsZero) {
				t.Errorf("%s: want a source and valid releases, got %+v", name.name, ch)
			}
			if !slices.IsSortedFunc(ch.since, Version.Compare) {
				t.Errorf("%s: releases %v are not in order", name.name, ch.since)
			}
			if i > 0 && changes[i-1].is != ch.was {
				t.Errorf("%s: was %q in %v, but %q before %v", name.name, changes[i-1].is, changes[i-1].since, ch.was, ch.since)
			}
		}
		for _, table := range c.tables {
			want, there := replay(changes, table.version)
			got, has := table.Flags[name.program][name.name]
			if there != has || got != want {
				t.Errorf("%s in %s: by hand %q (there: %t), read %q (there: %t)", name.name, table.version, want, there, got, has)
			}
		}
	}
}

// replay is the default that the entries of one flag give to a release.
func replay(changes []change, v Version) (value string, there bool) {
	value, there = changes[0].was, changes[0].kind != New
	for _, ch := range changes {
		if ch.reached(v) {
			value, there = ch.is, ch.kind != Removed
		}
	}
	return value, there
}

// Between releases that were read, nothing acts of which nothing is said.
func TestEveryFlipThatActsIsExplained(t *testing.T) {
	tables := load().tables
	flips, missing := Flips(tables[0].version, tables[len(tables)-1].version)
	if len(missing) > 0 {
		t.Fatalf("missing %v", missing)
	}
	for _, f := range flips {
		if f.Acts && f.Effect == "" && f.Touches != AmbientMode {
			t.Errorf("%s was %q and is %q: say what that does in flips.go, or that it does nothing", f.Flag, f.Was, f.Is)
		}
	}
}

func TestEveryReleaseWasReadWhole(t *testing.T) {
	for _, table := range load().tables {
		if n := len(table.Flags[Istiod]); n < 150 {
			t.Errorf("%s: %d flags of istiod, want at least 150", table.version, n)
		}
		if len(table.ReaderRules) < 10 || table.MinKubernetes < 30 || len(table.MinGatewayAPI) == 0 {
			t.Errorf("%s: %d reader rules, Kubernetes 1.%d, bundles %v", table.version, len(table.ReaderRules), table.MinKubernetes, table.MinGatewayAPI)
		}
		if table.ReadsRemoteMeshConfig != ReadsRemoteMeshConfig(table.version) {
			t.Errorf("%s reads the mesh configuration of remote clusters: %t", table.version, table.ReadsRemoteMeshConfig)
		}
	}
}

func TestChangesAndDefectsAreWhole(t *testing.T) {
	for _, c := range changes() {
		if c.Title == "" || c.Effect == "" || c.Source == "" || slices.ContainsFunc(c.since, Version.IsZero) || !slices.IsSortedFunc(c.since, Version.Compare) {
			t.Errorf("change %q is not whole: %+v", c.Title, c)
		}
	}
	for _, d := range defects() {
		if d.ID == "" || d.Title == "" || d.When == "" || d.Avoid == "" || d.Source == "" || d.From.IsZero() {
			t.Errorf("defect %q is not whole: %+v", d.ID, d)
		}
		if !d.Before.IsZero() && d.Before.Compare(d.From) <= 0 {
			t.Errorf("defect %s: from %s, but before %s", d.ID, d.From, d.Before)
		}
	}
}
