package lab

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eastwest-mesh/eastwest/lab/internal/cgroup"
)

// host is what a lab could leave on the machine, as seen from outside it.
type host struct{ links []string }

func lookAtHost(t *testing.T) host {
	t.Helper()
	ifs, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	var h host
	for _, i := range ifs {
		h.links = append(h.links, i.Name)
	}
	return h
}

// mustBeClean fails the test for everything of the lab that is still there.
func (h host) mustBeClean(t *testing.T, f folders) {
	t.Helper()
	if now := lookAtHost(t); strings.Join(now.links, " ") != strings.Join(h.links, " ") {
		t.Errorf("links: before %v, after %v", h.links, now.links)
	}
	group, err := cgroup.Open(f.cgroupPath())
	if err != nil {
		t.Fatal(err)
	}
	if group.Exists() {
		t.Errorf("cgroup %s is left", f.cgroupPath())
	}
	if _, err := os.Stat(f.dir()); err == nil {
		t.Errorf("folder %s is left", f.dir())
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(mounts, []byte(f.dir())) {
		t.Errorf("a mount below %s is left", f.dir())
	}
	for _, args := range processesOf(t, f.dir()) {
		t.Errorf("a process is left: %s", args)
	}
}

// processesOf finds processes by the lab's folder in their command lines.
func processesOf(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, file := range files {
		args, err := os.ReadFile(file)
		if err == nil && bytes.Contains(args, []byte(dir+"/")) {
			found = append(found, string(bytes.ReplaceAll(args, []byte{0}, []byte{' '})))
		}
	}
	return found
}
