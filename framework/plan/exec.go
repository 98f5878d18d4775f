package plan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
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

// stderrMost is how many bytes of a program's complaints an error carries; the last say most.
const stderrMost = 4096

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
	command := exec.CommandContext(ctx, argv[0], argv[1:]...)
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = programGrace
	command.Env = os.Environ()
	for _, variable := range a.Env {
		command.Env = append(command.Env, variable.Name+"="+variable.Value)
	}
	var stdout, stderr bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(a.Stdin), &stdout, &stderr
	if err := command.Run(); err != nil {
		return nil, &ProgramError{Command: quoteAll(argv), Stderr: a.redact(lastBytes(stderr.String(), stderrMost)), Err: runError(ctx, err)}
	}
	return stdout.Bytes(), nil
}

func runError(ctx context.Context, err error) error {
	if ctx.Err() != nil && !errors.Is(err, ctx.Err()) {
		return fmt.Errorf("%w (%w)", err, ctx.Err())
	}
	return err
}

// redact takes secret values out of what a program said.
func (a Exec) redact(text string) string {
	for _, variable := range a.Env {
		if variable.Secret && variable.Value != "" {
			text = strings.ReplaceAll(text, variable.Value, "[redacted]")
		}
	}
	return strings.TrimSpace(text)
}

func lastBytes(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return "..." + text[len(text)-most:]
}
