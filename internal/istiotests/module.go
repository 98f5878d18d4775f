package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
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
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, modeOf(path))
	})
}

func modeOf(path string) fs.FileMode {
	if filepath.Ext(path) == ".sh" {
		return 0o755
	}
	return 0o644
}
