package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/report"
)

// savedReport writes a small report.json and returns its name.
func savedReport(t *testing.T, id string) string {
	t.Helper()
	r := report.Run{
		ID: id, Started: time.Date(2026, 9, 1, 22, 0, 0, 0, time.UTC), Ended: time.Date(2026, 9, 1, 22, 0, 40, 0, time.UTC),
		Cell:  report.Cell{Platform: "eks", CA: "istio", Environment: "lab", Rehearsal: true, DataPlane: "envoy"},
		Cases: []report.Case{{ID: "both-directions", Name: "both versions answer", Kind: report.KindScenario, Status: report.Passed}},
	}
	r.Outcome, r.Reasons = report.Outcome(r.Cases)
	doc, err := report.WriteJSON(r)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "report.json")
	if err := os.WriteFile(name, doc, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestReportRender(t *testing.T) {
	from := savedReport(t, "ew-1")
	for format, want := range map[string]string{
		"html": "<!DOCTYPE html>", "junit": "<testsuites", "markdown": "## ✅ platform eks, CA istio, on lab", "terminal": " CONFORMANT  [rehearsal]",
	} {
		out, err := execute(t, newReportCommand, "", "render", "--from", from, "--format", format)
		if err != nil || !strings.Contains(out, want) || !strings.Contains(out, "rehearsal") {
			t.Errorf("%s: got %v and\n%s", format, err, out)
		}
	}
}

func TestReportRenderFromStandardInputToFile(t *testing.T) {
	doc, err := os.ReadFile(savedReport(t, "ew-1"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "page.html")
	out, err := execute(t, newReportCommand, string(doc), "render", "--from", "-", "--format", "html", "--out", file)
	if err != nil || out != "" {
		t.Fatalf("got %q, %v", out, err)
	}
	page, err := os.ReadFile(file)
	if err != nil || !strings.HasPrefix(string(page), "<!DOCTYPE html>") {
		t.Errorf("got %v and %d bytes", err, len(page))
	}
}

func TestReportMerge(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "night")
	out, err := execute(t, newReportCommand, "", "merge", savedReport(t, "ew-2"), savedReport(t, "ew-1"), "--out", dir)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out, "2 runs: conformant [2 of 2: rehearsal]\n") {
		t.Errorf("got %q", out)
	}
	for _, name := range []string{"junit.xml", "reports.json", "summary.md"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !strings.Contains(string(content), "rehearsal") {
			t.Errorf("%s: %v, %d bytes", name, err, len(content))
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 3 {
		t.Errorf("got %v, %v, want three files and nothing temporary", left, err)
	}
}

func TestReportRefusesWrongUse(t *testing.T) {
	good := savedReport(t, "ew-1")
	bad := filepath.Join(t.TempDir(), "bad.json")
	if err := os.WriteFile(bad, []byte(`{"apiVersion":"other/v1"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		name string
		args []string
		want []string
	}{
		{"unknown format", []string{"render", "--from", good, "--format", "pdf"}, []string{`--format "pdf"`}},
		{"no such file", []string{"render", "--from", "absent.json"}, []string{"absent.json", "give the report.json"}},
		{"another document", []string{"render", "--from", bad}, []string{"bad.json", `apiVersion "other/v1"`}},
		{"nothing to merge", []string{"merge"}, []string{"requires at least 1 arg"}},
		{"all bad files at once", []string{"merge", bad, "absent.json"}, []string{"bad.json", "absent.json"}},
		{"the same run twice", []string{"merge", good, good}, []string{`run "ew-1" is there twice`}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, err := execute(t, newReportCommand, "", row.args...)
			for _, want := range row.want {
				wantUsageError(t, err, want)
			}
		})
	}
}
