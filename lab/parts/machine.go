package parts

import (
	"context"
	"errors"
	"fmt"
	goversion "go/version"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/eastwest-mesh/eastwest/internal/kernel"
	"github.com/eastwest-mesh/eastwest/lab/parts/pins"
)

const (
	mib = 1 << 20
	gib = 1 << 30
	// labDiskBytes is what images and running labs take in the cache.
	labDiskBytes = 2 * gib
)

// machine is what the checks ask of the host; tests give it other answers.
type machine struct {
	linux     bool
	root      bool
	caps      uint64                 // effective capabilities, as bits
	goVersion func() (string, error) // e.g. "go1.26.8"
	freeBytes func(dir string) (uint64, error)
	unbuilt   func(Options) []family
	goCache   func() (string, error) // Go's build cache, which takes most of a first build
	exists    func(need) bool
	hasApt    bool
}

func hostMachine(ctx context.Context) machine {
	_, aptErr := FindProgram("apt-get")
	return machine{
		linux:     kernel.Linux,
		root:      os.Geteuid() == 0,
		caps:      kernel.Capabilities(),
		goVersion: func() (string, error) { return goVersion(ctx) },
		freeBytes: freeBytes,
		unbuilt:   func(o Options) []family { return unbuilt(ctx, o) },
		goCache:   func() (string, error) { return goEnv(ctx, "GOCACHE") },
		exists:    need.present,
		hasApt:    aptErr == nil,
	}
}

func (m machine) canInstall() bool { return m.root && m.hasApt }

// check finds everything but packages that is unmet.
func (m machine) check(opts Options) []*Unmet {
	if !m.linux {
		return []*Unmet{{Need: "Linux", Found: runtime.GOOS, Remedy: "run labs on a Linux machine; fleets, snapshots and reports work here"}}
	}
	var unmet []*Unmet
	for _, u := range []*Unmet{m.checkRoot(), m.checkGo(), m.checkDisk(opts)} {
		if u != nil {
			unmet = append(unmet, u)
		}
	}
	return unmet
}

func (m machine) checkRoot() *Unmet {
	const needed = kernel.CapSysAdmin | kernel.CapNetAdmin
	switch {
	case !m.root:
		return &Unmet{Need: "root", Found: "an ordinary user", Remedy: "the lab makes namespaces, mounts and network links: run it with sudo"}
	case m.caps&needed != needed:
		return &Unmet{Need: "root's capabilities CAP_SYS_ADMIN and CAP_NET_ADMIN", Found: fmt.Sprintf("a root restricted to %#x", m.caps), Remedy: "run the container with --privileged, or run on the host"}
	}
	return nil
}

// checkGo compares the go command with the newest version that the modules ask
// for: it builds with the toolchain at hand and downloads none.
func (m machine) checkGo() *Unmet {
	want, err := wantedGo()
	if err != nil {
		return &Unmet{Need: "the modules that pin the parts", Found: err.Error(), Remedy: "install eastwest again"}
	}
	need := "Go " + strings.TrimPrefix(want, "go") + " or newer"
	const remedy = "install it and put it first in PATH (sudo may have a PATH of its own)"
	found, err := m.goVersion()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return &Unmet{Need: need, Found: "no go command in PATH", Remedy: remedy}
	case err != nil:
		return &Unmet{Need: need, Found: err.Error(), Remedy: remedy}
	case goversion.IsValid(found) && goversion.Compare(found, want) < 0:
		return &Unmet{Need: need, Found: found, Remedy: remedy}
	}
	return nil
}

// wantedGo is the newest go line of the families' modules.
func wantedGo() (string, error) {
	want := "go1.26"
	for _, f := range families(headIstio()) {
		data, err := pins.Module(f.name)
		if err != nil {
			return "", err
		}
		for line := range strings.Lines(string(data)) {
			if v, ok := strings.CutPrefix(strings.TrimSpace(line), "go "); ok && goversion.Compare("go"+v, want) > 0 {
				want = "go" + v
			}
		}
	}
	return want, nil
}

// checkDisk wants room for the lab in the cache, and beside Go's build cache
// for what is not built yet.
func (m machine) checkDisk(opts Options) *Unmet {
	var toBuild uint64
	for _, f := range m.unbuilt(opts) {
		toBuild += f.diskMiB * mib
	}
	const anotherCache = "free some, or set EASTWEST_CACHE to a folder on another disk"
	if toBuild == 0 {
		return m.checkRoom(opts.Cache, labDiskBytes, "for a lab", anotherCache)
	}
	if u := m.checkRoom(opts.Cache, labDiskBytes, "for built programs and a lab", anotherCache); u != nil {
		return u
	}
	goCache, err := m.goCache()
	if err != nil {
		goCache = opts.Cache // most often they share a disk
	}
	return m.checkRoom(goCache, toBuild+labDiskBytes, "to build the parts once", "free some, or set GOCACHE and GOMODCACHE to folders on another disk")
}

func (m machine) checkRoom(dir string, want uint64, why, remedy string) *Unmet {
	need := fmt.Sprintf("%.1f GiB of free disk %s", float64(want)/gib, why)
	free, err := m.freeBytes(dir)
	switch {
	case err != nil:
		return &Unmet{Need: need, Found: err.Error(), Remedy: remedy}
	case free < want:
		return &Unmet{Need: need, Found: fmt.Sprintf("%.1f GiB at %s", float64(free)/gib, dir), Remedy: remedy}
	}
	return nil
}

// freeBytes is what an unprivileged user may still write below dir, which need
// not exist yet.
func freeBytes(dir string) (uint64, error) {
	for {
		var st unix.Statfs_t
		err := unix.Statfs(dir, &st)
		if err == nil {
			return st.Bavail * uint64(st.Bsize), nil //nolint:gosec // a size of blocks
		}
		if parent := filepath.Dir(dir); errors.Is(err, fs.ErrNotExist) && parent != dir {
			dir = parent
			continue
		}
		return 0, fmt.Errorf("free disk of %s: %w", dir, err)
	}
}
