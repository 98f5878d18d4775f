package report

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

func TestEveryRenderingTellsWhatWasImitated(t *testing.T) {
	notEnvoy := healthyRun()
	notEnvoy.Cell = Cell{Platform: "lab", CA: "istio", Environment: "lab", DataPlane: "zproxy", DataPlaneVersion: "7"}
	unknown := healthyRun()
	unknown.Cell = Cell{Platform: "lab", CA: "istio", Environment: "lab"}
	rows := []struct {
		name  string
		run   Run
		tells []string // both the tag and the sentence
		not   []string
	}{
		{"rehearsal", rehearsedRun(), []string{"rehearsal", "upstream Envoy 1.39.3", "there are no istio_* metrics", "aws and the CA meshca were not tested", "Imitated: the load balancer gives a gateway a host name with 3 addresses.", "Not imitated: Elastic Load Balancing itself."}, []string{"Envoy was not tested"}},
		{"upstream's Envoy", healthyRun(), []string{"upstream Envoy 1.39.3", "there are no istio_* metrics"}, []string{"This is a rehearsal", "not tested"}},
		{"not Envoy", notEnvoy, []string{"not Envoy", "zproxy 7", "Envoy was not tested"}, []string{"This is a rehearsal", "no istio_*"}},
		{"not known", unknown, []string{"data plane unknown", "Envoy must not be taken as tested"}, nil},
		{"nothing imitated", fleetRun(), nil, []string{"This is a rehearsal", "not tested", "no istio_*"}},
	}
	for _, row := range rows {
		for _, rendering := range renderings() {
			t.Run(row.name+" as "+rendering.name, func(t *testing.T) {
				// Lines may be wrapped, the first line of Markdown is escaped, a page has its style.
				text := string(rendering.of(t, row.run))
				_, body, found := strings.Cut(text, "</style>")
				if found {
					text = body
				}
				text = strings.NewReplacer("\\", "", "! ", "", "\x1b[33m", "", "\x1b[0m", "").Replace(text)
				text = strings.Join(strings.Fields(text), " ")
				for _, want := range row.tells {
					// JSON has no tags: it has the sentences, and cell.rehearsal.
					if !strings.Contains(text, want) && !(rendering.name == "json" && slices.Contains([]string{"not Envoy", "data plane unknown", "zproxy 7"}, want)) {
						t.Errorf("does not tell %q", want)
					}
				}
				for _, bad := range row.not {
					if strings.Contains(text, bad) {
						t.Errorf("tells %q", bad)
					}
				}
			})
		}
	}
}

// The tags stand in the same line, element or object as the verdict.
func TestLimitsStandBesideTheVerdict(t *testing.T) {
	r := rehearsedRun()
	const beside = "non-conformant [rehearsal]"
	beginning := map[string]string{
		"md":   "## ❌ platform aws, CA meshca, on lab: non-conformant \\[rehearsal\\]\n",
		"txt":  " NON-CONFORMANT  [rehearsal]\n",
		"xml":  `<property name="outcome" value="` + beside + `">`,
		"html": `<h1>non-conformant <span class="tag">rehearsal</span></h1>`,
		"json": `"caveats": [
    "This is a rehearsal`,
	}
	for _, rendering := range renderings() {
		want, checked := beginning[rendering.name]
		if checked && !strings.Contains(string(rendering.of(t, r)), want) {
			t.Errorf("%s: want %q", rendering.name, want)
		}
	}
}

func TestLimits(t *testing.T) {
	rows := []struct {
		name string
		cell Cell
		want []string
	}{
		{"real", Cell{DataPlane: "envoy"}, nil},
		{"real, capital", Cell{DataPlane: "Envoy"}, nil},
		{"unknown data plane", Cell{}, []string{"data plane unknown"}},
		{"looks like Envoy, is not", Cell{DataPlane: "envoy-like"}, []string{"not Envoy"}},
		{"lacks something", Cell{DataPlane: "envoy", DataPlaneLacks: "no metrics."}, []string{""}},
		{"in clusters that lack something", Cell{DataPlane: "envoy", ClustersLack: "NetworkPolicies are not enforced."}, []string{""}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var got []string
			for _, l := range (Run{Cell: row.cell}).Limits() {
				got = append(got, l.Tag)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A rehearsal in which all went well must nowhere be called conformant: somebody would
// take the platform for tested.
func TestARehearsalIsNeverCalledConformant(t *testing.T) {
	r := healthyRun()
	r.Cell.Platform, r.Cell.Rehearsal = "aws", true
	r.Outcome, r.Reasons = Conclude(r)
	if r.Outcome != verdict.Rehearsed {
		t.Fatalf("want %s, got %s", verdict.Rehearsed, r.Outcome)
	}
	if again, err := ReadJSON(bytes.NewReader(must(WriteJSON(r)))); err != nil || again.Outcome != verdict.Rehearsed {
		t.Errorf("read again: got %s, %v", again.Outcome, err)
	}
	for _, rendering := range renderings() {
		text := strings.ToLower(string(rendering.of(t, r)))
		if _, body, styled := strings.Cut(text, "</style>"); styled {
			text = body
		}
		if rendering.name == "json" {
			// The calls of a sample are judged by themselves.
			text = strings.ReplaceAll(text, `"verdict": {`+"\n"+`            "outcome": "conformant"`, "")
		}
		if !strings.Contains(text, "rehearsed") || strings.Contains(text, "conformant") {
			t.Errorf("%s: want it rehearsed and never conformant", rendering.name)
			for line := range strings.Lines(text) {
				if strings.Contains(line, "conformant") {
					t.Log(line)
				}
			}
		}
	}
	// What went wrong in a rehearsal went wrong.
	r.Cases[0].Status = Failed
	if outcome, _ := Conclude(r); outcome != verdict.NonConformant {
		t.Errorf("a failed rehearsal: got %s", outcome)
	}
}

func must(data []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return data
}
