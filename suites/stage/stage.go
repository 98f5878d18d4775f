package stage

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
	"github.com/eastwest-mesh/eastwest/framework/page"
	"github.com/eastwest-mesh/eastwest/framework/plan"
	"github.com/eastwest-mesh/eastwest/framework/probe"
	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/framework/workload"
	"github.com/eastwest-mesh/eastwest/scenarios"
)

// Stage is one run. Its methods are called one after another, in the order
// Open, Step for each step, Scenario for each scenario, Finish; what fails
// makes the rest be skipped with the reason. Finish must always be called.
type Stage struct {
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

	run report.Run
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
func New(config Config) (*Stage, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	config.imitate()
	now := time.Now()
	s := &Stage{config: config, bounds: config.bounds(), namespace: workload.DefaultNamespace, waits: &kube.Waits{}}
	s.run = report.Run{
		APIVersion: report.APIVersion, Kind: report.Kind, ID: ledger.NewRunID(now), Started: now,
		Command: config.Command, Cell: config.Cell, ErrorProbability: config.ErrorProbability,
	}
	switch {
	case config.Namespace != "":
		s.namespace = config.Namespace
	case config.Reuse:
		// The mesh that is reused may have a sample of its own.
		s.namespace = "sample-" + s.run.ID[len(s.run.ID)-6:]
	}
	s.progress = newProgress(config.Progress, s.waits, now)
	return s, nil
}

// StepClusters is the ID of the case that ends when the clusters are ready.
const StepClusters = "clusters"

// Open makes or finds the clusters, connects, takes the lock, starts the
// ledger and takes the inventory. The returned context ends, with the cause,
// when the lock is lost. After an error only Finish may be called.
func (s *Stage) Open(ctx context.Context) (context.Context, error) {
	start := time.Now()
	s.progress.line("", fmt.Sprintf("run %s: %s with CA %s on %s, %d clusters", s.run.ID, s.config.Cell.Platform, s.config.Cell.CA, s.config.Cell.Place, s.config.Clusters))
	locked, err := s.open(ctx)
	s.add(report.Case{
		ID: StepClusters, Name: "Reach the clusters, lock them, take the inventory", Kind: report.KindStep,
		Promise: "every cluster answers and is used by no other run", Source: "page lines 15-17 (A0)",
		Start: start, Duration: time.Since(start), Status: statusOfStep(ctx, err), Message: message(err), Notes: s.found,
	})
	if err != nil {
		return ctx, err
	}
	s.progress.line("", "clusters ready ("+seconds(time.Since(start))+")")
	return locked, nil
}

func (s *Stage) open(ctx context.Context) (context.Context, error) {
	specs, err := s.config.Provider.Create(ctx, s.config.Clusters)
	if err != nil {
		return nil, fmt.Errorf("make the clusters of the %s: %w", s.config.Provider.Name(), err)
	}
	if err := refuseServed(specs); err != nil {
		return nil, err
	}
	s.phase("clusters ready", s.run.Started, time.Now())
	dir, err := s.config.stateDir()
	if err != nil {
		return nil, err
	}
	// Kubeconfigs lie beside the ledger: after a crash both go with a lab that
	// goes, and cleanup finds them elsewhere.
	if s.files, err = ledger.NewFolder(dir, s.run.ID); err != nil {
		return nil, err
	}
	s.fleet, err = fleet.Connect(ctx, specs, fleet.Options{Recorder: s.waits, UserAgent: "run/" + s.run.ID, Bounds: s.bounds, TempDir: s.files.Path()})
	if err != nil {
		return nil, err
	}
	if err := s.settle(ctx); err != nil {
		return nil, err
	}
	specs = s.fleet.Specs()
	if err := s.preflight(ctx); err != nil {
		return nil, err
	}
	if err := s.adopt(ctx); err != nil {
		return nil, err
	}
	if s.plan, err = page.New(s.config.pageOptions(specs, s.namespace)); err != nil {
		return nil, err
	}
	if err := s.consent(ctx); err != nil {
		return nil, err
	}
	s.tellLeftRuns(dir)
	locked, err := s.lockAndAnnounce(ctx, dir, specs)
	if err != nil {
		return nil, err
	}
	s.before, err = ledger.TakeInventory(ctx, page.Clients(s.fleet), s.inventoryOptions())
	if err != nil {
		return nil, err
	}
	s.runner = &plan.Runner{
		Env:     page.Env(s.fleet, s.config.Provider.Traits(), s.run.ID, s.journal),
		Observe: plan.Observer{StepEnded: s.progress.step},
	}
	return locked, nil
}

// lockAndAnnounce starts the ledger and takes the lock, in this order: a run
// that is killed between the two then leaves a ledger, by which cleanup finds
// what is left of the lock.
func (s *Stage) lockAndAnnounce(ctx context.Context, dir string, specs []fleet.ClusterSpec) (context.Context, error) {
	header := s.header(specs)
	journal, err := ledger.Create(dir, header)
	if err != nil {
		return nil, err
	}
	lock, locked, err := ledger.AcquireLock(ctx, page.Clients(s.fleet), header.Claim())
	if err != nil {
		return nil, errors.Join(err, journal.Remove())
	}
	s.journal, s.lock = journal, lock
	return locked, nil
}

// tellLeftRuns names earlier runs that left something on these clusters: they
// crashed or were kept, and what they made may be in the way.
func (s *Stage) tellLeftRuns(dir string) {
	left, err := ledger.LeftOn(dir, s.uids())
	if err != nil {
		s.progress.line("", "ledgers of earlier runs: "+err.Error())
	}
	for _, header := range left {
		s.progress.line("", fmt.Sprintf("run %s of %s left things on these clusters; %q removes them",
			header.Run, header.Started.Format(time.RFC3339), s.cleanupCommand(header.Run)))
	}
}

func (s *Stage) header(specs []fleet.ClusterSpec) ledger.Header {
	header := ledger.Header{Run: s.run.ID, Started: s.run.Started, Place: s.config.Provider.Name(), Owner: ledger.Owner()}
	if s.config.Existing {
		header.LockNamespace = s.namespace
	}
	for i, cluster := range s.fleet.Clusters {
		header.Clusters = append(header.Clusters, ledger.Cluster{
			Name: cluster.Name, Kubeconfig: specs[i].Kubeconfig, Context: specs[i].Context, UID: string(cluster.UID),
		})
	}
	return header
}

func (s *Stage) uids() []string {
	uids := make([]string, 0, len(s.fleet.Clusters))
	for _, cluster := range s.fleet.Clusters {
		uids = append(uids, string(cluster.UID))
	}
	return uids
}

// inventoryOptions name the places that a run touches.
func (s *Stage) inventoryOptions() ledger.InventoryOptions {
	return ledger.InventoryOptions{Namespaces: page.Namespaces(page.Options{Namespace: s.namespace})}
}

// Steps are the steps of the plan; empty before Open.
func (s *Stage) Steps() []plan.Step { return s.plan.Steps }

// Fleet is the connected clusters; nil before Open.
func (s *Stage) Fleet() *fleet.Fleet { return s.fleet }

// Step runs one step of the plan, or skips it when an earlier one failed.
func (s *Stage) Step(ctx context.Context, step plan.Step) report.Case {
	result := report.Case{
		ID: step.ID, Name: step.Title, Kind: report.KindStep, Promise: step.Promise, Source: step.Source, Start: time.Now(),
	}
	if s.blocked != "" {
		result.Status, result.Message = report.Skipped, s.blocked
		return s.add(result)
	}
	done := s.runner.Step(ctx, step)
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
	if done.Err != nil && s.firstErr == nil {
		s.firstErr = done.Err
	}
	return s.add(result)
}

// Scenario runs one scenario, or skips it when a step failed. A scenario that
// failed does not stop the next: each restores what it changed.
func (s *Stage) Scenario(ctx context.Context, scenario scenarios.Scenario) report.Case {
	if s.blocked == "" && ctx.Err() != nil {
		s.blocked = "the run was interrupted"
	}
	if s.blocked != "" {
		return s.add(report.Case{
			ID: scenario.ID, Name: scenario.Name, Kind: report.KindScenario, Promise: scenario.Promise, Source: scenario.Source,
			Start: time.Now(), Status: report.Skipped, Message: s.blocked,
		})
	}
	s.identify(ctx)
	result := accept(scenarios.Execute(ctx, scenario, s.Env()), s.config.Accept, time.Now())
	s.progress.scenario(result)
	if scenario.Base && result.Status != report.Passed {
		s.blocked = fmt.Sprintf("scenario %s, which the others stand on, did not pass", scenario.ID)
	}
	return s.add(result)
}

// SkipRest adds what was never tried, because the run was interrupted, to the
// report: what is missing there could be taken for what was never asked.
func (s *Stage) SkipRest(all []scenarios.Scenario) {
	if s.finished {
		return
	}
	tried := map[string]bool{}
	for _, c := range s.run.Cases {
		tried[c.ID] = true
	}
	rest := report.Case{Status: report.Skipped, Message: cmp.Or(s.blocked, "the run was interrupted"), Start: time.Now()}
	for _, step := range s.plan.Steps {
		if !tried[step.ID] {
			rest.ID, rest.Name, rest.Kind, rest.Promise, rest.Source = step.ID, step.Title, report.KindStep, step.Promise, step.Source
			s.add(rest)
		}
	}
	for _, scenario := range all {
		if !tried[scenario.ID] {
			rest.ID, rest.Name, rest.Kind = scenario.ID, scenario.Name, report.KindScenario
			rest.Promise, rest.Source = scenario.Promise, scenario.Source
			s.add(rest)
		}
	}
}

// Env is what scenarios run in.
func (s *Stage) Env() *scenarios.Env {
	traits := s.config.Provider.Traits()
	return &scenarios.Env{
		Fleet: s.fleet, Namespace: s.namespace, Images: traits.Images, Workload: traits.Workload,
		Own:    kube.ApplyOptions{Run: s.run.ID, Journal: s.journal, Bounds: s.bounds},
		Bounds: s.bounds, ErrorProbability: s.config.ErrorProbability,
	}
}

// add keeps a case and what it means for the rest of the run.
func (s *Stage) add(c report.Case) report.Case {
	s.run.Cases = append(s.run.Cases, c)
	if c.Status == report.Failed || c.Status == report.Errored {
		s.failed = true
		if c.Kind == report.KindStep {
			s.blocked = fmt.Sprintf("step %q failed", c.ID)
			s.progress.trouble(c)
		}
	}
	return c
}

// Err is the error of the first step that failed; nil when none did.
func (s *Stage) Err() error { return s.firstErr }

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
	return unmet != nil && unmet.Outside == "" && (unmet.Unpulled == "" || probe.Injected(unmet.Unpulled))
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
