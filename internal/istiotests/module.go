package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// repository gives a copy of Istio's module that the tests take for a checkout of its
// repository (REPO_ROOT). Go's module cache is read-only and has no execute bits, and
// the tests run scripts of samples/.
func (w workshop) repository(ctx context.Context, module string) (string, error) {
	return w.folder().Ensure(ctx, "repository-"+strings.TrimPrefix(filepath.Base(module), "istio@"), nil, func(dir string) error {
		if err := copyModule(module, dir); err != nil {
			return fmt.Errorf("copy Istio's module for its tests: %w", err)
		}
		return nil
	})
}

func copyModule(from, to string) error {
	source := os.DirFS(from)
	if err := os.CopyFS(to, source); err != nil {
		return err
	}
	return fs.WalkDir(source, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".sh" {
			return err
		}
		return os.Chmod(filepath.Join(to, name), 0o755)
	})
}
