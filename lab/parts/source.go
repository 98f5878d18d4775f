package parts

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// sourceMarker is a file that only the root of the source tree has.
const sourceMarker = "lab/parts/kubernetes/go.mod"

// errNoSource says that no source tree was found and what to do about it.
var errNoSource = errors.New("the lab builds its parts from the eastwest source tree, and none was found: run inside a checkout, or set EASTWEST_SOURCE to one")

// FindSource finds the root of the eastwest source tree: EASTWEST_SOURCE, then
// upward from the working directory, then upward from the executable.
func FindSource() (string, error) {
	if dir := os.Getenv("EASTWEST_SOURCE"); dir != "" {
		return checkSource(dir)
	}
	for _, start := range []func() (string, error){os.Getwd, executableDir} {
		dir, err := start()
		if err != nil {
			continue
		}
		if root, ok := upward(dir); ok {
			return root, nil
		}
	}
	return "", errNoSource
}

func checkSource(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("EASTWEST_SOURCE=%q: %w", dir, err)
	}
	if !isSource(abs) {
		return "", fmt.Errorf("EASTWEST_SOURCE=%q is not an eastwest source tree: want a folder that has %s", dir, sourceMarker)
	}
	return abs, nil
}

func executableDir() (string, error) {
	exe, err := os.Executable()
	if err != nil {
		return "", err
	}
	exe, err = filepath.EvalSymlinks(exe)
	return filepath.Dir(exe), err
}

func upward(dir string) (string, bool) {
	for {
		if isSource(dir) {
			return dir, true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", false
		}
		dir = parent
	}
}

func isSource(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(sourceMarker))) //nolint:gosec // only looked for
	return err == nil && info.Mode().IsRegular()
}
