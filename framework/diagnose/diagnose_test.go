package diagnose

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/checks"
	"github.com/eastwest-mesh/eastwest/framework/istio"
)

// finds is a check that finds what it is given.
func finds(id string, explains []string, findings ...checks.Finding) checks.Check {
	return checks.Check{ID: id, Severity: checks.Error, Title: id, Explains: explains, Judge: func(l *checks.Look) {
		for _, f := range findings {
			l.Find(f)
		}
	}}
}

func pair(source, destination string) checks.Pair {
	return checks.Pair{Source: source, Destination: destination}
}

// called is a fleet whose clusters have called each other, answered by the versions given.
func called(answers map[string][]string) *istio.Snapshot {
	s := &istio.Snapshot{}
	for i, name := range []string{"a", "b", "c"} {
		c := istio.Cluster{Name: name, Version: "v" + string(rune('1'+i))}
		var calls []istio.Call
		for _, version := range answers[name] {
			call := istio.Call{Status: 200, Version: version, Latency: time.Millisecond}
			if version == "" {
				call.Status = 503
			}
			calls = append(calls, call)
		}
		c.Caller = istio.Read(istio.Caller{Pod: "sample/sleep", Calls: calls})
		s.Clusters = append(s.Clusters, c)
	}
	return s
}

// shape is a diagnosis in a line for each cause: CHECK > CONSEQUENCES.
func shape(d Diagnosis) []string {
	var all []string
	for _, cause := range d.Causes {
		line := cause.Check
		for _, follows := range cause.Consequences {
			line += " > " + follows.Check
		}
		all = append(all, line)
	}
	return all
}

func TestOrder(t *testing.T) {
	toB := []checks.Pair{pair("a", "b")}
	toC := []checks.Pair{pair("a", "c")}
	both := []checks.Pair{pair("a", "b"), pair("a", "c")}
	tests := map[string]struct {
		all  []checks.Check
		want []string
	}{
		"nothing": {nil, nil},
		"a cause explains what is about its pair": {
			[]checks.Check{finds("EW0501", []string{"EW08"}, checks.Finding{Pairs: toB}), finds("EW0801", nil, checks.Finding{Pairs: toB})},
			[]string{"EW0501 > EW0801"},
		},
		"and nothing else": {
			[]checks.Check{finds("EW0501", []string{"EW08"}, checks.Finding{Pairs: toB}), finds("EW0801", nil, checks.Finding{Pairs: toC})},
			[]string{"EW0501", "EW0801"},
		},
		"not what is about more pairs": {
			[]checks.Check{finds("EW0501", []string{"EW08"}, checks.Finding{Pairs: toB}), finds("EW0801", nil, checks.Finding{Pairs: both})},
			[]string{"EW0501", "EW0801"},
		},
		"unless nobody knows which of them": {
			[]checks.Check{finds("EW0501", []string{"EW08"}, checks.Finding{Pairs: toB}), finds("EW0802", nil, checks.Finding{Pairs: both, Any: true})},
			[]string{"EW0501 > EW0802"},
		},
		"only what the check says that it explains": {
			[]checks.Check{finds("EW0501", []string{"EW0802"}, checks.Finding{Pairs: toB}), finds("EW0801", nil, checks.Finding{Pairs: toB})},
			[]string{"EW0501", "EW0801"},
		},
		"what concerns no calls explains nothing and is not explained": {
			[]checks.Check{finds("EW0201", []string{"EW"}, checks.Finding{Pairs: toB}), finds("EW0305", nil, checks.Finding{})},
			[]string{"EW0201", "EW0305"},
		},
		"the lowest of a chain is the cause": {
			[]checks.Check{
				finds("EW0101", []string{"EW"}, checks.Finding{Pairs: toB}), finds("EW0409", []string{"EW05", "EW08"}, checks.Finding{Pairs: toB}),
				finds("EW0512", []string{"EW08"}, checks.Finding{Pairs: toB}), finds("EW0801", nil, checks.Finding{Pairs: toB}),
			},
			[]string{"EW0101 > EW0409 > EW0512 > EW0801"},
		},
		"a check of a higher layer that names it": {
			[]checks.Check{
				finds("EW0512", []string{"EW08"}, checks.Finding{Pairs: toB}), finds("EW0702", []string{"EW0512", "EW08"}, checks.Finding{Pairs: toB}),
				finds("EW0801", nil, checks.Finding{Pairs: toB}),
			},
			[]string{"EW0702 > EW0512 > EW0801"},
		},
		"calls that stayed within the cluster": {
			[]checks.Check{
				finds("EW0703", []string{"EW0806"}, checks.Finding{Cluster: "b", Pairs: toB}),
				finds("EW0806", nil, checks.Finding{Cluster: "b"}, checks.Finding{Cluster: "c"}),
			},
			[]string{"EW0703 > EW0806", "EW0806"},
		},
		"two that explain each other": {
			[]checks.Check{finds("EW0401", []string{"EW0501"}, checks.Finding{Pairs: toB}), finds("EW0501", []string{"EW0401"}, checks.Finding{Pairs: toB})},
			[]string{"EW0401 > EW0501"},
		},
		"the cause of most comes first": {
			[]checks.Check{
				finds("EW0304", nil, checks.Finding{Pairs: toC}),
				finds("EW0501", []string{"EW08"}, checks.Finding{Pairs: toB}), finds("EW0801", nil, checks.Finding{Pairs: toB}),
			},
			[]string{"EW0501 > EW0801", "EW0304"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, shape(Judge(called(nil), test.all))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Calls that were seen to work make a warning of an error about their way, and only those.
func TestCallsThatWorkOutrankASuspicion(t *testing.T) {
	suspicion := finds("EW0403", nil, checks.Finding{Pairs: []checks.Pair{pair("a", "b")}})
	firm := suspicion
	firm.Firm = true
	aboutNothing := finds("EW0202", nil, checks.Finding{})
	tests := map[string]struct {
		answers map[string][]string
		check   checks.Check
		causes  int
	}{
		"answered":                    {map[string][]string{"a": {"v1", "v2", "v3"}}, suspicion, 0},
		"no calls":                    {nil, suspicion, 1},
		"not answered by that one":    {map[string][]string{"a": {"v1", "v3"}}, suspicion, 1},
		"a call of the source failed": {map[string][]string{"a": {"v1", "v2", ""}}, suspicion, 1},
		"another source's":            {map[string][]string{"c": {"v1", "v2", "v3"}}, suspicion, 1},
		"it stands all the same":      {map[string][]string{"a": {"v1", "v2", "v3"}}, firm, 1},
		"it concerns no calls":        {map[string][]string{"a": {"v1", "v2", "v3"}}, aboutNothing, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := Judge(called(test.answers), []checks.Check{test.check})
			if len(d.Causes) != test.causes || len(d.Warnings) != 1-test.causes {
				t.Errorf("want %d causes, got:\n%s", test.causes, d.Text())
			}
		})
	}
}

// What could not be read is said once, and an error's check that it kept from answering.
// Nothing is said about a cluster of a kind that is not judged, and then not all is well.
func TestUnsupported(t *testing.T) {
	s := called(nil)
	s.Clusters[1].Istiods = istio.Read[[]istio.Istiod](nil)
	s.Clusters[1].System = istio.Read(istio.Namespace{Found: true, ControlPlanes: "elsewhere"})
	toB, toC := []checks.Pair{pair("a", "b")}, []checks.Pair{pair("a", "c")}
	d := Judge(s, []checks.Check{finds("EW0501", nil, checks.Finding{Cluster: "a", Pairs: toB}, checks.Finding{Cluster: "b"})})
	if !d.Healthy() || d.Complete() {
		t.Errorf("want nothing found and not all known, got %+v", d)
	}
	for _, want := range []string{"No error was found in what is supported; 1 cluster of 3 not judged", "not judged: b (control plane elsewhere): no istiod runs here"} {
		if !strings.Contains(d.Text(), want) {
			t.Errorf("want %q in\n%s", want, d.Text())
		}
	}
	d = Judge(s, []checks.Check{finds("EW0501", nil, checks.Finding{Cluster: "a", Pairs: toB}, checks.Finding{Cluster: "a", Pairs: toC})})
	if got := shape(d); len(got) != 1 || d.Causes[0].Pairs[0] != toC[0] {
		t.Errorf("want what is found about the others, got %v", got)
	}
}

// A finding that is accepted is set aside, and nothing else is: not what follows from it. An
// acceptance that has expired accepts nothing, and is an error by itself.
func TestAccepted(t *testing.T) {
	toB := []checks.Pair{pair("a", "b")}
	all := []checks.Check{
		finds("EW0501", []string{"EW08"}, checks.Finding{Cluster: "a", Pairs: toB, Found: "this"}), finds("EW0801", nil, checks.Finding{Cluster: "a", Pairs: toB}),
	}
	until := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	accept := checks.Acceptance{Check: "EW0501", Cluster: "a", Reason: "known", Owner: "me", Until: until}
	unused := checks.Acceptance{Check: "EW0601", Reason: "known", Owner: "me", Until: until}
	s := called(nil)
	s.Taken = until.Add(time.Hour)
	d := Judge(s, all, accept, unused)
	if diff := cmp.Diff([]string{"EW0801"}, shape(d)); diff != "" {
		t.Error(diff)
	}
	for _, want := range []string{
		"  after: EW0501 on a, accepted by me until 2026-11-30 (known), explains this; accept",
		"accepted: EW0501 a: this [me until 2026-11-30: known]", "note:  nothing was found that is EW0601, accepted by me until 2026-11-30 (known)",
	} {
		if !strings.Contains(d.Text(), want) {
			t.Errorf("want %q in\n%s", want, d.Text())
		}
	}
	if d := Judge(s, all[:1], accept); !d.Healthy() {
		t.Errorf("want no error, got %+v", d)
	}
	s.Taken = until.AddDate(0, 0, 1)
	d = Judge(s, all, accept)
	if diff := cmp.Diff([]string{"EW0501 > EW0801"}, shape(d)); diff != "" {
		t.Error(diff)
	}
	if d := Judge(s, nil, accept); d.Healthy() || !strings.Contains(d.Text(), "error: an acceptance has expired") {
		t.Errorf("want an error, got\n%s", d.Text())
	}
}

func TestUnread(t *testing.T) {
	needs := func(id string, severity checks.Severity) checks.Check {
		return checks.Check{ID: id, Severity: severity, Judge: func(l *checks.Look) {
			checks.Need(l, &l.Clusters[0], l.Clusters[0].RemoteSecrets)
		}}
	}
	s := called(nil)
	s.Clusters[0].RemoteSecrets = istio.NotRead[[]istio.RemoteSecret](istio.Unknown{What: "remote secrets", Reason: istio.Forbidden, Right: "list secrets in istio-system"})
	d := Judge(s, []checks.Check{needs("EW0501", checks.Error), needs("EW0505", checks.Warning)})
	if diff := cmp.Diff([]string{"EW0501"}, d.Unanswered); diff != "" {
		t.Errorf("unanswered (-want +got):\n%s", diff)
	}
	text := d.Text()
	if strings.Count(text, "the user may not list secrets in istio-system") != 1 || !strings.Contains(text, "1 check could not be answered everywhere: EW0501") {
		t.Errorf("got\n%s", text)
	}
}

// What a cluster says must not be able to write to the terminal as it likes.
func TestTextIsSafeOnATerminal(t *testing.T) {
	evil := "x\x1b]0;title\x07\x1b[2J\nforged line"
	f := checks.Finding{Check: evil, Title: evil, Cluster: evil, Pairs: []checks.Pair{pair(evil, evil)}, Found: evil, Want: evil, Fix: checks.Fix{Text: evil, Commands: []string{evil}}}
	d := Diagnosis{
		Causes: []Cause{{Finding: f, Consequences: []checks.Finding{f}}}, Warnings: []checks.Finding{f}, Notes: []checks.Finding{f},
		Unread: []checks.Unread{{Cluster: evil, Unknown: istio.Unknown{What: evil, Message: evil}}},
	}
	if text := d.Text(); strings.ContainsAny(text, "\x1b\x07") || strings.Contains(text, "\nforged") {
		t.Errorf("got %q", text)
	}
}
