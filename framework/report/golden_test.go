package report

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// golden compares got with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	// The style is a file of its own; every golden page would only repeat it.
	got = bytes.Replace(got, []byte(pageStyle), []byte("page.css"), 1)
	if filepath.Ext(name) == ".json" {
		got = fewCalls(t, got)
	}
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run go test with -update and read the difference", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// fewCalls keeps the first two calls of each sample: the others have the same form.
func fewCalls(t *testing.T, document []byte) []byte {
	t.Helper()
	calls := regexp.MustCompile(`(?s)("calls": \[\n)(.*?)(\n\s*\])`)
	return calls.ReplaceAllFunc(document, func(list []byte) []byte {
		parts := calls.FindSubmatch(list)
		each := regexp.MustCompile(`(?s)\s*\{.*?\}`).FindAll(parts[2], -1)
		if len(each) <= 2 {
			return list
		}
		return slices.Concat(parts[1], bytes.Join(each[:2], []byte(",")), fmt.Appendf(nil, ", ... %d more", len(each)-2), parts[3])
	})
}

func TestGoldenRenderings(t *testing.T) {
	runs := []struct {
		name string
		run  Run
	}{{"healthy", healthyRun()}, {"rehearsed", rehearsedRun()}, {"fleet", fleetRun()}, {"compared", comparedRun()}}
	for _, r := range runs {
		for _, rendering := range renderings() {
			if rendering.name == "color.txt" && r.name != "healthy" {
				continue // colours are the same in all
			}
			name := r.name + "." + rendering.name
			t.Run(name, func(t *testing.T) {
				golden(t, name, rendering.of(t, r.run))
			})
		}
	}
}

func TestGoldenList(t *testing.T) {
	list, err := Merge([]Run{rehearsedRun(), fleetRun(), healthyRun()})
	if err != nil {
		t.Fatal(err)
	}
	list.NotRun = []NotRun{
		{Platform: "gdc-vmware", CA: "meshca", Reason: "only a fleet can prove it", Plan: "plans/gdc-vmware-meshca.txt"},
		{Platform: "aws", CA: "cas", Reason: "refused: CA Service is not offered there"},
	}
	junit, err := list.JUnit()
	if err != nil {
		t.Fatal(err)
	}
	page, err := list.HTML()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "list.html", page)
	golden(t, "list.xml", junit)
	golden(t, "list.md", list.Markdown())
	golden(t, "list.txt", []byte(list.Table()))
	// Each run's own document is a golden file already.
	for i := range list.Items {
		list.Items[i].Cases, list.Items[i].Waits, list.Items[i].Phases, list.Items[i].Clusters = nil, nil, nil, nil
	}
	document, err := list.JSON()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "list.json", document)
}

type rendering struct {
	name string
	of   func(*testing.T, Run) []byte
}

// renderings is every form that a run can take.
func renderings() []rendering {
	must := func(render func(Run) ([]byte, error)) func(*testing.T, Run) []byte {
		return func(t *testing.T, r Run) []byte {
			t.Helper()
			out, err := render(r)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
	}
	terminal := func(o TerminalOptions) func(*testing.T, Run) []byte {
		return func(_ *testing.T, r Run) []byte { return []byte(Terminal(r, o)) }
	}
	return []rendering{
		{"json", must(WriteJSON)},
		{"xml", must(JUnit)},
		{"html", must(HTML)},
		{"md", func(_ *testing.T, r Run) []byte { return Markdown(r) }},
		{"txt", terminal(TerminalOptions{})},
		{"color.txt", terminal(TerminalOptions{Color: true, Width: 110})},
	}
}
