package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
	"github.com/eastwest-mesh/eastwest/internal/kernel"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/providers"
)

// matrixFlags are the flags as given, not yet checked.
type matrixFlags struct {
	out, lab, envoy  string
	clusters         string
	errorProbability string
}

func newMatrixRunCommand(streams ioStreams) *cobra.Command {
	var flags matrixFlags
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run every cell that this machine can, one after another on one lab",
		Long: `Runs the lab's own cell and rehearses every other that can be, on one lab whose
load balancers become those of each platform in turn. A lab of that name that is
running is used and left running.

The folder --out gets junit.xml, report.json, report.html and summary.md of all
cells together, cells/ with what each left, and plans/ with the plan of each
cell that only a fleet can prove. Cells that were not run are listed with the
reason, on the terminal and in every file.

The exit code is that of the worst cell.`,
		Example: `  # everything that this machine can (root)
  sudo eastwest matrix run

  # on a lab that is there, with three clusters
  sudo eastwest lab up --clusters 3
  sudo eastwest matrix run --clusters 3`,
		Args: checkedArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runMatrix(cmd.Context(), streams, flags)
		},
	}
	set := cmd.Flags()
	set.StringVar(&flags.out, "out", fromEnv("OUT", "artifacts"), "folder for the reports (OUT)")
	set.StringVar(&flags.lab, "lab", fromEnv("LAB", lab.DefaultName), "name of the lab to use or to make (LAB)")
	registerEnvoy(set, &flags.envoy)
	set.StringVar(&flags.clusters, "clusters", fromEnv("CLUSTERS", "2"), "number of clusters (CLUSTERS)")
	set.StringVar(&flags.errorProbability, "error-probability", fromEnv("ERROR_PROBABILITY", "1e-6"), "wanted probability that one check blames a sound mesh (ERROR_PROBABILITY)")
	return cmd
}

func runMatrix(ctx context.Context, streams ioStreams, flags matrixFlags) (err error) {
	m, err := newMatrix(streams, flags)
	if err != nil {
		return usageError(err)
	}
	here, elsewhere := m.split(cell.All())
	if err := m.prepare(); err != nil {
		return err
	}
	notRun, err := m.leaveOut(elsewhere)
	if err != nil {
		return err
	}
	clusters := providers.NewLab(lab.Options{Name: flags.lab, Envoy: flags.envoy, Progress: streams.errOut})
	if _, err := clusters.Create(ctx, m.clusters); err != nil {
		// Nothing was tried, and the reports have to say so.
		err = fmt.Errorf("make the clusters of all cells: %w", err)
		return errors.Join(err, m.write(lostList(here, notRun, err)))
	}
	defer func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), labEndBound)
		defer cancel()
		if errEnd := clusters.Destroy(ending); errEnd != nil {
			_, _ = fmt.Fprintf(streams.errOut, "matrix: %v\n", errEnd)
			err = cmp.Or(err, error(quietError{code: codeInconclusive}))
		}
	}()
	list, err := report.Merge(m.runCells(ctx, here))
	if err != nil {
		return err
	}
	list.NotRun = notRun
	return m.conclude(ctx, list)
}

// lostList is the report of a matrix of which no cell could be begun.
func lostList(cells []cell.Cell, notRun []report.NotRun, why error) report.List {
	list := report.List{APIVersion: report.APIVersion, Kind: report.ListKind, Outcome: verdict.Inconclusive, NotRun: notRun}
	now := time.Now()
	for _, c := range cells {
		list.Items = append(list.Items, lostRun(c, now, why.Error()))
	}
	return list
}

// labEndBound is how long the lab may take to end; see lab.Down.
const labEndBound = time.Minute

// matrix is one "matrix run".
type matrix struct {
	streams  ioStreams
	flags    matrixFlags
	clusters int
	// self is this program: each cell is a process of its own, since the test
	// framework keeps one tree a process.
	self string
}

func newMatrix(streams ioStreams, flags matrixFlags) (*matrix, error) {
	var errs []error
	clusters, err := strconv.Atoi(flags.clusters)
	if err != nil || clusters < 2 {
		errs = append(errs, fmt.Errorf("--clusters: want a number of at least 2, got %q", flags.clusters))
	}
	probability, err := strconv.ParseFloat(flags.errorProbability, 64)
	if err != nil || !(probability > 0 && probability < 0.5) {
		errs = append(errs, fmt.Errorf("--error-probability: want a number above 0 and below 0.5, got %q", flags.errorProbability))
	}
	if flags.out == "" {
		errs = append(errs, errors.New("--out: want a folder for the reports"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return &matrix{streams: streams, flags: flags, clusters: clusters, self: self}, nil
}

// split tells the cells that a lab can run from the others. The lab's own
// comes first: when it fails, nothing is wrong with a platform's traits.
func (m *matrix) split(all []cell.Cell) (here, elsewhere []cell.Cell) {
	var rehearsed []cell.Cell
	for _, c := range all {
		can, _ := c.Rehearsable()
		switch {
		case c.Allowed && c.Home == cell.OnLab:
			here = append(here, c)
		case can:
			rehearsed = append(rehearsed, c)
		default:
			elsewhere = append(elsewhere, c)
		}
	}
	return append(here, rehearsed...), elsewhere
}

func (m *matrix) dir(c cell.Cell) string {
	return filepath.Join(m.flags.out, "cells", cellName(c))
}

func cellName(c cell.Cell) string { return string(c.Platform) + "-" + string(c.CA) }

// prepare removes what an earlier matrix left, which would be taken for this one's.
func (m *matrix) prepare() error {
	for _, name := range []string{"cells", "plans"} {
		dir := filepath.Join(m.flags.out, name)
		if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
			return fmt.Errorf("write the reports: %w", err)
		}
	}
	return nil
}

// runCells runs the cells in order until they are done or the context ends,
// with a line on the terminal for each as it ends.
func (m *matrix) runCells(ctx context.Context, cells []cell.Cell) []report.Run {
	var runs []report.Run
	_, _ = fmt.Fprintf(m.streams.out, "%-24s %8s  %-9s  %s\n", "CELL", "TIME", "REHEARSAL", "OUTCOME")
	for i, c := range cells {
		if ctx.Err() != nil {
			runs = append(runs, lostRun(c, time.Now(), "it was not begun: the matrix was interrupted"))
			continue
		}
		_, _ = fmt.Fprintf(m.streams.errOut, "matrix: %d of %d: %s x %s\n", i+1, len(cells), c.Platform, c.CA)
		run := m.runCell(ctx, c)
		runs = append(runs, run)
		_, _ = fmt.Fprintf(m.streams.out, "%-24s %7.1fs  %-9s  %s\n", string(c.Platform)+" x "+string(c.CA), run.Ended.Sub(run.Started).Seconds(), yes(run.Cell.Rehearsal), run.Headline())
		for _, reason := range run.Reasons {
			if !run.Outcome.Passed() {
				_, _ = fmt.Fprintf(m.streams.out, "    %s\n", reason)
			}
		}
	}
	return runs
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "-"
}

// runCell runs one cell in a process of its own, and reads its report.
func (m *matrix) runCell(ctx context.Context, c cell.Cell) report.Run {
	begun := time.Now()
	if err := m.verify(ctx, c); err != nil {
		return lostRun(c, begun, err.Error())
	}
	run, err := readReport(m.streams, filepath.Join(m.dir(c), "report.json"))
	if err != nil {
		return lostRun(c, begun, fmt.Sprintf("it left no report (%v); what it said is in %s", err, m.log(c)))
	}
	return run
}

func (m *matrix) log(c cell.Cell) string { return filepath.Join(m.dir(c), "verify.log") }

// verify ends with an error only where no verdict can be expected: the exit
// code of a verdict, whichever, is told by its report.
func (m *matrix) verify(ctx context.Context, c cell.Cell) error {
	if err := os.MkdirAll(m.dir(c), 0o755); err != nil {
		return err
	}
	log, err := os.Create(m.log(c))
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, m.self, m.arguments(c)...)
	cmd.Stdout, cmd.Stderr = log, log
	// In a process group of its own the terminal's Ctrl-C does not reach it a
	// second time, which would end it without cleaning up; when this process is
	// killed it is told to end, and cleans up. That counts from the death of the thread
	// that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	kernel.EndWithParent(cmd.SysProcAttr, syscall.SIGTERM)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = cellUndoBound
	err = errors.Join(cmd.Run(), log.Close())
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil
	}
	return err
}

// cellUndoBound is how long an interrupted cell may take to undo what it made:
// kube.LocalBounds().Undo, and a minute to write its reports.
const cellUndoBound = 5 * time.Minute

func (m *matrix) arguments(c cell.Cell) []string {
	return []string{
		"verify", "--platform", string(c.Platform), "--ca", string(c.CA), "--on", string(cell.OnLab), "--lab", m.flags.lab,
		"--clusters", m.flags.clusters, "--error-probability", m.flags.errorProbability, "--setup", "install", "--suite", "basic",
		// Whatever the environment says for other runs.
		"--fleet=", "--revision=", "--namespace=",
		"--out", m.dir(c),
	}
}

// lostRun stands for a cell of which no report is there: it could not be told.
func lostRun(c cell.Cell, begun time.Time, why string) report.Run {
	return report.Run{
		APIVersion: report.APIVersion, Kind: report.Kind, ID: "lost-" + cellName(c), Started: begun, Ended: time.Now(),
		Cell:    report.Cell{Platform: string(c.Platform), CA: string(c.CA), Place: string(cell.OnLab), Rehearsal: c.Home != cell.OnLab},
		Cases:   []report.Case{{ID: "run", Name: "Run the cell", Kind: report.KindStep, Status: report.Errored, Message: why, Start: begun}},
		Outcome: verdict.Inconclusive, Reasons: []string{why},
	}
}

// conclude writes what all cells have in common and prints it.
func (m *matrix) conclude(ctx context.Context, list report.List) error {
	_, _ = fmt.Fprintf(m.streams.out, "\n%s", list.Table())
	if len(list.NotRun) > 0 {
		_, _ = fmt.Fprintf(m.streams.out, "\n%d cells were not run, and nothing is known about them:\n", len(list.NotRun))
	}
	for _, n := range list.NotRun {
		_, _ = fmt.Fprintf(m.streams.out, "  %-24s %s\n", n.Platform+" x "+n.CA, n.Reason)
	}
	written := m.write(list)
	if ctx.Err() != nil {
		return errors.Join(context.Cause(ctx), written)
	}
	return conclude(list.Outcome, nil, written)
}

func (m *matrix) write(list report.List) error {
	junit, errJUnit := list.JUnit()
	document, errJSON := list.JSON()
	page, errHTML := list.HTML()
	return errors.Join(
		errJUnit, errJSON, errHTML,
		writeReport(filepath.Join(m.flags.out, "junit.xml"), junit),
		writeReport(filepath.Join(m.flags.out, "report.json"), document),
		writeReport(filepath.Join(m.flags.out, "report.html"), page),
		writeReport(filepath.Join(m.flags.out, "summary.md"), list.Markdown()),
	)
}

// leaveOut says why cells are not run, and writes the plan of those that a
// fleet can prove.
func (m *matrix) leaveOut(cells []cell.Cell) ([]report.NotRun, error) {
	var notRun []report.NotRun
	var errs []error
	for _, c := range cells {
		n := report.NotRun{Platform: string(c.Platform), CA: string(c.CA), Reason: whyNotHere(c)}
		if c.Allowed && c.Home == cell.OnFleet {
			n.Plan = filepath.Join("plans", cellName(c)+".txt")
			errs = append(errs, writePlan(filepath.Join(m.flags.out, "plans", cellName(c)), c, m.clusters))
		}
		notRun = append(notRun, n)
	}
	return notRun, errors.Join(errs...)
}

func whyNotHere(c cell.Cell) string {
	_, why := c.Rehearsable()
	switch {
	case !c.Allowed:
		return "refused: " + c.Reason
	case c.Home == cell.OnKind:
		return "it is tested on kind clusters, not on the lab"
	default:
		return "only a fleet can prove it: " + strings.TrimSuffix(why, ".")
	}
}
