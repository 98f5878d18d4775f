package parts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// goCommand is a go command in a family's module.
func goCommand(ctx context.Context, modules string, f family, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = moduleDir(modules, f)
	cmd.Env = f.env(os.Environ())
	return cmd
}

// goEnv asks go for one of its settings, outside any module: no go.mod's
// toolchain line can matter.
func goEnv(ctx context.Context, name string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "env", name)
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN=local", "GOFLAGS=", "GOWORK=off")
	cmd.Dir = os.TempDir()
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("ask go for %s: %w%s", name, err, stderrOf(err))
	}
	return strings.TrimSpace(string(out)), nil
}

// stderrOf is what a failed command said, on lines of its own.
func stderrOf(err error) string {
	var exit *exec.ExitError
	if !errors.As(err, &exit) || len(exit.Stderr) == 0 {
		return ""
	}
	return ":\n" + strings.TrimSpace(string(exit.Stderr))
}
