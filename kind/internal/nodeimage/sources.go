package nodeimage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"sigs.k8s.io/kind/pkg/cmd/kind/version"

	"github.com/eastwest-mesh/eastwest/lab/images"
)

// module is a Go module in the module cache.
type module struct{ Version, Dir string }

// kindPath is kind's module.
const kindPath = "sigs.k8s.io/kind"

// kindModule is the one that eastwest itself is built with: its base files and
// its library must be of one version.
func kindModule(ctx context.Context) (module, error) {
	var m module
	out, err := goTool(ctx, "mod", "download", "-json", kindPath+"@v"+version.Version())
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
	const name = "pause"
	dir := filepath.Join(o.Cache, "kind", "programs")
	if err := images.BuildPrograms(ctx, dir, name); err != nil {
		return "", fmt.Errorf("build the sandbox's program: %w", err)
	}
	return filepath.Join(dir, name), nil
}

// goTool runs go outside of any module.
func goTool(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = os.TempDir()
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("go %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(exit.Stderr)))
	}
	return out, err
}
