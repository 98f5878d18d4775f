package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEveryRenderingTellsWhatWasImitated(t *testing.T) {
	standInOnly := healthyRun()
	rehearsalWithEnvoy := healthyRun()
	rehearsalWithEnvoy.Cell = Cell{Platform: "aws", CA: "istio", Place: "kind", Rehearsal: true, DataPlane: "envoy"}
	rehearsalWithEnvoy.Components = nil
	rows := []struct {
		name  string
		run   Run
		tells []string // both the tag and the sentence
		not   []string
	}{
		{"rehearsal and stand-in", rehearsedRun(), []string{"rehearsal", "stand-in data plane", "aws and the CA meshca were not tested", "Imitated: the load balancer gives a gateway a host name with 3 addresses.", "Not imitated: Elastic Load Balancing itself.", "Envoy was not tested"}, nil},
		{"stand-in", standInOnly, []string{"stand-in data plane", "Envoy was not tested"}, []string{"This is a rehearsal"}},
		{"rehearsal with Envoy", rehearsalWithEnvoy, []string{"rehearsal", "aws was not tested"}, []string{"Envoy was not tested"}},
		{"nothing imitated", fleetRun(), nil, []string{"This is a rehearsal", "not tested", "stand-in"}},
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
					if !strings.Contains(text, want) && !(rendering.name == "json" && want == "stand-in data plane") {
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
	const beside = "non-conformant [rehearsal, stand-in data plane]"
	beginning := map[string]string{
		"md":   "## ❌ aws x meshca on lab: non-conformant \\[rehearsal, stand-in data plane\\]\n",
		"txt":  " NON-CONFORMANT  [rehearsal, stand-in data plane]\n",
		"xml":  `<property name="outcome" value="` + beside + `">`,
		"html": `<h1>non-conformant <span class="tag">rehearsal</span> <span class="tag">stand-in data plane</span></h1>`,
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
		with []Component
		want []string
	}{
		{"real", Cell{DataPlane: "envoy"}, nil, nil},
		{"real, capital", Cell{DataPlane: "Envoy"}, nil, nil},
		{"unknown data plane", Cell{}, nil, []string{"data plane unknown"}},
		{"looks like Envoy, is not", Cell{DataPlane: "envoy-like"}, nil, []string{"stand-in data plane"}},
		{"another stand-in", Cell{DataPlane: "envoy"}, []Component{{Name: "gcloud-double", StandIn: "gcloud"}}, []string{"stand-in gcloud-double"}},
		{"the stand-in is told once", Cell{DataPlane: "d"}, []Component{{Name: "d", StandIn: "Envoy"}}, []string{"stand-in data plane"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var got []string
			for _, l := range (Run{Cell: row.cell, Components: row.with}).Limits() {
				got = append(got, l.Tag)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
