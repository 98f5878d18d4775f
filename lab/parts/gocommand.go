package parts

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
)

// goCommand is a go command in a family's module.
func goCommand(ctx context.Context, source string, f family, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = moduleDir(source, f)
	cmd.Env = f.env(os.Environ())
	return cmd
}

// runGo runs a go command that concerns no module.
func runGo(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN=local", "GOFLAGS=", "GOWORK=off")
	cmd.Dir = os.TempDir() // no go.mod whose toolchain line could matter
	out, err := cmd.Output()
	return string(out), err
}

// stderrOf is what a failed command said, on lines of its own.
func stderrOf(err error) string {
	var exit *exec.ExitError
	if !errors.As(err, &exit) || len(exit.Stderr) == 0 {
		return ""
	}
	return ":\n" + strings.TrimSpace(string(exit.Stderr))
}
