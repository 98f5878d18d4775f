package checks

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

// mutant is a way in which a check can be wrong.
type mutant struct {
	name string
	of   func(Check) Check
	// only, where it is set, says for which cases the mutant differs at all.
	only func(testCase) bool
}

func mutants() []mutant {
	withPairs := func(c testCase) bool {
		return slices.ContainsFunc(c.Want, func(w wanted) bool { return len(w.Pairs) > 0 })
	}
	return []mutant{
		{name: "finds nothing", of: func(c Check) Check {
			c.Judge = func(*Look) {}
			return c
		}, only: func(c testCase) bool { return len(c.Want) > 0 }},
		{name: "always finds", of: func(c Check) Check {
			judge := c.Judge
			c.Judge = func(l *Look) {
				judge(l)
				l.Find(Finding{Cluster: l.Clusters[0].Name, Pairs: l.around(&l.Clusters[0]), Found: "always"})
			}
			return c
		}},
		{name: "turns pairs round", of: changed(func(_ *Look, f *Finding) {
			f.Pairs = slices.Clone(f.Pairs)
			for i, pair := range f.Pairs {
				f.Pairs[i] = Pair{Source: pair.Destination, Destination: pair.Source}
			}
		}), only: withPairs},
		{name: "loses pairs", of: changed(func(_ *Look, f *Finding) { f.Pairs = nil }), only: withPairs},
		{name: "blames another cluster", of: changed(func(l *Look, f *Finding) {
			other := slices.IndexFunc(l.Clusters, func(c istio.Cluster) bool { return c.Name != f.Cluster })
			f.Cluster = l.Clusters[other].Name
		}), only: func(c testCase) bool { return len(c.Want) > 0 }},
		{name: "is of another severity", of: changed(func(_ *Look, f *Finding) {
			f.Severity = map[Severity]Severity{Error: Warning, Warning: Info, Info: Error}[f.Severity]
		}), only: func(c testCase) bool { return len(c.Want) > 0 }},
	}
}

// changed is a check whose findings are changed after they are made.
func changed(change func(*Look, *Finding)) func(Check) Check {
	return func(c Check) Check {
		judge := c.Judge
		c.Judge = func(l *Look) {
			judge(l)
			for i := range l.findings {
				change(l, &l.findings[i])
			}
		}
		return c
	}
}

// Each check's cases notice when it finds nothing, or always, or for the wrong pair or
// cluster, or of another severity.
func TestMutants(t *testing.T) {
	healthyOnes := cases(t, healthyFolder)
	for _, check := range All() {
		own := cases(t, check.ID)
		for _, m := range mutants() {
			mutated, tried, noticed := m.of(check), 0, false
			for _, c := range own {
				if m.only != nil && !m.only(c) {
					continue
				}
				tried++
				noticed = noticed || differs(c, check, Run(c.snapshot(t, check.ID), []Check{mutated})[0])
			}
			if tried == 0 && m.name != "loses pairs" && m.name != "turns pairs round" {
				t.Errorf("%s: no case in which it finds something", check.ID)
			}
			if tried > 0 && !noticed {
				t.Errorf("%s: when it %s no case notices", check.ID, m.name)
			}
		}
	}
	if len(healthyOnes) == 0 {
		t.Error("no healthy cases")
	}
}

// differs is whether an answer is not what a case wants.
func differs(c testCase, check Check, answer Answer) bool {
	return len(deviations(c, check, answer)) > 0
}

// deviations says how an answer is not what a case wants.
func deviations(c testCase, check Check, answer Answer) []string {
	var all []string
	if c.Unread && len(answer.Unread) == 0 {
		all = append(all, "want to hear what could not be read")
	}
	if len(answer.Findings) != len(c.Want) {
		return append(all, fmt.Sprintf("want %d findings, got %d: %+v", len(c.Want), len(answer.Findings), answer.Findings))
	}
	for i, want := range c.Want {
		got := answer.Findings[i]
		var pairs []string
		for _, pair := range got.Pairs {
			pairs = append(pairs, pair.String())
		}
		severity := want.Severity
		if severity == "" {
			severity = check.Severity
		}
		if got.Cluster != want.Cluster || got.Severity != severity || !slices.Equal(pairs, want.Pairs) || !strings.Contains(got.Found, want.Found) {
			all = append(all, fmt.Sprintf("want %+v, got %s %s %q: %s", want, got.Severity, got.Cluster, pairs, got.Found))
		}
		if text := got.Fix.Text + "\n" + strings.Join(got.Fix.Commands, "\n"); !strings.Contains(text, want.Fix) {
			all = append(all, fmt.Sprintf("want %q in the fix, got %s", want.Fix, text))
		}
	}
	return all
}
