package checks

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/checks.md")

// docs/checks.md is "eastwest explain -o markdown", word for word.
func TestDocs(t *testing.T) {
	const page = "../../docs/checks.md"
	if *update {
		if err := os.WriteFile(page, []byte(Markdown()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Markdown(), string(got)); diff != "" {
		t.Errorf("%s is not what \"eastwest explain -o markdown\" prints (run with -update):\n%s", page, diff)
	}
}

// The catalogue is sorted, each ID is there once and in a file of its own name, and each
// check says what a reader wants to know.
func TestCatalogue(t *testing.T) {
	var ids []string
	for _, check := range All() {
		ids = append(ids, check.ID)
		if _, err := os.Stat(strings.ToLower(check.ID) + ".go"); err != nil {
			t.Errorf("%s: %v", check.ID, err)
		}
		for what, text := range map[string]string{"title": check.Title, "question": check.Question, "why": check.Why, "source": check.Source} {
			if text == "" {
				t.Errorf("%s has no %s", check.ID, what)
			}
		}
		if !slices.ContainsFunc(layers(), func(l struct{ digits, title string }) bool { return l.digits == check.Layer() }) {
			t.Errorf("%s: there is no layer %s", check.ID, check.Layer())
		}
		if check.Severity.rank() < 0 {
			t.Errorf("%s: severity %q", check.ID, check.Severity)
		}
		for _, prefix := range check.Explains {
			if strings.HasPrefix(check.ID, prefix) && prefix == check.ID {
				t.Errorf("%s explains itself", check.ID)
			}
		}
	}
	if sorted := slices.Compact(slices.Sorted(slices.Values(ids))); !slices.Equal(ids, sorted) {
		t.Errorf("want the catalogue sorted, each ID once: %v", ids)
	}
	files, err := filepath.Glob("ew[0-9][0-9][0-9][0-9].go")
	if err != nil || len(files) != len(ids) {
		t.Errorf("%d files for %d checks, %v", len(files), len(ids), err)
	}
}

// A fix that says "run" or "kubectl" in its text has a command that cannot be pasted.
func TestFixesPaste(t *testing.T) {
	command := regexp.MustCompile(`\b(kubectl|istioctl) [a-z]`)
	for _, check := range All() {
		for name, c := range cases(t, check.ID) {
			for _, answer := range Run(c.snapshot(t, check.ID), []Check{check}) {
				for _, f := range answer.Findings {
					if command.MatchString(f.Fix.Text) {
						t.Errorf("%s, %s: a command in the text of the fix: %s", check.ID, name, f.Fix.Text)
					}
					for _, pasted := range f.Fix.Commands {
						if strings.Contains(pasted, "kubectl") && !strings.Contains(pasted, "--kubeconfig=") {
							t.Errorf("%s, %s: a command without the user's kubeconfig: %s", check.ID, name, pasted)
						}
					}
				}
			}
		}
	}
}

// Names and addresses decide nothing: an anonymized snapshot gives the same findings.
func TestAnonymizedIsJudgedAlike(t *testing.T) {
	shape := func(answers []Answer) []string {
		var all []string
		for _, answer := range answers {
			for _, f := range answer.Findings {
				all = append(all, f.Check+" "+string(f.Severity))
			}
		}
		slices.Sort(all)
		return all
	}
	for _, check := range All() {
		for name, c := range cases(t, check.ID) {
			s := c.snapshot(t, check.ID)
			hidden := anonymized(t, s)
			if diff := cmp.Diff(shape(Run(s, All())), shape(Run(hidden, All()))); diff != "" {
				t.Errorf("%s, %s (-as it was +anonymized):\n%s", check.ID, name, diff)
			}
		}
	}
}
