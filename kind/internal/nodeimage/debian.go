package nodeimage

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/eastwest-mesh/eastwest/internal/kernel"
	"github.com/eastwest-mesh/eastwest/lab/parts"
	"github.com/eastwest-mesh/eastwest/lab/parts/keep"
)

const (
	// suite is Debian 12, whose systemd still runs on hosts with cgroup v1;
	// kind's own base, Debian 13, has one that does not without being asked.
	suite  = "bookworm"
	mirror = "http://deb.debian.org/debian"
)

// packages are those of kind's own base image, without what serves rootless
// engines and network storage, and with what kubeadm looks for.
func packages() []string {
	return []string{
		"bash", "ca-certificates", "conntrack", "curl", "e2fsprogs", "ebtables", "ethtool", "iproute2", "ipset", "iptables", "jq", "kmod",
		"libseccomp2", "mount", "nftables", "procps", "socat", "systemd", "systemd-sysv", "util-linux",
	}
}

// debianFolder keeps Debian systems.
func debianFolder(o Options) keep.Folder {
	return keep.Folder{Root: filepath.Join(o.Cache, "kind", "debian")}
}

// debianName follows from all that decides a Debian system.
func debianName() string {
	sum := sha256.Sum256([]byte(suite + " " + mirror + " " + strings.Join(packages(), " ")))
	return fmt.Sprintf("%s-%x", suite, sum[:6])
}

// debianRoot gives the root of a Debian system with the packages, made once by
// debootstrap and then kept.
func debianRoot(ctx context.Context, o Options) (string, error) {
	dir, err := debianFolder(o).Ensure(ctx, debianName(), nil, func(dir string) error {
		o.Doing("a Debian system, by debootstrap (takes one to three minutes, once)")
		return debootstrap(ctx, dir)
	})
	if err != nil {
		return "", fmt.Errorf("make the Debian system of kind nodes: %w", err)
	}
	return dir, nil
}

// debootstrapLines is how much of debootstrap's output an error carries.
const debootstrapLines = 15

func debootstrap(ctx context.Context, dir string) error {
	program, err := parts.FindProgram("debootstrap")
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, program, "--variant=minbase", "--include="+strings.Join(packages(), ","), suite, dir, mirror)
	// Its mounts (proc) are its own and end with it, whatever ends it; the death of
	// the thread that started it among them.
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	kernel.OwnMounts(cmd.SysProcAttr)
	kernel.EndWithParent(cmd.SysProcAttr, syscall.SIGKILL)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	out, err := cmd.CombinedOutput()
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return fmt.Errorf("%s: %w:\n%s", strings.Join(cmd.Args, " "), err, strings.Join(lines[max(0, len(lines)-debootstrapLines):], "\n"))
	}
	// What only apt needs again is a third of it.
	for _, waste := range []string{"var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info"} {
		if err := os.RemoveAll(filepath.Join(dir, waste)); err != nil {
			return err
		}
	}
	return nil
}

// debianLeavesOut says what of the Debian system is not in the image: what the
// engine mounts, and the units that kind's own base image removes too, since a
// node is no machine. The patterns are those of kind's Dockerfile; /lib is a
// link to /usr/lib.
func debianLeavesOut(at string) bool {
	for _, pattern := range []string{
		"/dev/*", "/proc/*", "/sys/*", "/run/*", "/tmp/*", "/debootstrap",
		"/usr/lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service",
		"/usr/lib/systemd/system/multi-user.target.wants/*",
		"/etc/systemd/system/*.wants/*",
		"/usr/lib/systemd/system/local-fs.target.wants/*",
		"/usr/lib/systemd/system/sockets.target.wants/*udev*",
		"/usr/lib/systemd/system/sockets.target.wants/*initctl*",
		"/usr/lib/systemd/system/basic.target.wants/*",
	} {
		if ok, _ := path.Match(pattern, at); ok { // the patterns are well formed, see the test
			return true
		}
	}
	return false
}
