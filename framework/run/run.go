package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/ledger"
	"github.com/eastwest-mesh/eastwest/framework/plan"
	"github.com/eastwest-mesh/eastwest/framework/probe"
	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/framework/workload"
)

// Run is one run. Its methods are called one after another, in the order
// Open, Step for each step, Scenario for each scenario, Finish; what fails
// makes the rest be skipped with the reason. Finish must always be called.
type Run struct {
	config    Config
	namespace string
	bounds    kube.Bounds
	waits     *kube.Waits
	progress  *progress

	plan    plan.Plan
	fleet   *fleet.Fleet
	files   *ledger.Folder
	lock    *ledger.Lock
	journal *ledger.Journal
	before  []ledger.Inventory
	runner  *plan.Runner

	report report.Run
	// comparing is fixed by Open where two revisions are compared, else nil.
	comparing *Comparing
	// blocked says why nothing further can be tried; empty while all is well.
	blocked  string
	failed   bool
	finished bool
	firstErr error
	evidence []File
	// found are facts about the clusters and tools, for the report.
	found []string
}

// File is a piece of evidence for the folder diagnosis/.
type File struct {
	Name    string
	Content []byte
}

// New makes a run that has touched nothing yet.
func New(config Config) (*Run, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	config.imitate()
	now := time.Now()
	r := &Run{config: config, bounds: config.bounds(), namespace: workload.DefaultNamespace, waits: &kube.Waits{}}
	r.report = report.Run{
		APIVersion: report.APIVersion, Kind: report.Kind, ID: ledger.NewRunID(now), Started: now,
		Command: config.Command, Cell: config.Cell, ErrorProbability: config.ErrorProbability,
	}
	switch {
	case config.Namespace != "":
		r.namespace = config.Namespace
	case config.Reuse:
		// The mesh that is reused may have a sample of its own.
		r.namespace = "sample-" + r.report.ID[len(r.report.ID)-6:]
	}
	r.progress = newProgress(config.Progress, r.waits, now)
	return r, nil
}

// StepClusters is the ID of the case that ends when the clusters are ready.
const StepClusters = "clusters"

// Open makes or finds the clusters, connects, takes the lock, starts the
// ledger and takes the inventory. The returned context ends, with the cause,
// when the lock is lost. After an error only Finish may be called.
func (r *Run) Open(ctx context.Context) (context.Context, error) {
	start := time.Now()
	r.progress.line("", fmt.Sprintf("run %s: %s with CA %s on %s, %d clusters", r.report.ID, r.config.Cell.Platform, r.config.Cell.CA, r.config.Cell.Environment, r.config.Clusters))
	locked, err := r.open(ctx)
	r.add(report.Case{
		ID: StepClusters, Name: "Reach the clusters, lock them, take the inventory", Kind: report.KindStep,
		Promise: "every cluster answers and is used by no other run", Source: "guide, \"Before you begin\"",
		Start: start, Duration: time.Since(start), Status: statusOfStep(ctx, err), Message: message(err), Notes: r.found,
	})
	if err != nil {
		return ctx, err
	}
	r.progress.line("", "clusters ready ("+seconds(time.Since(start))+")")
	return locked, nil
}

func (r *Run) open(ctx context.Context) (context.Context, error) {
	specs, err := r.config.Provider.Create(ctx, r.config.Clusters)
	if err != nil {
		return nil, fmt.Errorf("make the clusters of the %s: %w", r.config.Provider.Name(), err)
	}
	if err := refuseServed(specs); err != nil {
		return nil, err
	}
	specs = r.config.ofRevision(specs)
	r.phase("clusters ready", r.report.Started, time.Now())
	dir, err := r.config.stateDir()
	if err != nil {
		return nil, err
	}
	// Kubeconfigs lie beside the ledger: after a crash both go with a lab that
	// goes, and cleanup finds them elsewhere.
	if r.files, err = ledger.NewFolder(dir, r.report.ID); err != nil {
		return nil, err
	}
	r.fleet, err = fleet.Connect(ctx, specs, fleet.Options{Recorder: r.waits, UserAgent: "run/" + r.report.ID, Bounds: r.bounds, TempDir: r.files.Path()})
	if err != nil {
		return nil, err
	}
	if err := r.settle(ctx); err != nil {
		return nil, err
	}
	specs = r.fleet.Specs()
	if err := r.preflight(ctx); err != nil {
		return nil, err
	}
	if err := r.adopt(ctx); err != nil {
		return nil, err
	}
	if err := r.compare(ctx); err != nil {
		return nil, err
	}
	if r.plan, err = NewPlan(r.planOptions(specs)); err != nil {
		return nil, err
	}
	if err := r.consent(ctx); err != nil {
		return nil, err
	}
	r.tellLeftRuns(dir)
	locked, err := r.lockAndAnnounce(ctx, dir)
	if err != nil {
		return nil, err
	}
	r.before, err = ledger.TakeInventory(ctx, r.fleet.Clients(), r.inventoryOptions())
	if err != nil {
		return nil, err
	}
	r.runner = &plan.Runner{
		Env:     PlanEnv(r.fleet, r.config.Provider.Traits(), r.report.ID, r.journal),
		Observe: plan.Observer{StepEnded: r.progress.step},
	}
	return locked, nil
}

// lockAndAnnounce starts the ledger and takes the lock, in this order: a run
// that is killed between the two then leaves a ledger, by which cleanup finds
// what is left of the lock.
func (r *Run) lockAndAnnounce(ctx context.Context, dir string) (context.Context, error) {
	header := r.header()
	journal, err := ledger.Create(dir, header)
	if err != nil {
		return nil, err
	}
	lock, locked, err := ledger.AcquireLock(ctx, r.fleet.Clients(), header.Claim())
	if err != nil {
		return nil, errors.Join(err, journal.Remove())
	}
	r.journal, r.lock = journal, lock
	return locked, nil
}

// tellLeftRuns names earlier runs that left something on these clusters: they
// crashed or were kept, and what they made may be in the way.
func (r *Run) tellLeftRuns(dir string) {
	left, err := ledger.LeftOn(dir, r.uids())
	if err != nil {
		r.progress.line("", "ledgers of earlier runs: "+err.Error())
	}
	for _, header := range left {
		r.progress.line("", fmt.Sprintf("run %s of %s left things on these clusters; %q removes them",
			header.Run, header.Started.Format(time.RFC3339), r.cleanupCommand(header.Run)))
	}
}

func (r *Run) header() ledger.Header {
	header := headerOf(r.report.ID, r.config.Provider.Name(), r.fleet)
	header.Started = r.report.Started
	if r.config.Existing {
		header.LockNamespace = r.namespace
	}
	return header
}

func (r *Run) uids() []string {
	uids := make([]string, 0, len(r.fleet.Clusters))
	for _, cluster := range r.fleet.Clusters {
		uids = append(uids, string(cluster.UID))
	}
	return uids
}

// inventoryOptions name the places that a run touches.
func (r *Run) inventoryOptions() ledger.InventoryOptions {
	return ledger.InventoryOptions{Namespaces: r.namespaces()}
}

// Steps are the steps of the plan; empty before Open.
func (r *Run) Steps() []plan.Step { return r.plan.Steps }

// Fleet is the connected clusters; nil before Open.
func (r *Run) Fleet() *fleet.Fleet { return r.fleet }

// Step runs one step of the plan, or skips it when an earlier one failed.
func (r *Run) Step(ctx context.Context, step plan.Step) report.Case {
	result := report.Case{
		ID: step.ID, Name: step.Title, Kind: report.KindStep, Promise: step.Promise, Source: step.Source, Start: time.Now(),
	}
	if r.blocked != "" {
		result.Status, result.Message = report.Skipped, r.blocked
		return r.add(result)
	}
	done := r.runner.Step(ctx, step)
	result.Duration = done.Took
	result.Status, result.Message = statusOfStep(ctx, done.Err), message(done.Err)
	for _, cluster := range done.Clusters {
		result.Notes = append(result.Notes, fmt.Sprintf("%s: %s", cluster.Cluster, seconds(cluster.Took)))
		for _, action := range cluster.Actions {
			for _, note := range action.Notes {
				result.Notes = append(result.Notes, fmt.Sprintf("%s: %s", cluster.Cluster, note))
			}
		}
	}
	if done.Err != nil && r.firstErr == nil {
		r.firstErr = done.Err
	}
	return r.add(result)
}

// Scenario runs one scenario, or skips it when a step failed. A scenario that
// failed does not stop the next: each restores what it changed.
func (r *Run) Scenario(ctx context.Context, scenario Scenario) report.Case {
	if r.blocked == "" && ctx.Err() != nil {
		r.blocked = "the run was interrupted"
	}
	if r.blocked != "" {
		return r.add(report.Case{
			ID: scenario.ID, Name: scenario.Name, Kind: report.KindScenario, Promise: scenario.Promise, Source: scenario.Source,
			Start: time.Now(), Status: report.Skipped, Message: r.blocked,
		})
	}
	r.identify(ctx)
	result := accept(Execute(ctx, scenario, r.Env()), r.config.Accept, time.Now())
	r.progress.scenario(result)
	if scenario.Base && result.Status != report.Passed {
		r.blocked = fmt.Sprintf("scenario %s, which the others stand on, did not pass", scenario.ID)
	}
	return r.add(result)
}

// SkipRest adds what was never tried, because the run was interrupted, to the
// report: what is missing there could be taken for what was never asked.
func (r *Run) SkipRest(all []Scenario) {
	if r.finished {
		return
	}
	tried := map[string]bool{}
	for _, c := range r.report.Cases {
		tried[c.ID] = true
	}
	rest := report.Case{Status: report.Skipped, Message: cmp.Or(r.blocked, "the run was interrupted"), Start: time.Now()}
	for _, step := range r.plan.Steps {
		if !tried[step.ID] {
			rest.ID, rest.Name, rest.Kind, rest.Promise, rest.Source = step.ID, step.Title, report.KindStep, step.Promise, step.Source
			r.add(rest)
		}
	}
	for _, scenario := range all {
		if !tried[scenario.ID] {
			rest.ID, rest.Name, rest.Kind = scenario.ID, scenario.Name, report.KindScenario
			rest.Promise, rest.Source = scenario.Promise, scenario.Source
			r.add(rest)
		}
	}
}

// Env is what scenarios run in.
func (r *Run) Env() *Env {
	traits := r.config.Provider.Traits()
	return &Env{
		Fleet: r.fleet, Namespace: r.namespace, Images: traits.Images, Workload: traits.Workload,
		Own:    kube.ApplyOptions{Run: r.report.ID, Journal: r.journal, Bounds: r.bounds},
		Bounds: r.bounds, ErrorProbability: r.config.ErrorProbability,
		Comparing: r.comparing, Tell: func(text string) { r.progress.line("", text) },
	}
}

// add keeps a case and what it means for the rest of the run.
func (r *Run) add(c report.Case) report.Case {
	r.report.Cases = append(r.report.Cases, c)
	if c.Status == report.Failed || c.Status == report.Errored {
		r.failed = true
		if c.Kind == report.KindStep {
			r.blocked = fmt.Sprintf("step %q failed", c.ID)
			r.progress.trouble(c)
		}
	}
	return c
}

// Err is the error of the first step that failed; nil when none did.
func (r *Run) Err() error { return r.firstErr }

// statusOfStep: a wait that ran out means that the cluster did not do what the
// step promises, so the mesh is wrong, and so it is where something of it differs from
// what is wanted; everything else means that the step
// could not be taken.
func statusOfStep(ctx context.Context, err error) report.Status {
	switch {
	case err == nil:
		return report.Passed
	case ctx.Err() != nil:
		return report.Errored
	case blamesMesh(err):
		return report.Failed
	default:
		return report.Errored
	}
}

// blamesMesh is true if any of the joined errors is a wait in vain, or something of the
// mesh that is there and wrong. Where an image is missing nothing can be said about the
// mesh, unless it is the proxy's own, and neither where a quota, Pod Security, an
// admission webhook, full nodes or the cloud's load balancer stand in the way.
func blamesMesh(err error) bool {
	var unmet *kube.UnmetError
	switch all := err.(type) { //nolint:errorlint // it walks the tree, which errors.As does to the first only
	case *kube.DiffersError:
		return true
	case *kube.UnmetError:
		unmet = all
	case interface{ Unwrap() []error }:
		return slices.ContainsFunc(all.Unwrap(), blamesMesh)
	case interface{ Unwrap() error }:
		return all.Unwrap() != nil && blamesMesh(all.Unwrap())
	}
	return unmet != nil && unmet.Outside == "" && (unmet.ImagePullFailed == "" || probe.Injected(unmet.ImagePullFailed))
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
