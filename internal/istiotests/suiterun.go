package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/lab/parts"
	"github.com/eastwest-mesh/eastwest/providers"
)

// stopGrace is what an interrupted suite gets to clean up.
const stopGrace = 10 * time.Second

// settings are what istiod needs on the lab (docs/lab.md), as Istio's framework takes them: Helm
// values, and the rest.
func settings(meshValues []string) (helm, operator []string) {
	for _, value := range meshValues {
		if own, ok := strings.CutPrefix(value, "values."); ok {
			helm = append(helm, own)
		} else {
			operator = append(operator, value)
		}
	}
	return helm, operator
}

// arguments are those of a suite's program. meshValues are the lab's.
func (b bench) arguments(s suite, topology, work string, meshValues []string) []string {
	helm, operator := settings(meshValues)
	args := []string{
		"-test.v=test2json", "-test.timeout=" + s.timeout.String(),
		"--istio.test.kube.topology=" + topology,
		"--istio.test.hub=" + parts.IstioHub, "--istio.test.tag=" + b.tag, "--istio.test.pullpolicy=IfNotPresent",
		"--istio.test.work_dir=" + work,
		// Its image has Istio's Debian package.
		"--istio.test.skipVM",
		"--istio.test.kube.helm.values=" + strings.Join(helm, ","),
		"--istio.test.istio.operatorOptions=" + strings.Join(operator, ","),
	}
	if s.run != "" {
		args = append(args, "-test.run="+s.run)
	}
	if s.skip != "" {
		args = append(args, "--istio.test.skip="+s.skip)
	}
	return append(args, s.flags...)
}

// runSuite runs one suite inside the lab. That tests fail is no error.
func (b bench) runSuite(ctx context.Context, l *lab.Lab, s suite) ([]result, error) {
	work := filepath.Join(b.out, s.file())
	if err := errors.Join(os.RemoveAll(work), os.MkdirAll(work, 0o755)); err != nil {
		return nil, err
	}
	seen := len(l.State.Clusters)
	if s.single() {
		seen = 1
	}
	topology, err := writeTopology(l, b.out, seen)
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(work, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	argv := slices.Concat([]string{"lab", "--name", b.lab, "exec", "--", b.programs[s.pkg()]}, b.arguments(s, topology, work, providers.LabTraits(l).MeshValues))
	cmd := exec.CommandContext(ctx, b.eastwest, argv...)
	cmd.Dir = filepath.Join(b.repository, "tests", "integration", s.pkg())
	cmd.Env = append(os.Environ(), "REPO_ROOT="+b.repository, "PATH="+b.tools+":"+os.Getenv("PATH"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = stopGrace
	results, err := b.watched(ctx, s, cmd, log)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", s.name, err)
	}
	return results, nil
}

// watched runs a test program, and tells meanwhile how far it is.
func (b bench) watched(ctx context.Context, s suite, program *exec.Cmd, log io.Writer) (results []result, err error) {
	var far progress
	telling, stop := context.WithCancel(ctx)
	var group errgroup.Group
	group.Go(func() error { far.tell(telling, s, b.say); return nil })
	group.Go(func() (err error) {
		defer stop()
		results, err = converted(ctx, program, log, far.take)
		return err
	})
	err = group.Wait()
	return results, err
}

// converted runs a test program and reads its results by way of `go tool test2json`.
func converted(ctx context.Context, program *exec.Cmd, log io.Writer, seen func(event)) ([]result, error) {
	convert := exec.CommandContext(ctx, "go", "tool", "test2json")
	in, err := convert.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := convert.StdoutPipe()
	if err != nil {
		return nil, err
	}
	convert.Stderr = os.Stderr
	if err := convert.Start(); err != nil {
		return nil, fmt.Errorf("start test2json: %w", err)
	}
	program.Stdout, program.Stderr = io.MultiWriter(log, in), log
	go func() {
		// How it ended is in what it wrote: test2json takes a missing "PASS" for a failure.
		_ = program.Run()
		_ = in.Close()
	}()
	results, err := readResults(out, seen)
	return results, errors.Join(err, convert.Wait())
}

// keepFilters keeps the filter in every cluster whose istiod reads its own resources, until
// ctx ends.
func keepFilters(ctx context.Context, l *lab.Lab, say func(string, ...any)) error {
	filter, err := alpnFilter()
	if err != nil {
		return fmt.Errorf("read the filter for upstream's Envoy: %w", err)
	}
	var clients []*kube.Client
	for _, c := range l.State.Clusters {
		if c.Primary != "" {
			continue
		}
		client, err := kube.New(kube.Options{Name: c.Name, Kubeconfig: c.Kubeconfig})
		if err != nil {
			return err
		}
		clients = append(clients, client)
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, client := range clients {
		group.Go(func() error { return keepFilter(ctx, client, filter, say) })
	}
	return group.Wait()
}
