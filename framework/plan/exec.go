package plan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/redact"
)

// Exec runs a program on this machine.
type Exec struct {
	Title string
	// Argv may refer to variables with Use.
	Argv []string
	// Stdin is given to the program.
	Stdin []byte
	// Env is added to the program's environment.
	Env []EnvVar
	// Without names variables of eastwest's own environment that mean something
	// else to the program.
	Without []string
	// Note puts what the program said, redacted, into the notes of the step.
	Note bool
	// ComplainsOnStdout is true for a program that may write its errors there;
	// never for one that prints secrets.
	ComplainsOnStdout bool
}

// EnvVar is an environment variable of a program.
type EnvVar struct {
	Name, Value string
	// Secret keeps the value out of everything that is printed.
	Secret bool
}

// ProgramError is a program that failed: what was run, pasteable, and what it said.
type ProgramError struct {
	Command string
	Stderr  string
	Err     error
}

func (e *ProgramError) Error() string {
	if e.Stderr == "" {
		return fmt.Sprintf("%s: %v", e.Command, e.Err)
	}
	return fmt.Sprintf("%s: %v: %s", e.Command, e.Err, e.Stderr)
}

func (e *ProgramError) Unwrap() error { return e.Err }

// Show implements Action.
func (a Exec) Show() Shown {
	return Shown{Kind: KindExec, Title: a.Title, Shell: a.shell()}
}

// Do implements Action.
func (a Exec) Do(ctx context.Context, site *Site) error {
	_, err := a.Output(ctx, site)
	return err
}

// The pause between a program's SIGTERM and its SIGKILL when the run ends early.
const programGrace = 5 * time.Second

// How many bytes of what a program said are kept: of its complaints in an
// error, and of all it said in a note. The last say most.
const (
	stderrMost = 4096
	mostNoted  = 4096
)

// Output runs the program on behalf of an action and returns what it wrote to its standard output.
func (a Exec) Output(ctx context.Context, site *Site) ([]byte, error) {
	argv := make([]string, len(a.Argv))
	for i, argument := range a.Argv {
		expanded, err := site.expand(argument)
		if err != nil {
			return nil, err
		}
		argv[i] = expanded
	}
	ctx, cancel := context.WithTimeout(ctx, site.Bounds.Tool)
	defer cancel()
	command := a.command(ctx, argv)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	start := time.Now()
	err := command.Run()
	if err != nil {
		endGroup(command)
	}
	if a.Note {
		site.Note(fmt.Sprintf("%s: %s after %.1f s%s", path.Base(argv[0]), ending(err), time.Since(start).Seconds(),
			said(a.redact(stderr.String(), mostNoted))))
	}
	if err != nil {
		return nil, &ProgramError{Command: redact.Text(quoteAll(argv)), Stderr: a.complaint(stdout.String(), stderr.String()), Err: runError(ctx, err)}
	}
	return stdout.Bytes(), nil
}

// command prepares the program in a process group of its own, so that what it
// started itself ends with it.
func (a Exec) command(ctx context.Context, argv []string) *exec.Cmd {
	command := exec.CommandContext(ctx, argv[0], argv[1:]...)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGTERM) }
	command.WaitDelay = programGrace
	command.Stdin = bytes.NewReader(a.Stdin)
	command.Env = slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains(a.Without, name)
	})
	for _, variable := range a.Env {
		command.Env = append(command.Env, variable.Name+"="+variable.Value)
	}
	return command
}

// endGroup ends what a program that failed or was ended has left running.
func endGroup(command *exec.Cmd) {
	if command.Process != nil {
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) // no such group: all ended by themselves
	}
}

func ending(err error) string {
	if err != nil {
		return err.Error()
	}
	return "exit status 0"
}

func said(text string) string {
	if text == "" {
		return ", saying nothing"
	}
	return ", saying:\n" + text
}

// complaint is what a program that failed said about it.
func (a Exec) complaint(stdout, stderr string) string {
	if a.ComplainsOnStdout && strings.TrimSpace(stderr) == "" {
		stderr = stdout
	}
	return a.redact(stderr, stderrMost)
}

func runError(ctx context.Context, err error) error {
	if ctx.Err() != nil && !errors.Is(err, ctx.Err()) {
		return fmt.Errorf("%w (%w)", err, ctx.Err())
	}
	return err
}

// redact takes secrets out of what a program said and keeps the last of it.
func (a Exec) redact(text string, most int) string {
	for _, variable := range a.Env {
		if variable.Secret && variable.Value != "" {
			text = strings.ReplaceAll(text, variable.Value, redact.Mark)
		}
	}
	return redact.Last(text, most)
}
