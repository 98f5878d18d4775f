package admin

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"time"

	adminv3 "github.com/envoyproxy/go-control-plane/envoy/admin/v3"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/eastwest-mesh/eastwest/dataplane/listener"
	"github.com/eastwest-mesh/eastwest/dataplane/stats"
)

func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	if !s.Live() {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, "INITIALIZING\n")
		return
	}
	_, _ = io.WriteString(w, "LIVE\n")
}

func (s *Server) quit(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, "OK\n")
	s.Quit()
}

func (s *Server) drain(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	s.Listeners.Drain(listener.DrainOptions{InboundOnly: q.Has("inboundonly"), Graceful: q.Has("graceful")})
	_, _ = io.WriteString(w, "OK\n")
}

func (s *Server) runtime(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, map[string]any{"layers": []string{}, "entries": map[string]any{}})
}

func (s *Server) memory(w http.ResponseWriter, _ *http.Request) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	writeProto(w, &adminv3.Memory{
		Allocated: m.HeapAlloc, HeapSize: m.HeapSys, PageheapFree: m.HeapReleased, PageheapUnmapped: m.HeapReleased, TotalPhysicalBytes: m.Sys,
	})
}

func (s *Server) serverInfo(w http.ResponseWriter, _ *http.Request) {
	state := adminv3.ServerInfo_INITIALIZING
	if s.Live() {
		state = adminv3.ServerInfo_LIVE
	}
	up := durationpb.New(time.Since(s.Started).Truncate(time.Second))
	writeProto(w, &adminv3.ServerInfo{
		Version: s.Version, State: state, UptimeCurrentEpoch: up, UptimeAllEpochs: up, Node: s.Node,
		CommandLineOptions: &adminv3.CommandLineOptions{DrainTime: durationpb.New(s.DrainTime), LogLevel: s.Level.Level().String()},
	})
}

// levels are Envoy's log levels and ours.
var levels = map[string]slog.Level{
	"trace": slog.LevelDebug, "debug": slog.LevelDebug, "info": slog.LevelInfo, "warning": slog.LevelWarn, "warn": slog.LevelWarn,
	"error": slog.LevelError, "critical": slog.LevelError, "off": slog.LevelError + 4,
}

// ParseLevel reads one of Envoy's log levels.
func ParseLevel(name string) (slog.Level, error) {
	l, ok := levels[strings.ToLower(name)]
	if !ok {
		return 0, fmt.Errorf("log level %q: want trace, debug, info, warning, error, critical or off", name)
	}
	return l, nil
}

// loggers is the one name under which /logging lists this program's log. Istio's
// tools set several of Envoy's by name; any name sets ours.
const loggers = "dataplane"

func (s *Server) logging(w http.ResponseWriter, r *http.Request) {
	for name, values := range r.URL.Query() {
		for _, v := range values {
			if name == "paths" { // component:level,component:level
				_, v, _ = strings.Cut(v[strings.LastIndexByte(v, ',')+1:], ":")
			}
			l, err := ParseLevel(v)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			s.Level.Set(l)
		}
	}
	name := strings.ToLower(s.Level.Level().String())
	if name == "warn" {
		name = "warning"
	}
	_, _ = fmt.Fprintf(w, "active loggers:\n  %s: %s\n", loggers, name)
}

func (s *Server) stats(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	var filter *regexp.Regexp
	if f := q.Get("filter"); f != "" {
		var err error
		if filter, err = regexp.Compile(f); err != nil {
			http.Error(w, "Invalid re2 regex: "+err.Error(), http.StatusBadRequest)
			return
		}
	}
	samples := stats.Select(s.Stats.Snapshot(), filter, q.Has("usedonly"))
	switch q.Get("format") {
	case "json":
		type one struct {
			Name  string `json:"name"`
			Value int64  `json:"value"`
		}
		list := []one{}
		for _, x := range samples {
			list = append(list, one{x.Key.String(), x.Value})
		}
		writeJSON(w, map[string]any{"stats": list})
	case "prometheus":
		_ = stats.WritePrometheus(w, samples)
	default:
		_ = stats.WriteText(w, samples)
	}
}

func (s *Server) prometheus(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_ = stats.WritePrometheus(w, stats.Select(s.Stats.Snapshot(), nil, r.URL.Query().Has("usedonly")))
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	_ = e.Encode(v)
}
