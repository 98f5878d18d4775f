package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/lab/parts"
)

// options are what the command line says.
type options struct {
	all, keep                    bool
	only                         []string
	topology, lab, out, eastwest string
	stdout, stderr               io.Writer
}

func (o options) say(format string, args ...any) {
	_, _ = fmt.Fprintf(o.stderr, "istio-tests: "+format+"\n", args...)
}

// run makes everything, runs the list and judges it.
func run(ctx context.Context, o options) (err error) {
	list, err := suitesFor(o.topology, o.all, o.only)
	if err != nil {
		return err
	}
	shape, err := shape(o.topology)
	if err != nil {
		return err
	}
	expected, err := expectationsFor(o.topology)
	if err != nil {
		return err
	}
	if o.out, err = filepath.Abs(o.out); err != nil {
		return err
	}
	if o.eastwest, err = filepath.Abs(o.eastwest); err != nil {
		return err
	}
	shape.Name, shape.Executable, shape.Envoy, shape.Progress = o.lab, o.eastwest, os.Getenv("EASTWEST_ENVOY"), o.stderr
	bench, err := prepare(ctx, o, &shape, list)
	if err != nil {
		return err
	}
	l, err := lab.Up(ctx, shape)
	if err != nil {
		return err
	}
	if !o.keep {
		defer func() { err = errors.Join(err, l.Down(context.WithoutCancel(ctx))) }()
	}
	reports, err := bench.runAll(ctx, l, list, func(soFar []report) error { return o.write(soFar, expected) })
	if err != nil {
		return err
	}
	return o.conclude(reports, expected)
}

// bench is where suites are run.
type bench struct {
	options
	repository string            // folder that the tests take for Istio's repository
	programs   map[string]string // compiled tests, by package
	tools      string            // folder of the programs that tests run, such as helm
	tag        string            // of Istio's images
}

// prepare builds what is needed, and has the lab serve the tests' images.
func prepare(ctx context.Context, o options, shape *lab.Options, list []suite) (bench, error) {
	b := bench{options: o, programs: map[string]string{}}
	cache, err := parts.DefaultCache()
	if err != nil {
		return b, err
	}
	// The lab's own first: they tell how far they are.
	if err := lab.Prepare(ctx, *shape); err != nil {
		return b, err
	}
	istio, err := parts.Build(ctx, parts.Options{Cache: cache, Envoy: shape.Envoy})
	if err != nil {
		return b, err
	}
	o.say("building the programs that Istio's tests deploy")
	tools, err := parts.Build(ctx, parts.Options{Cache: cache, Families: []string{family}})
	if err != nil {
		return b, err
	}
	b.tools, b.tag = tools.BinDir(), istio.IstioRelease()
	w, err := newWorkshop(ctx, cache, o.say)
	if err != nil {
		return b, err
	}
	conformance, err := w.moduleDir(ctx, "sigs.k8s.io/gateway-api/conformance")
	if err != nil {
		return b, err
	}
	refs, err := conformanceImages(conformance)
	if err != nil {
		return b, err
	}
	if shape.Images, err = testImages(istio, tools, refs); err != nil {
		return b, err
	}
	if b.repository, err = w.repository(ctx, istio.IstioModule()); err != nil {
		return b, err
	}
	for _, s := range list {
		if b.programs[s.pkg()], err = w.testProgram(ctx, s.pkg()); err != nil {
			return b, err
		}
	}
	return b, nil
}

// runAll runs the suites while the clusters are kept with the filter that they need.
func (b bench) runAll(ctx context.Context, l *lab.Lab, list []suite, write func([]report) error) (reports []report, err error) {
	group, ctx := errgroup.WithContext(ctx)
	ctx, stop := context.WithCancel(ctx)
	group.Go(func() error { return keepFilters(ctx, l, b.say) })
	group.Go(func() (err error) {
		defer stop()
		reports, err = b.runEach(ctx, l, list, write)
		return err
	})
	err = group.Wait()
	return reports, err
}

// runEach runs the suites one after the other; each installs Istio anew. After each of them
// write gets what there is so far, so that a run that is cut off leaves it.
func (b bench) runEach(ctx context.Context, l *lab.Lab, list []suite, write func([]report) error) ([]report, error) {
	var reports []report
	for i, s := range list {
		b.say("%d of %d: %s", i+1, len(list), s.name)
		began := time.Now()
		results, err := b.runSuite(ctx, l, s)
		if err != nil {
			return reports, err
		}
		r := report{suite: s, results: results, took: time.Since(began)}
		b.say("%s: %d passed, %d failed, %d skipped in %s", s.name, r.count(passed), r.count(failed), r.count(skipped), r.took.Round(time.Second))
		reports = append(reports, r)
		if err := write(reports); err != nil {
			return reports, err
		}
	}
	return reports, nil
}

// conclude prints the result, which is an error where it is not as expected.
func (o options) conclude(reports []report, expected expectations) error {
	if _, err := io.WriteString(o.stdout, summary(reports, expected)); err != nil {
		return err
	}
	if wrong := judge(reports, expected); len(wrong) > 0 {
		return fmt.Errorf("%w: %d differences, listed above", errFailed, len(wrong))
	}
	return nil
}

// write writes the files for people and for CI.
func (o options) write(reports []report, expected expectations) error {
	xml, err := junit(reports, expected)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(o.out, "summary.md"), []byte(summary(reports, expected)), 0o644),
		os.WriteFile(filepath.Join(o.out, "junit.xml"), xml, 0o644))
}

// summary is the table, and below it what is not as expected.
func summary(reports []report, expected expectations) string {
	text := table(reports)
	for i, line := range judge(reports, expected) {
		if i == 0 {
			text += "\n"
		}
		text += "- " + line + "\n"
	}
	return text
}
