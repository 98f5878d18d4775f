package matrix

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

func testMatrix(t *testing.T) (*matrix, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	m := &matrix{Config{LabName: "none", Dir: t.TempDir(), Clusters: 2, ErrorProbability: 1e-6, Lines: &out, Progress: &out}}
	if err := m.prepare(); err != nil {
		t.Fatal(err)
	}
	return m, &out
}

func TestMatrixRunSplitsTheCells(t *testing.T) {
	m, _ := testMatrix(t)
	here, elsewhere := m.split(cell.All())
	var names []string
	for _, c := range here {
		names = append(names, cellName(c))
	}
	want := []string{"lab-istio", "gdc-vmware-istio", "gdc-baremetal-istio", "aws-istio", "azure-istio", "eks-istio", "aks-istio"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	if len(here)+len(elsewhere) != len(cell.All()) {
		t.Errorf("%d and %d cells do not make %d", len(here), len(elsewhere), len(cell.All()))
	}
}

// Each cell that is left out has a reason, and each that a fleet can prove its plan.
func TestMatrixRunLeavesOut(t *testing.T) {
	m, _ := testMatrix(t)
	_, elsewhere := m.split(cell.All())
	notRun, err := m.leaveOut(elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]string{}
	plans := 0
	for _, n := range notRun {
		reasons[n.Platform+"-"+n.CA] = n.Reason
		if n.Plan == "" {
			continue
		}
		plans++
		content, err := os.ReadFile(filepath.Join(m.Dir, n.Plan))
		if err != nil || !strings.Contains(string(content), "Install the east-west gateway") {
			t.Errorf("%s x %s: want its plan, got %v", n.Platform, n.CA, err)
		}
		exchange := "create-mesh"
		if n.Platform == string(cell.Other) {
			exchange = "create-remote-secret"
		}
		script, err := os.ReadFile(filepath.Join(m.Dir, strings.TrimSuffix(n.Plan, ".txt")+".sh"))
		if err != nil || !strings.Contains(string(script), "values.global.pilotCertProvider=istiod") || !strings.Contains(string(script), exchange) {
			t.Errorf("%s x %s: want the guide's commands with the cell's flags, got %v", n.Platform, n.CA, err)
		}
	}
	if plans != 9 {
		t.Errorf("want the plans of 9 cells (six platforms with Mesh CA, two with CA Service, other with Istio's CA), got %d", plans)
	}
	for name, says := range map[string]string{
		"aws-cas": "refused: CA Service is supported only on", "gdc-vmware-cas": "only a fleet can prove it", "eks-meshca": "only a fleet can prove it",
		"kind-istio": "kind clusters", "lab-meshca": "refused: the clients of Google's CAs",
	} {
		if !strings.Contains(reasons[name], says) {
			t.Errorf("%s: want %q, got %q", name, says, reasons[name])
		}
	}
}

// fakeSelf makes the matrix run a script in place of this program; it gets the
// arguments of verify, of which the last is the cell's folder.
func fakeSelf(t *testing.T, m *matrix, script string) {
	t.Helper()
	m.Eastwest = filepath.Join(t.TempDir(), "eastwest")
	if err := os.WriteFile(m.Eastwest, []byte("#!/bin/sh\nfor out; do :; done\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
}

func conformantReport(t *testing.T, id string) string {
	t.Helper()
	content, err := report.WriteJSON(report.Run{
		ID: id, Cell: report.Cell{Platform: "lab", CA: "istio", Environment: "lab", DataPlane: "envoy"}, Outcome: verdict.Conformant,
		Cases: []report.Case{{ID: "both-directions", Kind: report.KindScenario, Status: report.Passed}},
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "report.json")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func labCell(t *testing.T) []cell.Cell {
	t.Helper()
	c, ok := cell.Lookup(cell.Lab, cell.Istio)
	if !ok {
		t.Fatal("no cell of the lab")
	}
	return []cell.Cell{c}
}

func TestMatrixRunOutcomes(t *testing.T) {
	tests := map[string]struct {
		script string
		want   verdict.Outcome
		says   string
	}{
		"conformant":                    {"cp " + conformantReport(t, "r1") + " $out/report.json", verdict.Conformant, "conformant"},
		"it leaves no report":           {"echo no room >&2; exit 3", verdict.Inconclusive, "it left no report"},
		"a report that is none":         {"echo '{' >$out/report.json", verdict.Inconclusive, "it left no report"},
		"it cannot be begun":            {"", verdict.Inconclusive, "no such file"},
		"with its arguments":            {`[ "$*" = "verify --platform lab --ca istio --on lab --lab none --clusters 2 --error-probability 1e-06 --setup install --suite basic --fleet= --revision= --namespace= --out $out" ] && cp ` + conformantReport(t, "r2") + " $out/report.json", verdict.Conformant, "conformant"},
		"non-conformant, as it reports": {"cp " + nonConformantReport(t) + " $out/report.json; exit 1", verdict.NonConformant, "v2 never answered"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m, out := testMatrix(t)
			fakeSelf(t, m, test.script)
			if test.script == "" {
				m.Eastwest += "-is-not-there"
			}
			list, err := report.Merge(m.runCells(t.Context(), labCell(t)))
			if err != nil || list.Outcome != test.want {
				t.Errorf("want %s, got %s, %v", test.want, list.Outcome, err)
			}
			if err := m.conclude(list); err != nil {
				t.Error(err)
			}
			if !strings.Contains(out.String(), test.says) {
				t.Errorf("want %q in\n%s", test.says, out)
			}
			for _, name := range []string{"junit.xml", "report.json", "report.html", "summary.md"} {
				if _, err := os.Stat(filepath.Join(m.Dir, name)); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func nonConformantReport(t *testing.T) string {
	t.Helper()
	content, err := report.WriteJSON(report.Run{
		ID: "r3", Cell: report.Cell{Platform: "lab", CA: "istio", Environment: "lab", DataPlane: "envoy"}, Outcome: verdict.NonConformant,
		Cases: []report.Case{{ID: "both-directions", Kind: report.KindScenario, Status: report.Failed, Message: "v2 never answered"}}, Reasons: []string{"v2 never answered"},
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "report.json")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// An interrupt reaches the cell once, waits for its clean-up, and begins no other.
func TestMatrixRunInterrupted(t *testing.T) {
	m, _ := testMatrix(t)
	cleaned := filepath.Join(t.TempDir(), "cleaned")
	fakeSelf(t, m, "trap 'echo once >>"+cleaned+"; exit 130' INT; touch "+cleaned+"; while :; do sleep 0.05; done")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		ticker := time.NewTicker(10 * time.Millisecond)
		defer ticker.Stop()
		for ctx.Err() == nil {
			if _, err := os.Stat(cleaned); err == nil {
				cancel(errors.New("interrupted"))
			}
			<-ticker.C
		}
	}()
	runs := m.runCells(ctx, append(labCell(t), labCell(t)...))
	content, err := os.ReadFile(cleaned)
	if err != nil || string(content) != "once\n" {
		t.Errorf("want the cell to clean up once, got %q, %v", content, err)
	}
	if len(runs) != 2 || !strings.Contains(runs[1].Reasons[0], "not begun") {
		t.Errorf("want the second cell not begun, got %+v", runs)
	}
}

// noLab is a lab that cannot be made.
type noLab struct{ fleet.Provider }

func (noLab) Create(context.Context, int) ([]fleet.ClusterSpec, error) {
	return nil, errors.New("no room")
}

// Where no cluster can be made the reports are written all the same, and are not green.
func TestMatrixRunWithoutClusters(t *testing.T) {
	m, _ := testMatrix(t)
	m.Lab = noLab{}
	list, err := Run(t.Context(), m.Config)
	if err == nil || list.Outcome != verdict.Inconclusive {
		t.Errorf("want an error and no verdict, got %s: %v", list.Outcome, err)
	}
	junit, err := os.ReadFile(filepath.Join(m.Dir, "junit.xml"))
	if err != nil || !strings.Contains(string(junit), "no room") {
		t.Errorf("want the reason in the reports, got %v", err)
	}
}

func TestValidateNamesAllThatIsWrong(t *testing.T) {
	err := Config{Clusters: 1, ErrorProbability: 7}.Validate()
	for _, says := range []string{"2 clusters", "probability", "folder"} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want %q in %v", says, err)
		}
	}
}
