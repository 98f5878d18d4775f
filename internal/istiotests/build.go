package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/eastwest-mesh/eastwest/lab/parts"
	"github.com/eastwest-mesh/eastwest/lab/parts/keep"
	"github.com/eastwest-mesh/eastwest/lab/parts/pins"
)

// family is the module of lab/parts/pins that has what the tests need.
const family = "istiotests"

// workshop builds what the tests need, once, into the cache.
type workshop struct {
	cache  string
	module string // folder of the pinning module
	say    func(format string, args ...any)
}

func newWorkshop(ctx context.Context, cache string, say func(string, ...any)) (workshop, error) {
	modules, err := pins.Write(ctx, cache)
	return workshop{cache: cache, module: filepath.Join(modules, family), say: say}, err
}

// folder keeps compiled tests and the copies of modules.
func (w workshop) folder() keep.Folder {
	return keep.Folder{Root: filepath.Join(w.cache, "istiotests")}
}

// command is a go command in the pinning module. What would change the build is not
// taken from the user's settings.
func (w workshop) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = w.module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local", "GOOS=", "GOARCH=")
	return cmd
}

// moduleDir is where Go keeps a module, downloading it if it must.
func (w workshop) moduleDir(ctx context.Context, module string) (string, error) {
	cmd := w.command(ctx, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", module)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	dir := strings.TrimSpace(string(out))
	if err != nil || dir == "" {
		return "", fmt.Errorf("find module %s, which lab/parts/pins/%s.mod pins: %w\n%s", module, family, err, stderr.String())
	}
	return dir, nil
}

// testFlags compile as the lab's parts are compiled, so that packages which both have are
// compiled once.
func testFlags() []string {
	return append([]string{"test", "-c", "-vet=off", "-tags=integ", "-ldflags=-s -w"}, parts.BuildFlags()...)
}

// testProgram compiles one package of Istio's integration tests.
func (w workshop) testProgram(ctx context.Context, pkg string) (string, error) {
	key, err := w.key(ctx)
	if err != nil {
		return "", err
	}
	entry := "test-" + strings.ReplaceAll(pkg, "/", "-") + "-" + key
	const program = "program"
	dir, err := w.folder().Ensure(ctx, entry, nil, func(dir string) error {
		w.say("compiling Istio's tests/integration/%s", pkg)
		cmd := w.command(ctx, append(testFlags(), "-o", filepath.Join(dir, program), path.Join("istio.io/istio/tests/integration", pkg))...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("compile Istio's tests/integration/%s: %w:\n%s", pkg, err, out)
		}
		return nil
	})
	return filepath.Join(dir, program), err
}

// key hashes what decides a compiled test beside its package.
func (w workshop) key(ctx context.Context) (string, error) {
	version, err := w.command(ctx, "env", "GOVERSION").Output()
	if err != nil {
		return "", fmt.Errorf("ask go for its version: %w", err)
	}
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%s%v\n", version, testFlags())
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(w.module, name))
		if err != nil {
			return "", fmt.Errorf("read what pins Istio's tests: %w", err)
		}
		_, _ = fmt.Fprintf(h, "%s %d\n%s", name, len(data), data)
	}
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}
