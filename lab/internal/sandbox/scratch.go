package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/eastwest-mesh/eastwest/internal/kernel"
)

// Scratch lets the calling process's mount namespace write below the folders
// without the host seeing any of it: what programs write to fixed places
// (CNI's cache, logs, plugin folders) is kept in memory and goes with the
// sandbox. The folder keep stays the host's, wherever it lies. /run must be
// the namespace's own.
func Scratch(keep string, folders ...string) error {
	const kept = "/run/eastwest/keep"
	if err := Bind(keep, kept); err != nil {
		return err
	}
	for _, dir := range folders {
		upper := filepath.Join("/run/eastwest/scratch", strings.ReplaceAll(dir, "/", "-"))
		if err := overlay(dir, upper); err != nil {
			return err
		}
		if strings.HasPrefix(keep+"/", dir+"/") {
			if err := Bind(kept, keep); err != nil {
				return err
			}
		}
	}
	return nil
}

// Bind shows a folder under another name, too, to the calling process's mount namespace.
// Both are made where they are missing.
func Bind(from, to string) error {
	if err := errors.Join(os.MkdirAll(from, 0o755), os.MkdirAll(to, 0o755)); err != nil {
		return err
	}
	if err := kernel.MountBind(from, to); err != nil {
		return fmt.Errorf("bind %s to %s: %w", from, to, err)
	}
	return nil
}

func overlay(dir, upper string) error {
	data, work := filepath.Join(upper, "data"), filepath.Join(upper, "work")
	for _, d := range []string{data, work} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	opts := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", dir, data, work)
	if err := kernel.MountOverlay(dir, opts); err != nil {
		return fmt.Errorf("make %s writable for the sandbox only: %w", dir, err)
	}
	return nil
}
