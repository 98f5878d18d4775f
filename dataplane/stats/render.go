package stats

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// WriteText writes "name: value" lines, the form of Envoy's /stats.
func WriteText(w io.Writer, samples []Sample) error {
	for _, s := range samples {
		if _, err := fmt.Fprintf(w, "%s: %d\n", s.Key, s.Value); err != nil {
			return err
		}
	}
	return nil
}

// Select keeps the samples whose dotted name matches filter (nil keeps all);
// with usedOnly, those never written are left out.
func Select(samples []Sample, filter *regexp.Regexp, usedOnly bool) []Sample {
	return slices.DeleteFunc(slices.Clone(samples), func(s Sample) bool {
		return usedOnly && !s.Touched || filter != nil && !filter.MatchString(s.Key.String())
	})
}

// tags gives the Prometheus label that carries the object of each scope, as
// Envoy's default tag extraction does.
var tags = map[string]string{
	"cluster":  "envoy_cluster_name",
	"listener": "envoy_listener_address",
	"http":     "envoy_http_conn_manager_prefix",
	"tcp":      "envoy_tcp_prefix",
}

// WritePrometheus writes the Prometheus text exposition format.
func WritePrometheus(w io.Writer, samples []Sample) error {
	sorted := slices.Clone(samples)
	slices.SortStableFunc(sorted, func(a, b Sample) int { return strings.Compare(family(a.Key), family(b.Key)) })
	last := ""
	for _, s := range sorted {
		name := family(s.Key)
		if name != last {
			kind := "counter"
			if s.Gauge {
				kind = "gauge"
			}
			if _, err := fmt.Fprintf(w, "# TYPE %s %s\n", name, kind); err != nil {
				return err
			}
			last = name
		}
		label := ""
		if s.Key.Object != "" {
			label = fmt.Sprintf("%s=%q", tag(s.Key.Scope), s.Key.Object)
		}
		if _, err := fmt.Fprintf(w, "%s{%s} %d\n", name, label, s.Value); err != nil {
			return err
		}
	}
	return nil
}

func tag(scope string) string {
	if t := tags[scope]; t != "" {
		return t
	}
	return "object"
}

func family(k Key) string {
	return "envoy_" + strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_':
			return r
		}
		return '_'
	}, k.Scope+"_"+k.Metric)
}
