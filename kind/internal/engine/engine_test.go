package engine

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/lab/parts"
)

const (
	good     = `{"Version":"20.10.24+dfsg1","ApiVersion":"1.41"}`
	goodHost = `{"CgroupVersion":"1","SecurityOptions":["name=seccomp,profile=default"]}`
	rootless = `{"CgroupVersion":"%s","SecurityOptions":["name=seccomp,profile=default","name=rootless"],"MemoryLimit":%t,"PidsLimit":true,"CPUShares":true}`
)

func TestJudge(t *testing.T) {
	tests := []struct {
		name, server, host string
		inotify, nodes     int
		want               []string // each in the error; none means no error
	}{
		{name: "a good engine", server: good, host: goodHost, inotify: 128, nodes: 2},
		{name: "an engine elsewhere, whose limits are not known", server: good, host: goodHost, inotify: 0, nodes: 20},
		{name: "a newer engine", server: `{"Version":"28.2.2","ApiVersion":"1.50"}`, host: goodHost, inotify: 128, nodes: 1},
		{
			name: "too old", server: `{"Version":"19.03.15","ApiVersion":"1.40"}`, host: goodHost, inotify: 128, nodes: 2,
			want: []string{"lacks Docker 20.10 or newer", "found 19.03.15", "apt-get install --only-upgrade docker.io"},
		},
		{
			name: "too few inotify instances", server: good, host: goodHost, inotify: 128, nodes: 5,
			want: []string{"lacks 153 inotify instances for 5 nodes", "max_user_instances=128", "sudo sysctl fs.inotify.max_user_instances=512"},
		},
		{name: "rootless, delegated", server: good, host: host(rootless, "2", true), inotify: 128, nodes: 2},
		{
			name: "rootless, not delegated", server: good, host: host(rootless, "2", false), inotify: 128, nodes: 2,
			want: []string{"has not been delegated", "Delegate=yes"},
		},
		{
			name: "rootless on cgroup v1", server: good, host: host(rootless, "1", true), inotify: 128, nodes: 2,
			want: []string{"lacks cgroup v2 for a rootless engine", "systemd.unified_cgroup_hierarchy=1"},
		},
		{
			name: "all at once", server: `{"Version":"19.03.15","ApiVersion":"1.40"}`, host: host(rootless, "1", true), inotify: 1, nodes: 2,
			want: []string{"Docker 20.10", "cgroup v2", "inotify"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server, err := parse[serverVersion](tt.server)
			if err != nil {
				t.Fatal(err)
			}
			described, err := parse[hostInfo](tt.host)
			if err != nil {
				t.Fatal(err)
			}
			_, err = judge(server, described, tt.inotify, Want{Nodes: tt.nodes})
			checkError(t, err, tt.want)
		})
	}
}

func host(format, cgroup string, memory bool) string {
	s := strings.Replace(format, "%s", cgroup, 1)
	if memory {
		return strings.Replace(s, "%t", "true", 1)
	}
	return strings.Replace(s, "%t", "false", 1)
}

// checkError wants an unmet need that says each of the texts.
func checkError(t *testing.T, err error, want []string) {
	t.Helper()
	if len(want) == 0 {
		if err != nil {
			t.Errorf("want no error, got %v", err)
		}
		return
	}
	var unmet *parts.Unmet
	if !errors.As(err, &unmet) {
		t.Fatalf("want a *parts.Unmet, got %v", err)
	}
	for _, text := range want {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("want %q in %q", text, err)
		}
	}
}

func TestNotReached(t *testing.T) {
	tests := []struct {
		name, said string
		want       []string
	}{
		{
			"no right", `Got permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get "http://x": dial unix: connect: permission denied`,
			[]string{"lacks the right to use the container engine", `usermod -aG docker "$USER"`},
		},
		{
			"not running", "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
			[]string{"lacks a running container engine", "systemctl start docker"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("DOCKER_HOST", "")
			checkError(t, notReached(&commandError{args: []string{"version"}, said: tt.said, err: errors.New("exit status 1")}), tt.want)
		})
	}
	strange := &commandError{args: []string{"version"}, said: "something else", err: errors.New("exit status 1")}
	if err := notReached(strange); !errors.Is(err, strange) {
		t.Errorf("want what cannot be explained to be passed on, got %v", err)
	}
}

func TestStartAdviceNamesDockerHost(t *testing.T) {
	if got := startAdvice("tcp://example.org:2376"); !strings.Contains(got, "DOCKER_HOST=tcp://example.org:2376") {
		t.Errorf("got %q", got)
	}
}

func TestNoEngine(t *testing.T) {
	checkError(t, noEngine(false), []string{"lacks a container engine", "apt-get install docker.io", "--on lab"})
	checkError(t, noEngine(true), []string{"podman", "Docker only"})
}

func TestExplain(t *testing.T) {
	checkError(t, Explain(errors.New("docker run: unable to start container process: unable to apply caps: operation not permitted")), []string{"CAP_SYS_RESOURCE", "kind/ci/run"})
	checkError(t, Explain(errors.New(`failed to pull image "kindest/node:v1.36.1"`)), []string{"eastwest kind node-image", "--images built"})
	other := errors.New("failed to init node with kubeadm")
	if got := Explain(other); !errors.Is(got, other) || got.Error() != other.Error() {
		t.Errorf("want another error unchanged, got %v", got)
	}
}

func TestFound(t *testing.T) {
	type answer struct {
		Found bool
		Err   string
	}
	for _, tt := range []struct {
		name string
		err  error
		want answer
	}{
		{"it is there", nil, answer{Found: true}},
		{"it is not", &commandError{said: "Error response from daemon: network kind not found", err: errors.New("exit status 1")}, answer{}},
		{"a newer engine's words", &commandError{said: "Error response from daemon: No such image: x", err: errors.New("exit status 1")}, answer{}},
		{"the engine is gone", &commandError{args: []string{"x"}, said: "gone", err: errors.New("exit status 1")}, answer{Err: "docker x: exit status 1: gone"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ok, err := found(tt.err)
			got := answer{Found: ok}
			if err != nil {
				got.Err = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
