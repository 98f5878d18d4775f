package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/report"
)

// Scenario is one promise of the mesh and how it is tried.
type Scenario struct {
	// ID is stable over versions, such as "both-directions".
	ID   string
	Name string
	// Promise is what the guide promises, in a sentence.
	Promise string
	// Source is where the promise is made.
	Source string
	Needs  Needs
	// Base is true for the scenario that all others stand on: when it does not
	// pass they would only say the same again, and take long to say it.
	Base bool
	// Bound is the longest time for the scenario on a fleet of two clusters,
	// beyond the waits that have bounds of their own.
	Bound time.Duration
	Run   func(context.Context, *Env) error
}

// Needs is what a scenario asks of the fleet.
type Needs struct {
	// Clusters is the least number of clusters.
	Clusters int
	// Disruptive is true when the scenario changes what runs, be it only in
	// the sample's own namespace; what it changed it restores.
	Disruptive bool
}

// ErrUnsupported says that the fleet is not made for the scenario: its promise does not apply.
var ErrUnsupported = errors.New("not applicable to this fleet")

// Violation says that the mesh broke a promise.
type Violation struct{ Reasons []string }

func (v *Violation) Error() string { return strings.Join(v.Reasons, "; ") }

// Violated returns a *Violation, or nil where there is no reason.
func Violated(reasons ...string) error {
	if len(reasons) == 0 {
		return nil
	}
	return &Violation{Reasons: reasons}
}

// Execute runs a scenario and returns its case for the report. It never
// passes a scenario that judged no sample: success is counted, not inferred.
func Execute(ctx context.Context, s Scenario, env *Env) report.Case {
	result := report.Case{
		ID: s.ID, Name: s.Name, Kind: report.KindScenario, Promise: s.Promise, Source: s.Source, Start: time.Now(),
	}
	err := supported(s, env)
	record := &record{}
	if err == nil {
		err = s.Run(ctx, env.during(s, record))
	}
	result.Duration = time.Since(result.Start)
	result.Samples, result.Notes, result.Compared = record.samples, record.notes, record.compared
	// Sources are sampled at the same time; the report's order is that of their names.
	slices.SortStableFunc(result.Samples, func(a, b report.Sample) int { return strings.Compare(a.Source, b.Source) })
	result.Status, result.Message = statusOf(err, len(result.Samples)+result.Compared.Judged())
	return result
}

func supported(s Scenario, env *Env) error {
	if have := len(env.Fleet.Clusters); have < s.Needs.Clusters {
		return fmt.Errorf("%w: it needs %d clusters, there are %d", ErrUnsupported, s.Needs.Clusters, have)
	}
	return nil
}

// statusOf derives what became of a scenario from its error alone.
func statusOf(err error, samples int) (report.Status, string) {
	var violation *Violation
	switch {
	case errors.As(err, &violation):
		return report.Failed, err.Error()
	case errors.Is(err, ErrUnsupported):
		return report.Unsupported, err.Error()
	case err != nil:
		return report.Errored, err.Error()
	case samples == 0:
		return report.Errored, "no sample was judged"
	default:
		return report.Passed, ""
	}
}

// Env is what scenarios run in: a fleet with the sample deployed.
type Env struct {
	Fleet *fleet.Fleet
	// Namespace is the sample's.
	Namespace string
	Images    fleet.Images
	Workload  fleet.Workload
	// Own says on whose behalf objects are made; its journal is the ledger.
	Own    kube.ApplyOptions
	Bounds kube.Bounds
	// ErrorProbability is the wanted probability that one statistical check
	// blames a sound mesh.
	ErrorProbability float64
	// Comparing is what two revisions are compared with; nil in other runs.
	Comparing *Comparing
	// Tell says to whoever waits how far a long scenario is; never nil in a run.
	Tell func(text string)

	scenario Scenario
	record   *record
}

// Scenario is the ID of the scenario that runs.
func (e *Env) Scenario() string { return e.scenario.ID }

// record is what a scenario leaves behind for the report.
type record struct {
	mu      sync.Mutex
	samples []report.Sample // guarded by mu
	notes   []string        // guarded by mu
	// compared is what a comparison found; nil where there was none.
	compared *report.Compared // guarded by mu
}

// during returns the environment of one scenario.
func (e *Env) during(s Scenario, r *record) *Env {
	own := *e
	own.scenario, own.record = s, r
	return &own
}

// Keep adds a sample to the report.
func (e *Env) Keep(sample report.Sample) {
	e.record.mu.Lock()
	defer e.record.mu.Unlock()
	e.record.samples = append(e.record.samples, sample)
}

// KeepCompared puts what a comparison found into the report.
func (e *Env) KeepCompared(compared report.Compared) {
	e.record.mu.Lock()
	defer e.record.mu.Unlock()
	e.record.compared = &compared
}

// Note keeps a fact for the report that decides nothing.
func (e *Env) Note(format string, args ...any) {
	e.record.mu.Lock()
	defer e.record.mu.Unlock()
	e.record.notes = append(e.record.notes, fmt.Sprintf(format, args...))
}
