package report

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

// parsed is a page as a browser sees it.
func parsed(t *testing.T, page []byte, err error) *html.Node {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	tree, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func parsedRun(t *testing.T, r Run) *html.Node {
	t.Helper()
	page, err := HTML(r)
	return parsed(t, page, err)
}

func parsedList(t *testing.T, runs ...Run) *html.Node {
	t.Helper()
	list, err := Merge(runs)
	if err != nil {
		t.Fatal(err)
	}
	list.NotRun = []NotRun{{Platform: "gdc", CA: "istio", Reason: "no fleet"}}
	page, err := list.HTML()
	return parsed(t, page, err)
}

func attr(node *html.Node, key string) string {
	for _, a := range node.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func has(node *html.Node, key string) bool {
	return slices.ContainsFunc(node.Attr, func(a html.Attribute) bool { return a.Key == key })
}

func elements(under *html.Node, name string) []*html.Node {
	var found []*html.Node
	for node := range under.Descendants() {
		if node.Type == html.ElementNode && node.Data == name {
			found = append(found, node)
		}
	}
	return found
}

func text(node *html.Node) string {
	var b strings.Builder
	for n := range node.Descendants() {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// onlyV2 is a run with a second sample, which only v2 may answer.
func onlyV2() Run {
	r := healthyRun()
	s := sample("cluster1", []int{0, 40})
	s.Verdict = verdict.Judge(verdict.Expectation{Shares: verdict.EqualShares("v2"), Sources: 1, ErrorProbability: 1e-6}, verdict.Counts{})
	r.Cases = append(r.Cases, Case{ID: "local-version-scaled-to-zero", Kind: KindScenario, Status: Passed, Samples: []Sample{s}})
	return r
}

func TestAVersionKeepsItsColor(t *testing.T) {
	later := onlyV2()
	later.ID, later.Cell.Platform = "ew-2", "zzz"
	later.Clusters, later.Cases = later.Clusters[1:], later.Cases[len(later.Cases)-1:]
	colors := map[string]map[string]bool{}
	charts := append(newPage(onlyV2()).Charts, newPage(later).Charts...)
	for _, c := range append(charts, chartsOf(later, colorsOf(onlyV2(), later))...) {
		for _, b := range c.Bars {
			if colors[b.Label] == nil {
				colors[b.Label] = map[string]bool{}
			}
			colors[b.Label][b.Color] = true
		}
	}
	want := map[string]map[string]bool{"v1": {"c1": true}, "v2": {"c2": true}}
	if diff := cmp.Diff(want, colors); diff != "" {
		t.Error(diff)
	}
}

// The strips of one scenario stand above each other: they must have one scale.
func TestSamplesOfAScenarioShareTheirScale(t *testing.T) {
	charts := newPage(rehearsedRun()).Charts
	if diff := cmp.Diff(charts[0].Scale, charts[1].Scale); diff != "" || len(charts[0].Scale) != 7 {
		t.Errorf("want both from 100µs to 100s: %s", diff)
	}
}

func TestColorsOf(t *testing.T) {
	rows := []struct {
		versions []string
		want     palette
	}{
		{[]string{"v10", "v2", "v1"}, palette{"v1": "c1", "v2": "c2", "v10": "c4"}},
		{[]string{"blue", "v1", "v3", "green", ""}, palette{"blue": "c2", "green": "c4", "v1": "c1", "v3": "c3"}},
		{[]string{"v0", "v01"}, palette{"v0": "c1", "v01": "c2"}},
		{nil, palette{}},
	}
	for _, row := range rows {
		var r Run
		for _, version := range row.versions {
			r.Clusters = append(r.Clusters, Cluster{Version: version})
		}
		if diff := cmp.Diff(row.want, colorsOf(r)); diff != "" {
			t.Errorf("%v: %s", row.versions, diff)
		}
	}
}

func TestTablesHaveHeaders(t *testing.T) {
	tables := append(elements(parsedRun(t, rehearsedRun()), "table"), elements(parsedList(t, rehearsedRun(), healthyRun()), "table")...)
	if len(tables) < 8 {
		t.Fatalf("got %d tables", len(tables))
	}
	for _, table := range tables {
		rows := elements(table, "tr")
		headers := elements(rows[0], "th")
		for _, th := range headers {
			if attr(th, "scope") != "col" || text(th) == "" {
				t.Errorf("a header %q with scope %q", text(th), attr(th, "scope"))
			}
		}
		for _, row := range rows[1:] {
			heads := elements(row, "th")
			if n := len(heads) + len(elements(row, "td")); n != len(headers) {
				t.Errorf("a row with %d cells under %d headers: %s", n, len(headers), text(row))
			}
			for _, th := range heads {
				if attr(th, "scope") != "row" {
					t.Errorf("the header of a row without scope: %s", text(th))
				}
			}
		}
	}
}

func TestChartsSayTheirFigures(t *testing.T) {
	labels := func(tree *html.Node) []string {
		var all []string
		for node := range tree.Descendants() {
			if attr(node, "role") == "img" {
				all = append(all, attr(node, "aria-label"))
			}
		}
		return all
	}
	const (
		broken = "48 calls from cluster1: v1 44, 91.7 % (50.0 % promised, 7 to 41 accepted); v2 0, 0.0 % (50.0 % promised, 7 to 41 accepted); no answer 1, 2.1 %; status 503 3, 6.2 %"
		well   = "48 calls from cluster2: v1 22, 45.8 % (50.0 % promised, 7 to 41 accepted); v2 26, 54.2 % (50.0 % promised, 7 to 41 accepted)"
	)
	want := []string{
		broken,
		"latency of 48 calls, on a logarithmic scale: min 918µs, p50 2.22ms, p99 15.0s, max 15.0s; 4 of them not answered well",
		well,
		"latency of 48 calls, on a logarithmic scale: min 1.24ms, p50 2.48ms, p99 3.74ms, max 3.74ms; 0 of them not answered well",
		"41.3s in all: clusters ready 9.2s, istiod 8.1s, east-west gateways 6.4s, first cross-cluster answer 4.8s, samples 2.1s, clean-up 10.7s",
	}
	if diff := cmp.Diff(want, labels(parsedRun(t, rehearsedRun()))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{broken, well}, labels(parsedList(t, rehearsedRun()))); diff != "" {
		t.Errorf("list: %s", diff)
	}
}

// folds maps what is folded to whether it is open.
func folds(tree *html.Node) map[string]bool {
	all := map[string]bool{}
	for _, details := range elements(tree, "details") {
		all[text(elements(details, "summary")[0])] = has(details, "open")
	}
	return all
}

func TestWhatPassedIsFolded(t *testing.T) {
	untidy := fleetRun()
	untidy.Cases[8].Status = Failed
	broken := healthyRun()
	broken.Cases[2].Status = Failed
	rows := []struct {
		name string
		run  Run
		want map[string]bool
	}{
		{"all passed", healthyRun(), map[string]bool{"Steps 5 passed": false, "Waits 1": false}},
		{"a step failed", broken, map[string]bool{"Steps 4 passed, 1 failed": true, "Waits 1": false}},
		{"a wait in vain", rehearsedRun(), map[string]bool{"Steps 5 passed": false, "Waits 2, 1 in vain": true}},
		{"notes of a clean-up that passed", fleetRun(), map[string]bool{"Steps 5 passed": false, "Waits 1": false, "4 notes": false}},
		{"notes of one that failed", untidy, map[string]bool{"Steps 5 passed": false, "Waits 1": false, "4 notes": true}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got := folds(parsedRun(t, row.run))
			for summary := range got {
				if strings.HasPrefix(summary, "EW0703") { // what is accepted was always folded
					delete(got, summary)
				}
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEvidenceHref(t *testing.T) {
	rows := map[string]string{
		"diagnosis/findings.txt":      "diagnosis/findings.txt",
		"diagnosis/west/istiod-1.log": "diagnosis/west/istiod-1.log",
		"diagnosis/a b?c#d%2e.log":    "diagnosis/a%20b%3Fc%23d%252e.log",
		"diagnosis/<i>\"'.log":        "diagnosis/%3Ci%3E%22%27.log",
		"javascript:alert(1)":         "javascript%3Aalert%281%29",
		"/etc/passwd":                 "",
		"//host/share":                "",
		"https://host/x":              "",
		"../x":                        "",
		"diagnosis/../../x":           "",
		"diagnosis/..":                "",
		"diagnosis//x":                "",
		`diagnosis\..\x`:              "",
		"diagnosis/a\nb":              "",
		"diagnosis/\u202Egol.exe":     "",
		".":                           "",
		"":                            "",
	}
	for name, want := range rows {
		if got := evidenceHref(name); got != want {
			t.Errorf("%q: want %q, got %q", name, want, got)
		}
	}
}

func TestEvidenceIsLinkedAndNamed(t *testing.T) {
	r := rehearsedRun()
	r.Evidence = append(r.Evidence, "../outside.txt")
	tree := parsedRun(t, r)
	var links []string
	for _, a := range elements(tree, "a") {
		links = append(links, attr(a, "href"))
	}
	if diff := cmp.Diff(r.Evidence[:4], links); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(text(tree), "../outside.txt") {
		t.Error("a file without a link is not named")
	}
	if !strings.Contains(string(Markdown(r)), "\n- diagnosis/cluster1/istiod-7c9d.log\n") {
		t.Error("Markdown does not name the files")
	}
	if n := len(elements(parsedRun(t, healthyRun()), "a")); n != 0 {
		t.Errorf("%d links where nothing was diagnosed", n)
	}
}

// What only we call so must not reach a reader.
func TestReportsUseTheReadersWords(t *testing.T) {
	private := regexp.MustCompile(`(?i)\b(pages?|places?|stages?|r` + `ungs?|t` + `old)\b`)
	for _, r := range []Run{healthyRun(), rehearsedRun(), fleetRun()} {
		trees := map[string]string{
			"html": text(elements(parsedRun(t, r), "body")[0]), "list": text(elements(parsedList(t, r), "body")[0]),
			"md": string(Markdown(r)), "txt": Terminal(r, TerminalOptions{}),
		}
		list, err := Merge([]Run{r})
		if err != nil {
			t.Fatal(err)
		}
		trees["list.md"] = string(list.Markdown())
		for form, words := range trees {
			if word := private.FindString(words); word != "" {
				t.Errorf("%s of %s says %q", form, r.ID, word)
			}
		}
	}
}
