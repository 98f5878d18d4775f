package envoy

import (
	"bytes"
	"context"
	"crypto/sha256"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"
)

// RefusedError says why a path that the user named cannot be the proxy.
type RefusedError struct{ Path, Reason string }

// Error names the path, the reason and what is wanted.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s cannot be the proxy: %s; name a program of Envoy for this machine (--envoy, EASTWEST_ENVOY), or leave it out for upstream's %s",
		e.Path, e.Reason, Version)
}

// askTimeout bounds "envoy --version", which takes some 50 ms.
const askTimeout = 20 * time.Second

// Inspect asks the program at a path what it is, before anything is made with it. What
// is not an Envoy that runs here is refused with a *RefusedError.
func Inspect(ctx context.Context, path string) (Binary, error) {
	refuse := func(format string, args ...any) (Binary, error) {
		return Binary{}, &RefusedError{Path: path, Reason: fmt.Sprintf(format, args...)}
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return refuse("%v", err)
	}
	sum, err := sumOf(absolute)
	if err != nil {
		return refuse("%s", plain(err))
	}
	if reason := foreign(absolute); reason != "" {
		return refuse("%s", reason)
	}
	version, err := ask(ctx, absolute)
	if ctx.Err() != nil {
		return Binary{}, fmt.Errorf("ask %s for its version: %w", path, context.Cause(ctx))
	}
	if err != nil {
		return refuse("%s", plain(err))
	}
	b, err := pinned()
	return Binary{Path: absolute, Version: version, SHA256: sum, Upstream: err == nil && sum == b.sha256}, nil
}

// sumOf hashes a regular file.
func sumOf(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", errors.New("it is not a file")
	}
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }() // opened for reading
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", sum.Sum(nil)), nil
}

// foreign says why a file is no program of this machine; empty when it is one.
func foreign(path string) string {
	file, err := elf.Open(path)
	if err != nil {
		return "it is not a program for Linux (ELF): " + plain(err)
	}
	defer func() { _ = file.Close() }() // opened for reading
	if want := machines()[runtime.GOARCH]; file.Machine != want {
		return fmt.Sprintf("it is built for %s, and this machine is %s", name(file.Machine), name(want))
	}
	for _, segment := range file.Progs {
		if segment.Type != elf.PT_INTERP {
			continue
		}
		text, err := io.ReadAll(segment.Open())
		if err != nil {
			return "its loader cannot be read: " + plain(err)
		}
		loader := strings.TrimRight(string(text), "\x00")
		if _, err := os.Stat(loader); err != nil {
			return fmt.Sprintf("it needs the loader %s, which is not on this machine", loader)
		}
	}
	return ""
}

func machines() map[string]elf.Machine {
	return map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}
}

func name(m elf.Machine) string { return strings.ToLower(strings.TrimPrefix(m.String(), "EM_")) }

// versionLine is how Envoy tells its version: commit, release, state of the source
// tree, kind of build, TLS library (source/common/version/version.cc).
var versionLine = regexp.MustCompile(`version: [0-9a-f]{40}/([^/\s]+)/[^/\s]+/[^/\s]+/[^/\s]+`)

// ask runs the program once.
func ask(ctx context.Context, path string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "--version")
	cmd.WaitDelay = time.Second // for children that keep its output open
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	err := cmd.Run()
	if ctx.Err() != nil {
		return "", fmt.Errorf("it did not answer to --version within %s", askTimeout)
	}
	if err != nil {
		return "", fmt.Errorf("it does not run (%w): %s", err, lastWords(complaints.String()))
	}
	found := versionLine.FindStringSubmatch(out.String())
	if found == nil {
		return "", fmt.Errorf("it is not Envoy: asked for --version it says %q", clipped(out.String()))
	}
	return found[1], nil
}

func clipped(text string) string {
	const most = 200 // letters
	letters := []rune(strings.TrimSpace(text))
	return string(letters[:min(len(letters), most)])
}

// plain is an error without the path, which RefusedError names already.
func plain(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}
