package report

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

func TestHistogram(t *testing.T) {
	s := Sample{
		Calls: []Call{
			{Status: 200, Version: "v1"},
			{Status: 200, Version: "v1"},
			{Status: 200, Version: "v9"},
			{Status: 200},
			{Status: 503},
			{Status: 503},
			{Status: 503, Version: "v2"},
			{},
			{Unsound: true},
			{Status: 404},
		},
		Verdict: verdict.Verdict{
			Expectation: verdict.Expectation{Shares: verdict.EqualShares("v1", "v2")},
			Accept:      []verdict.Interval{{Version: "v1", Low: 1, High: 9}},
		},
	}
	want := []bar{
		{Label: "v1", Versions: []string{"v1"}, Count: 2, Part: 0.2, Good: true, Want: 0.5, Accept: verdict.Interval{Version: "v1", Low: 1, High: 9}, Judged: true},
		{Label: "v2", Versions: []string{"v2"}, Count: 0, Part: 0, Good: true, Want: 0.5},
		{Label: "v9 (not expected)", Count: 1, Part: 0.1},
		{Label: "lost by the probe", Count: 1, Part: 0.1},
		{Label: "no answer", Count: 1, Part: 0.1},
		{Label: "status 200, ill-formed", Count: 1, Part: 0.1},
		{Label: "status 404", Count: 1, Part: 0.1},
		{Label: "status 503", Count: 3, Part: 0.3},
	}
	got := histogram(s)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	total := 0
	for _, b := range got {
		total += b.Count
	}
	if total != len(s.Calls) {
		t.Errorf("the bars count %d of %d calls", total, len(s.Calls))
	}
}

func TestLatencies(t *testing.T) {
	if _, ok := latencies(Sample{Calls: []Call{{Unsound: true}}}); ok {
		t.Error("latencies of calls that the probe lost")
	}
	var s Sample
	for i := range 100 {
		s.Calls = append(s.Calls, Call{Latency: time.Duration(100-i) * time.Millisecond})
	}
	s.Calls = append(s.Calls, Call{Unsound: true, Latency: time.Hour})
	want := latency{Min: time.Millisecond, P50: 50 * time.Millisecond, P99: 99 * time.Millisecond, Max: 100 * time.Millisecond}
	if got, ok := latencies(s); !ok || got != want {
		t.Errorf("got %+v, %t, want %+v", got, ok, want)
	}
	if got, ok := latencies(Sample{Calls: s.Calls[:1]}); !ok || got.P50 != 100*time.Millisecond || got.P99 != got.P50 {
		t.Errorf("one call: got %+v, %t", got, ok)
	}
}

func TestLatencyStripStaysInside(t *testing.T) {
	calls := []Call{{Latency: 0}, {Latency: time.Millisecond, Status: 200, Version: "v1"}, {Latency: 10 * time.Second, Status: 503}, {Unsound: true}}
	low, high := decadesOf([]Sample{{Calls: calls[:2]}, {Calls: calls[2:]}})
	ticks, marks := latencyStrip(calls, palette{"v1": "c1"}, low, high)
	if len(ticks) != 3 || len(marks) < 2 {
		t.Fatalf("got %d ticks, %d marks", len(ticks), len(marks))
	}
	for _, tick := range ticks {
		if tick.X < 0 || tick.X > 100 {
			t.Errorf("a tick at %v %%", tick.X)
		}
	}
	if ticks[0].Color != "c1" || ticks[2].Color != "bad" {
		t.Errorf("failures are not drawn last: %+v", ticks)
	}
	low, high = decadesOf(nil)
	if ticks, marks := latencyStrip(nil, nil, low, high); ticks != nil || marks != nil {
		t.Errorf("no calls: got %v, %v", ticks, marks)
	}
}

func TestTimeline(t *testing.T) {
	timeline := newTimeline([]Phase{{Name: "b", Start: at(10), Duration: 30 * time.Second}, {Name: "a", Start: at(0), Duration: 20 * time.Second}})
	got := timeline.Rows
	if len(got) != 2 || got[0].Left != 25 || got[0].Width != 75 || got[1].Left != 0 || got[1].Width != 50 {
		t.Errorf("got %+v", got)
	}
	if want := "40.0s in all: b 30.0s, a 20.0s"; timeline.Label != want {
		t.Errorf("got %q, want %q", timeline.Label, want)
	}
	if got := newTimeline([]Phase{{Name: "nothing"}}).Rows; len(got) != 1 || got[0].Width != 0 {
		t.Errorf("a phase without time: got %+v", got)
	}
}

func TestShort(t *testing.T) {
	rows := map[time.Duration]string{
		0: "0s", 812 * time.Microsecond: "812µs", 2440 * time.Microsecond: "2.44ms", 420 * time.Millisecond: "420ms",
		9200 * time.Millisecond: "9.2s", 95 * time.Second: "1m35s", 2 * time.Hour: "2h0m0s",
	}
	for d, want := range rows {
		if got := short(d); got != want {
			t.Errorf("%d ns: got %s, want %s", d, got, want)
		}
	}
}

func TestTerminalKeepsToItsWidth(t *testing.T) {
	for _, width := range []int{1, 60, 80, 132} {
		out := Terminal(rehearsedRun(), TerminalOptions{Width: width})
		for _, line := range strings.Split(out, "\n") {
			// Below 80 columns only paragraphs are wrapped, histograms keep their columns.
			if n := len([]rune(line)); width >= defaultWidth && n > width {
				t.Errorf("width %d: a line has %d columns: %q", width, n, line)
			}
		}
	}
}

func TestTerminalColorIsOnlyAddition(t *testing.T) {
	plain := Terminal(rehearsedRun(), TerminalOptions{})
	colored := Terminal(rehearsedRun(), TerminalOptions{Color: true})
	if strings.Contains(plain, "\x1b") {
		t.Error("colours without Color")
	}
	var b strings.Builder
	for i := 0; i < len(colored); i++ {
		if colored[i] == '\x1b' {
			i += strings.IndexByte(colored[i:], 'm')
			continue
		}
		b.WriteByte(colored[i])
	}
	if diff := cmp.Diff(plain, b.String()); diff != "" {
		t.Errorf("the text differs: %s", diff)
	}
}

// Versions that are promised together have one bar, and none of their calls looks bad.
func TestVersionsCountedTogether(t *testing.T) {
	s := Sample{Source: "cluster3", Size: 3, Calls: []Call{
		{Status: 200, Version: "v1", Latency: time.Millisecond}, {Status: 200, Version: "v1", Latency: time.Millisecond}, {Status: 200, Version: "v3", Latency: time.Millisecond},
	}}
	s.Verdict.Expectation.Shares = []verdict.Share{{Version: "v1 or v2", Part: 2.0 / 3, Of: []string{"v1", "v2"}}, {Version: "v3", Part: 1.0 / 3}}
	bars := histogram(s)
	if len(bars) != 2 || bars[0].Label != "v1 or v2" || bars[0].Count != 2 || bars[1].Count != 1 {
		t.Errorf("got %+v", bars)
	}
	c := Case{ID: "both-directions", Kind: KindScenario, Samples: []Sample{s}}
	for _, drawn := range newChart(c, s, colorsOf(Run{Cases: []Case{c}})).Ticks {
		if drawn.Color == badColor || drawn.Color == "" {
			t.Errorf("a good answer is drawn as %q", drawn.Color)
		}
	}
}
