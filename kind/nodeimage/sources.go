package nodeimage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/lab/parts"
)

// module is a Go module in the module cache.
type module struct{ Version, Dir string }

// kindModule is the one that eastwest itself is built with: its base files and
// its library must be of one version.
func kindModule(ctx context.Context, source string) (module, error) {
	var m module
	out, err := goTool(ctx, source, "mod", "download", "-json", "sigs.k8s.io/kind")
	if err != nil {
		return m, fmt.Errorf("find kind's base files: %w", err)
	}
	if err := json.Unmarshal(out, &m); err != nil {
		return m, fmt.Errorf("find kind's base files: %w", err)
	}
	return m, nil
}

// pauseProgram builds the program of the sandbox image.
func pauseProgram(ctx context.Context, o Options) (string, error) {
	dir := filepath.Join(o.Cache, "kind", "programs")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	at := filepath.Join(dir, "pause")
	args := slices.Concat([]string{"build"}, parts.BuildFlags(), []string{"-ldflags=-s -w", "-o", at, "./lab/images/pause"})
	if _, err := goTool(ctx, o.Source, args...); err != nil {
		return "", fmt.Errorf("build the sandbox's program: %w", err)
	}
	return at, nil
}

// goTool runs go in the source tree.
func goTool(ctx context.Context, source string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = source
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("go %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(exit.Stderr)))
	}
	return out, err
}
