package report

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"
)

// chart is one sample from one source cluster.
type chart struct {
	Sample
	Scenario string
	Sized    string // how many calls, and how many were meant to be
	Bars     []chartBar
	Ticks    []tick
	Scale    []scaleMark
	Latency  latency
	HasCalls bool
	// Label and StripLabel say the figures to those who do not see the bars and the strip.
	Label, StripLabel string
}

// chartBar is a bar with its accept interval; positions are in percent of the calls.
type chartBar struct {
	bar
	Color             string
	Left, Width       float64 // Left: where the bars before it end
	BandLeft, BandFor float64
	WantAt            float64
	Outside           bool
}

// tick is one call on the latency strip, in percent of its width.
type tick struct {
	X     float64
	Color string
}

type scaleMark struct {
	X     float64
	Label string
}

func chartsOf(r Run, colors palette) []chart {
	var charts []chart
	for _, c := range r.Cases {
		for _, s := range c.Samples {
			charts = append(charts, newChart(c, s, colors))
		}
	}
	return charts
}

func newChart(c Case, s Sample, colors palette) chart {
	ch := chart{Sample: s, Scenario: c.label(), Sized: sized(s)}
	good := palette{}
	left := 0.0
	for _, b := range histogram(s) {
		cb := chartBar{bar: b, Left: round1(left), Width: round1(100 * b.Part), WantAt: round1(100 * b.Want), Color: badColor}
		left += 100 * b.Part
		if b.Good {
			cb.Color = colors[b.Label]
			for _, version := range b.Versions {
				good[version] = cmp.Or(colors[version], cb.Color)
			}
		}
		if n := float64(len(s.Calls)); b.Judged && n > 0 {
			cb.BandLeft = round1(100 * float64(b.Accept.Low) / n)
			cb.BandFor = round1(100 * float64(b.Accept.High-b.Accept.Low) / n)
			cb.Outside = b.Count < b.Accept.Low || b.Count > b.Accept.High
		}
		ch.Bars = append(ch.Bars, cb)
	}
	ch.Latency, ch.HasCalls = latencies(s)
	low, high := decadesOf(c.Samples)
	ch.Ticks, ch.Scale = latencyStrip(s.Calls, good, low, high)
	ch.Label, ch.StripLabel = ch.inWords(), ch.stripInWords()
	return ch
}

// sized is "48 calls, as fixed beforehand", or how many of them there were.
func sized(s Sample) string {
	if len(s.Calls) == s.Size {
		return fmt.Sprintf("%d calls, as fixed beforehand", s.Size)
	}
	return fmt.Sprintf("%d of the %d calls fixed beforehand", len(s.Calls), s.Size)
}

func (c chart) inWords() string {
	var bars []string
	for _, b := range c.Bars {
		text := fmt.Sprintf("%s %d, %s", b.Label, b.Count, percent(b.Part))
		if b.Judged {
			text += fmt.Sprintf(" (%s promised, %d to %d accepted)", percent(b.Want), b.Accept.Low, b.Accept.High)
		}
		bars = append(bars, text)
	}
	return fmt.Sprintf("%d calls from %s: %s", len(c.Calls), c.Source, strings.Join(bars, "; "))
}

func (c chart) stripInWords() string {
	bad := 0
	for _, t := range c.Ticks {
		bad += rankOf(t)
	}
	return fmt.Sprintf("latency of %d calls, on a logarithmic scale: min %s, p50 %s, p99 %s, max %s; %d of them not answered well",
		len(c.Ticks), short(c.Latency.Min), short(c.Latency.P50), short(c.Latency.P99), short(c.Latency.Max), bad)
}

// decadesOf is the scale that all samples of a case share, so that their strips
// can be compared; low is above high where nothing was measured.
func decadesOf(samples []Sample) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, s := range samples {
		for _, c := range s.Calls {
			if at := decade(c.Latency); !c.Unsound {
				low, high = math.Min(low, at), math.Max(high, at)
			}
		}
	}
	low, high = math.Floor(low), math.Ceil(high)
	if high == low {
		high++
	}
	return low, high
}

// latencyStrip places each call on a logarithmic axis: a stall of ten seconds
// and an answer in two milliseconds must both be seen.
func latencyStrip(calls []Call, good palette, low, high float64) ([]tick, []scaleMark) {
	if low > high {
		return nil, nil
	}
	place := func(at float64) float64 { return round1(100 * (at - low) / (high - low)) }
	var ticks []tick
	for _, c := range calls {
		if c.Unsound {
			continue
		}
		color, expected := good[c.Version]
		if !expected || c.Status != http.StatusOK {
			color = badColor
		}
		ticks = append(ticks, tick{X: place(decade(c.Latency)), Color: color})
	}
	// Failures are drawn last, above the crowd.
	slices.SortStableFunc(ticks, func(a, b tick) int { return rankOf(a) - rankOf(b) })
	var marks []scaleMark
	for at := low; at <= high; at++ {
		marks = append(marks, scaleMark{X: place(at), Label: decadeLabel(at)})
	}
	return ticks, marks
}

func rankOf(t tick) int {
	if t.Color == badColor {
		return 1
	}
	return 0
}

// decade is the logarithm of a duration in nanoseconds; nothing is faster than a microsecond.
func decade(d time.Duration) float64 {
	return math.Log10(float64(max(d, time.Microsecond)))
}

// decadeLabel is "100µs", "1ms", "10s": shorter than short, since the marks stand close.
func decadeLabel(at float64) string {
	d := time.Duration(math.Round(math.Pow(10, at)))
	if d >= time.Second {
		return fmt.Sprintf("%ds", d/time.Second)
	}
	return short(d)
}

func round1(x float64) float64 { return math.Round(10*x) / 10 }
