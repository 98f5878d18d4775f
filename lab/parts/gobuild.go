package parts

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

const (
	// linkWeight is how many packages a link counts as in the progress: linking
	// kube-apiserver takes about as long as compiling 20 average packages.
	linkWeight = 20
	// reportEvery is how often progress is reported while a family builds.
	reportEvery = 500 * time.Millisecond
	// stopGrace is what an interrupted go gets to end its compilers.
	stopGrace = 5 * time.Second
	// errorLines is how much of a failed build's output its error carries.
	errorLines = 40
)

// goBuild is one `go build` of a family.
type goBuild struct {
	family
	modules   string // folder of the families' modules
	out       string // folder that gets the programs
	linkFlags string
	lock      *os.File // inherited by go, so that it stays held until go has ended
	report    func(Event)
}

func (b goBuild) run(ctx context.Context) error {
	deps, err := b.listDeps(ctx)
	if err != nil {
		return err
	}
	cmd := b.command(ctx)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return fmt.Errorf("build %s: %w", b.name, err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("build %s: start go: %w", b.name, err)
	}
	lines := scanLines(stderr)
	p := &progress{deps: deps, programs: b.programs, out: b.out}
	p.follow(lines, b.report)
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("build %s: %w; what was compiled is kept", b.name, context.Cause(ctx))
		}
		return fmt.Errorf("build %s: %w; in %s, %s:\n%s", b.name, err, cmd.Dir, b.shell(cmd), strings.Join(p.said, "\n"))
	}
	return nil
}

func (b goBuild) command(ctx context.Context) *exec.Cmd {
	args := append([]string{"build", "-v"}, b.listArgs()...)
	args = append(args, "-ldflags="+b.linkFlags, "-o", b.out+string(os.PathSeparator), "tool")
	cmd := goCommand(ctx, b.modules, b.family, args...)
	cmd.ExtraFiles = []*os.File{b.lock}
	// A group of its own: a terminal's Ctrl-C reaches go through ctx only, and
	// then all its compilers with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = stopGrace
	return cmd
}

// shell is the command as one can paste it.
func (b goBuild) shell(cmd *exec.Cmd) string {
	cgo := "0"
	if b.cgo {
		cgo = "1"
	}
	quoted := make([]string, len(cmd.Args))
	for i, arg := range cmd.Args {
		quoted[i] = arg
		if strings.ContainsAny(arg, " $") {
			quoted[i] = "'" + arg + "'"
		}
	}
	return "CGO_ENABLED=" + cgo + " GOFLAGS= " + strings.Join(quoted, " ")
}

// depFormat tells a package's path and whether it must be compiled. A program
// is always stale, never being installed; its work is the link.
const depFormat = `{{.ImportPath}} {{if eq .Name "main"}}false{{else}}{{.Stale}}{{end}}`

// listDeps asks which packages the family needs and which of them Go's build
// cache lacks. It downloads the modules that are missing.
func (b goBuild) listDeps(ctx context.Context) (map[string]bool, error) {
	args := append([]string{"list"}, b.listArgs()...)
	args = append(args, "-deps", "-f", depFormat, "tool")
	cmd := goCommand(ctx, b.modules, b.family, args...)
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list what %s needs: %w%s", b.name, err, stderrOf(err))
	}
	return parseDeps(string(out)), nil
}

// parseDeps maps each import path to whether it must be compiled.
func parseDeps(out string) map[string]bool {
	deps := map[string]bool{}
	for line := range strings.Lines(out) {
		path, stale, ok := strings.Cut(strings.TrimSpace(line), " ")
		if ok {
			deps[path] = stale == "true"
		}
	}
	return deps
}

// scanLines sends each line of r and closes the channel at its end.
func scanLines(r io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		s := bufio.NewScanner(r)
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			lines <- s.Text()
		}
		// A line past the buffer ends the scan; go must not block on a full pipe.
		_, _ = io.Copy(io.Discard, r)
	}()
	return lines
}
