package commandline

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Binary is a built eastwest.
type Binary struct {
	Path string
	// State is where its runs keep ledgers (EASTWEST_STATE).
	State string
}

// Build builds eastwest from the tree that the test is part of.
func Build(t *testing.T) Binary {
	t.Helper()
	dir := t.TempDir()
	binary := Binary{Path: filepath.Join(dir, "eastwest"), State: filepath.Join(dir, "state")}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", binary.Path, "github.com/eastwest-mesh/eastwest/cmd/eastwest")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build eastwest: %v\n%s", err, out)
	}
	return binary
}

// Command is a call of eastwest that has not begun.
func (b Binary) Command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), b.Path, args...)
	cmd.Env = append(os.Environ(), "EASTWEST_STATE="+b.State)
	return cmd
}
