package matrix

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/plan"
	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/framework/run"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
	"github.com/eastwest-mesh/eastwest/internal/kernel"
)

// Config is everything that a run of the matrix is asked for.
type Config struct {
	// Lab makes the clusters of all cells, LabName is what "eastwest verify" knows it by.
	Lab     fleet.Provider
	LabName string
	// Eastwest is the program: each cell is a process of its own, since the test
	// framework keeps one tree a process.
	Eastwest string
	// Dir is the folder for the reports.
	Dir string
	// Clusters is at least 2; ErrorProbability is between 0 and 0.5.
	Clusters         int
	ErrorProbability float64
	// Lines gets a line for each cell as it ends, and at the end what all have in common;
	// Progress gets what is being done. Neither may be nil.
	Lines, Progress io.Writer
}

// Validate names all that is wrong, before any cluster is touched.
func (c Config) Validate() error {
	var errs []error
	if c.Clusters < 2 {
		errs = append(errs, fmt.Errorf("want at least 2 clusters, got %d", c.Clusters))
	}
	if !(c.ErrorProbability > 0 && c.ErrorProbability < 0.5) {
		errs = append(errs, fmt.Errorf("want an error probability above 0 and below 0.5, got %g", c.ErrorProbability))
	}
	if c.Dir == "" {
		errs = append(errs, errors.New("want a folder for the reports"))
	}
	return errors.Join(errs...)
}

// Run runs the cells that a lab can run, one after another, and writes the reports. The list
// is whole where err is nil or tells that the lab could not be made or ended; the outcome is
// that of the worst cell.
func Run(ctx context.Context, config Config) (list report.List, err error) {
	if err := config.Validate(); err != nil {
		return report.List{}, err
	}
	m := &matrix{config}
	here, elsewhere := m.split(cell.All())
	if err := m.prepare(); err != nil {
		return report.List{}, err
	}
	notRun, err := m.leaveOut(elsewhere)
	if err != nil {
		return report.List{}, err
	}
	if _, err := m.Lab.Create(ctx, m.Clusters); err != nil {
		// Nothing was tried, and the reports have to say so.
		err = fmt.Errorf("make the clusters of all cells: %w", err)
		list := lostList(here, notRun, err)
		return list, errors.Join(err, m.write(list))
	}
	defer func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), labEndBound)
		defer cancel()
		err = cmp.Or(err, m.Lab.Destroy(ending))
	}()
	list, err = report.Merge(m.runCells(ctx, here))
	if err != nil {
		return list, err
	}
	list.NotRun = notRun
	return list, m.conclude(list)
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

// matrix is one run of the matrix.
type matrix struct{ Config }

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
	return filepath.Join(m.Dir, "cells", cellName(c))
}

func cellName(c cell.Cell) string { return string(c.Platform) + "-" + string(c.CA) }

// prepare removes what an earlier matrix left, which would be taken for this one's.
func (m *matrix) prepare() error {
	for _, name := range []string{"cells", "plans"} {
		dir := filepath.Join(m.Dir, name)
		if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o750)); err != nil {
			return fmt.Errorf("write the reports: %w", err)
		}
	}
	return nil
}

// runCells runs the cells in order until they are done or the context ends,
// with a line on the terminal for each as it ends.
func (m *matrix) runCells(ctx context.Context, cells []cell.Cell) []report.Run {
	var runs []report.Run
	_, _ = fmt.Fprintf(m.Lines, "%-24s %8s  %-9s  %s\n", "CELL", "TIME", "REHEARSAL", "OUTCOME")
	for i, c := range cells {
		if ctx.Err() != nil {
			runs = append(runs, lostRun(c, time.Now(), "it was not begun: the matrix was interrupted"))
			continue
		}
		_, _ = fmt.Fprintf(m.Progress, "matrix: %d of %d: %s x %s\n", i+1, len(cells), c.Platform, c.CA)
		made := m.runCell(ctx, c)
		runs = append(runs, made)
		_, _ = fmt.Fprintf(m.Lines, "%-24s %7.1fs  %-9s  %s\n", string(c.Platform)+" x "+string(c.CA), made.Ended.Sub(made.Started).Seconds(), yes(made.Cell.Rehearsal), made.Headline())
		for _, reason := range made.Reasons {
			if !made.Outcome.Passed() {
				_, _ = fmt.Fprintf(m.Lines, "    %s\n", reason)
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
	made, err := readReport(filepath.Join(m.dir(c), "report.json"))
	if err != nil {
		return lostRun(c, begun, fmt.Sprintf("it left no report (%v); what it said is in %s", err, m.log(c)))
	}
	return made
}

func (m *matrix) log(c cell.Cell) string { return filepath.Join(m.dir(c), "verify.log") }

// verify ends with an error only where no verdict can be expected: the exit
// code of a verdict, whichever, is reported by its report.
func (m *matrix) verify(ctx context.Context, c cell.Cell) error {
	if err := os.MkdirAll(m.dir(c), 0o750); err != nil {
		return err
	}
	log, err := os.Create(m.log(c))
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, m.Eastwest, m.arguments(c)...)
	cmd.Stdout, cmd.Stderr = log, log
	// In a process group of its own the terminal's Ctrl-C does not reach it a
	// second time, which would end it without cleaning up; when this process is
	// killed it is asked to end, and cleans up. That counts from the death of the thread
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
		"verify", "--platform", string(c.Platform), "--ca", string(c.CA), "--on", string(cell.OnLab), "--lab", m.LabName,
		"--clusters", strconv.Itoa(m.Clusters), "--error-probability", strconv.FormatFloat(m.ErrorProbability, 'g', -1, 64), "--setup", "install", "--suite", "basic",
		// Whatever the environment says for other runs.
		"--fleet=", "--revision=", "--namespace=",
		"--out", m.dir(c),
	}
}

// lostRun stands for a cell of which no report is there: it could not be judged.
func lostRun(c cell.Cell, begun time.Time, why string) report.Run {
	return report.Run{
		APIVersion: report.APIVersion, Kind: report.Kind, ID: "lost-" + cellName(c), Started: begun, Ended: time.Now(),
		Cell:    report.Cell{Platform: string(c.Platform), CA: string(c.CA), Environment: string(cell.OnLab), Rehearsal: c.Home != cell.OnLab},
		Cases:   []report.Case{{ID: "run", Name: "Run the cell", Kind: report.KindStep, Status: report.Errored, Message: why, Start: begun}},
		Outcome: verdict.Inconclusive, Reasons: []string{why},
	}
}

// conclude writes what all cells have in common and prints it.
func (m *matrix) conclude(list report.List) error {
	_, _ = fmt.Fprintf(m.Lines, "\n%s", list.Table())
	if len(list.NotRun) > 0 {
		_, _ = fmt.Fprintf(m.Lines, "\n%d cells were not run, and nothing is known about them:\n", len(list.NotRun))
	}
	for _, n := range list.NotRun {
		_, _ = fmt.Fprintf(m.Lines, "  %-24s %s\n", n.Platform+" x "+n.CA, n.Reason)
	}
	return m.write(list)
}

func (m *matrix) write(list report.List) error {
	junit, errJUnit := list.JUnit()
	document, errJSON := list.JSON()
	page, errHTML := list.HTML()
	return errors.Join(
		errJUnit, errJSON, errHTML,
		run.WriteFile(filepath.Join(m.Dir, "junit.xml"), junit),
		run.WriteFile(filepath.Join(m.Dir, "report.json"), document),
		run.WriteFile(filepath.Join(m.Dir, "report.html"), page),
		run.WriteFile(filepath.Join(m.Dir, "summary.md"), list.Markdown()),
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
			errs = append(errs, writePlan(filepath.Join(m.Dir, "plans", cellName(c)), c, m.Clusters))
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

func readReport(file string) (report.Run, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return report.Run{}, err
	}
	return report.ReadJSON(bytes.NewReader(content))
}

// Outline is the plan of a cell as long as no fleet file names the clusters.
func Outline(c cell.Cell, clusters int) (plan.Plan, error) {
	release, err := cell.ParseVersion(cell.NewestRules)
	if err != nil {
		return plan.Plan{}, err
	}
	return run.NewPlan(run.Outline(c, clusters, release))
}

// writePlan writes a cell's plan beside the reports: to be read, and as a script.
func writePlan(base string, c cell.Cell, clusters int) error {
	made, err := Outline(c, clusters)
	if err != nil {
		return fmt.Errorf("plan %s x %s: %w", c.Platform, c.CA, err)
	}
	var errs []error
	for _, form := range []struct {
		suffix string
		format plan.Format
	}{{".txt", plan.Text}, {".sh", plan.Shell}} {
		var out bytes.Buffer
		errs = append(errs, plan.Print(&out, made, form.format), run.WriteFile(base+form.suffix, out.Bytes()))
	}
	return errors.Join(errs...)
}
