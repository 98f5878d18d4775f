package plan

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"sync"
	"time"
)

// Result is what became of a step.
type Result struct {
	ID, Title, Source, Promise string
	Start                      time.Time
	Took                       time.Duration
	// Clusters has one entry for each cluster that had work, in the order of the step.
	Clusters []ClusterResult
	// Err joins the clusters' errors in the order of their names; nil means done.
	Err error
}

// ClusterResult is what became of a step on one cluster.
type ClusterResult struct {
	Cluster string
	Took    time.Duration
	// Actions says how long each action took, in order; after an error the
	// rest is missing.
	Actions []ActionResult
	Err     error
}

// ActionResult is what became of one action.
type ActionResult struct {
	Title string
	Took  time.Duration
	// Notes are what the action found worth telling.
	Notes []string
	Err   error
}

// Observer hears how a plan proceeds. Its methods are called by several
// goroutines at once. Any may be nil.
type Observer struct {
	StepEnded   func(Result)
	ActionEnded func(step, cluster string, action Shown, took time.Duration, err error)
}

// Runner runs plans.
type Runner struct {
	Env     Env
	Observe Observer
}

// Run runs the steps in order and stops after the first that fails. It
// returns the results of the steps that ran, and the failed one's error.
func (r *Runner) Run(ctx context.Context, p Plan) ([]Result, error) {
	results := make([]Result, 0, len(p.Steps))
	for _, step := range p.Steps {
		result := r.Step(ctx, step)
		results = append(results, result)
		if result.Err != nil {
			return results, fmt.Errorf("step %q: %w", step.ID, result.Err)
		}
	}
	return results, nil
}

// Step runs one step: clusters in parallel, a cluster's actions in order. A
// failure on one cluster does not stop the others, so that all that is wrong
// is reported at once.
func (r *Runner) Step(ctx context.Context, step Step) Result {
	result := Result{ID: step.ID, Title: step.Title, Source: step.Source, Promise: step.Promise, Start: time.Now()}
	result.Clusters = make([]ClusterResult, len(step.Work))
	var group sync.WaitGroup
	for i, work := range step.Work {
		group.Go(func() { result.Clusters[i] = r.work(ctx, step.ID, work) })
	}
	group.Wait()
	result.Took = time.Since(result.Start)
	result.Err = joined(result.Clusters)
	if r.Observe.StepEnded != nil {
		r.Observe.StepEnded(result)
	}
	return result
}

func (r *Runner) work(ctx context.Context, step string, work Work) (result ClusterResult) {
	start := time.Now()
	result.Cluster = work.Cluster
	defer func() { result.Took = time.Since(start) }()
	site, err := r.Env.site(work.Cluster)
	if err != nil {
		result.Err = err
		return result
	}
	for _, action := range work.Actions {
		done := r.act(ctx, step, site, action)
		result.Actions = append(result.Actions, done)
		if done.Err != nil {
			result.Err = done.Err
			break
		}
	}
	return result
}

func (r *Runner) act(ctx context.Context, step string, site *Site, action Action) ActionResult {
	shown := action.Show()
	start := time.Now()
	err := ctx.Err()
	if err == nil {
		err = action.Do(ctx, site)
	}
	if err != nil {
		err = fmt.Errorf("%s on cluster %q: %w", shown.Title, site.Cluster, err)
	}
	took := time.Since(start)
	if r.Observe.ActionEnded != nil {
		r.Observe.ActionEnded(step, site.Cluster, shown, took, err)
	}
	return ActionResult{Title: shown.Title, Took: took, Notes: site.takeNotes(), Err: err}
}

// joined joins errors in the order of the clusters' names.
func joined(results []ClusterResult) error {
	sorted := append([]ClusterResult(nil), results...)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].Cluster < sorted[j].Cluster })
	errs := make([]error, 0, len(sorted))
	for _, result := range sorted {
		errs = append(errs, result.Err)
	}
	return errors.Join(errs...)
}
