package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/eastwest-mesh/eastwest/lab/parts"
)

// Want is what the engine shall be able to do.
type Want struct {
	// Nodes is how many nodes run at a time.
	Nodes int
}

// Info is what an engine tells of itself.
type Info struct {
	// Name is "docker".
	Name string
	// Version is the server's, such as "20.10.24".
	Version string
	// CgroupVersion is "1" or "2".
	CgroupVersion string
	// Rootless is true where the engine runs as an ordinary user.
	Rootless bool
}

const (
	// minAPI is Docker 20.10's: kind starts nodes with --cgroupns=private.
	minAPI = 1.41
	// inotifyPerNode is what a node takes of fs.inotify.max_user_instances
	// (measured: 20 with Kubernetes 1.36, more with pods that watch files).
	inotifyPerNode = 25
	// inotifySpare is for everything else that root does on the machine.
	inotifySpare = 28
)

// Check asks the engine whether it can run the nodes. What is missing comes as
// *parts.Unmet, all of it together.
func Check(ctx context.Context, want Want) (Info, error) {
	if _, err := exec.LookPath(program); err != nil {
		_, podman := exec.LookPath("podman")
		return Info{}, noEngine(podman == nil)
	}
	out, err := docker(ctx, "version", "--format", "{{json .Server}}")
	if err != nil {
		return Info{}, notReached(err)
	}
	server, err := parse[serverVersion](out)
	if err != nil {
		return Info{}, err
	}
	if out, err = docker(ctx, "info", "--format", "{{json .}}"); err != nil {
		return Info{}, notReached(err)
	}
	host, err := parse[hostInfo](out)
	if err != nil {
		return Info{}, err
	}
	limit, _ := readInt("/proc/sys/fs/inotify/max_user_instances") // 0 where it cannot be known
	return judge(server, host, limit, want)
}

// serverVersion is the part of "docker version" that matters. The engine writes
// ApiVersion; encoding/json does not mind.
type serverVersion struct{ Version, APIVersion string }

func parse[T any](out string) (T, error) {
	var value T
	if err := json.Unmarshal([]byte(out), &value); err != nil {
		return value, fmt.Errorf("read what %s tells of itself: %w", program, err)
	}
	return value, nil
}

// hostInfo is the part of "docker info" that matters.
type hostInfo struct {
	CgroupVersion   string
	SecurityOptions []string
	MemoryLimit     bool
	PidsLimit       bool
	CPUShares       bool
	OperatingSystem string
}

func (h hostInfo) rootless() bool {
	for _, option := range h.SecurityOptions {
		if strings.HasPrefix(option, "name=rootless") {
			return true
		}
	}
	return false
}

// judge finds everything that is missing.
func judge(server serverVersion, host hostInfo, inotify int, want Want) (Info, error) {
	info := Info{Name: program, Version: server.Version, CgroupVersion: host.CgroupVersion, Rootless: host.rootless()}
	var errs []error
	for _, unmet := range []*parts.Unmet{tooOld(server), notDelegated(host), tooFewInotify(inotify, want.Nodes)} {
		if unmet != nil {
			errs = append(errs, unmet)
		}
	}
	return info, errors.Join(errs...)
}

func tooOld(server serverVersion) *parts.Unmet {
	api, err := strconv.ParseFloat(server.APIVersion, 64)
	if err == nil && api >= minAPI {
		return nil
	}
	return &parts.Unmet{
		Need: "Docker 20.10 or newer, which gives nodes a cgroup namespace of their own", Found: server.Version,
		Remedy: "sudo apt-get update && sudo apt-get install --only-upgrade docker.io (or docker-ce, if you have Docker's own)",
	}
}

// notDelegated asks of a rootless engine what kind does: cgroup v2, with the
// controllers of memory, processes and CPU in the user's hands.
func notDelegated(host hostInfo) *parts.Unmet {
	switch {
	case !host.rootless():
		return nil
	case host.CgroupVersion != "2":
		return &parts.Unmet{
			Need: "cgroup v2 for a rootless engine", Found: "cgroup v" + host.CgroupVersion,
			Remedy: "boot with systemd.unified_cgroup_hierarchy=1, or use root's engine: export DOCKER_HOST=unix:///var/run/docker.sock",
		}
	case !host.MemoryLimit || !host.PidsLimit || !host.CPUShares:
		return &parts.Unmet{
			Need:  "a rootless engine that may limit CPU, memory and processes",
			Found: "one whose user has not been delegated these controllers",
			Remedy: "sudo mkdir -p /etc/systemd/system/user@.service.d && printf '[Service]\\nDelegate=yes\\n' | " +
				"sudo tee /etc/systemd/system/user@.service.d/delegate.conf && sudo systemctl daemon-reload, then log in again",
		}
	}
	return nil
}

func tooFewInotify(limit, nodes int) *parts.Unmet {
	needed := inotifySpare + nodes*inotifyPerNode
	if limit == 0 || limit >= needed {
		return nil
	}
	return &parts.Unmet{
		Need:   fmt.Sprintf("%d inotify instances for %d nodes", needed, nodes),
		Found:  fmt.Sprintf("fs.inotify.max_user_instances=%d", limit),
		Remedy: fmt.Sprintf("sudo sysctl fs.inotify.max_user_instances=%d", max(512, needed)),
	}
}

func readInt(file string) (int, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(data)))
}
