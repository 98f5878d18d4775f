package nodeimage

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAdaptContainerd(t *testing.T) {
	got, err := adaptContainerd("a = 1\n  restrict_oom_score_adj = false\n")
	want := "a = 1\n  restrict_oom_score_adj = true\n" +
		"\n[plugins.\"io.containerd.cri.v1.runtime\"]\n  stats_collect_period = \"1m\"\n" +
		"\n[plugins.\"io.containerd.grpc.v1.cri\".cni]\n  conf_template = \"/kind/cni.template\"\n"
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v, -want +got:\n%s", err, diff)
	}
	if _, err := adaptContainerd("a = 1\n"); err == nil {
		t.Error("a configuration without the line must not be used as it is")
	}
}

func TestAdaptKubelet(t *testing.T) {
	got, err := adaptKubelet("KUBELET_EXTRA_ARGS=--a=b")
	if want := "KUBELET_EXTRA_ARGS=--a=b --fail-cgroupv1=false\n"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if _, err := adaptKubelet("OTHER=1\nKUBELET_EXTRA_ARGS="); err == nil {
		t.Error("a file of another form must not be appended to")
	}
}

// The hook, changed, finds the bundle in what runc says of a container.
func TestAdaptHook(t *testing.T) {
	const state = `{"ociVersion":"1.3.0","id":"c","status":"creating","pid":7,"bundle":"/run/a b/c","annotations":{"bundle":"no"}}`
	hook, err := adaptHook("set -o errexit -o nounset\nbundle=$(jq -r .bundle)\necho \"in ${bundle:?}\"\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, state, want string
		fails             bool
	}{
		{"compact", state, "in /run/a b/c\n", false},
		{"spaced", strings.ReplaceAll(state, `:"`, `: "`), "in /run/a b/c\n", false},
		{"no bundle", `{"id":"c"}`, "", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "bash", "-c", hook)
			cmd.Stdin = strings.NewReader(test.state)
			out, err := cmd.Output()
			if string(out) != test.want || (err != nil) != test.fails {
				t.Errorf("got %q, %v; want %q, failure: %t", out, err, test.want, test.fails)
			}
		})
	}
	if _, err := adaptHook("echo"); err == nil {
		t.Error("a hook without the line must not be used as it is")
	}
}

func TestAdaptSpec(t *testing.T) {
	for name, in := range map[string]string{
		"without hooks": `{"process":{"args":["sh"],"rlimits":[{"type":"RLIMIT_NOFILE"}]}}`,
		"with hooks":    `{"process":{"args":["sh"]},"hooks":{"createContainer":[]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			out, err := adaptSpec([]byte(in))
			if err != nil {
				t.Fatal(err)
			}
			var got, want any
			if err := errors.Join(json.Unmarshal(out, &got), json.Unmarshal([]byte(
				`{"process":{"args":["sh"]},"hooks":{"createContainer":[{"path":"/kind/bin/mount-product-files.sh"}]}}`), &want)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// The kind module that eastwest is built with must still have the files in the
// form that the image changes them from.
func TestKindModuleFitsTheImage(t *testing.T) {
	kind, err := kindModule(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var files tree
	if err := (materials{kind: kind}).kindFiles(&files); err != nil {
		t.Fatal(err)
	}
	config := string(files[containerdConfig].data)
	if _, err := adaptContainerd(config); err != nil {
		t.Error(err)
	}
	if _, err := adaptKubelet(string(files["/etc/default/kubelet"].data)); err != nil {
		t.Error(err)
	}
	if _, err := adaptHook(string(files[containerHook].data)); err != nil {
		t.Error(err)
	}
	if pause, err := sandboxImage(config); err != nil || !strings.Contains(pause, "/pause:") {
		t.Errorf("sandbox image %q, %v", pause, err)
	}
	for at, mode := range map[string]int64{
		"/usr/local/bin/entrypoint": 0o755, "/kind/bin/mount-product-files.sh": 0o755,
		units + "kubelet.service": 0o644, units + "undo-mount-hacks.service": 0o644,
	} {
		if f, ok := files[at]; !ok || f.header.Mode != mode {
			t.Errorf("%s: there: %t, mode %o, want %o", at, ok, f.header.Mode, mode)
		}
	}
}

func TestDebianLeavesOut(t *testing.T) {
	for at, want := range map[string]bool{
		"/etc/systemd/system/timers.target.wants/fstrim.timer":                        true,
		"/usr/lib/systemd/system/sockets.target.wants/systemd-initctl.socket":         true,
		"/usr/lib/systemd/system/sockets.target.wants/systemd-journald.socket":        false,
		"/usr/lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service": true,
		"/usr/lib/systemd/system/sysinit.target.wants/systemd-sysctl.service":         false,
		"/proc/1": true, "/proc": false, "/dev/null": true, "/usr/bin/bash": false,
	} {
		if got := debianLeavesOut(at); got != want {
			t.Errorf("%s: left out: %t, want %t", at, got, want)
		}
	}
}

func TestTree(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{"usr/bin/tool": "tool", "proc/1": "x", "etc/conf": "old"} {
		at := filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, []byte(text), 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("usr/bin", filepath.Join(root, "bin")); err != nil {
		t.Fatal(err)
	}
	var content tree
	if err := content.walk(root, "/", debianLeavesOut); err != nil {
		t.Fatal(err)
	}
	content.text("/etc/conf", "new")
	content.link("/sbin", "usr/sbin")
	var out, again bytes.Buffer
	if err := errors.Join(content.write(&out), content.write(&again)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), again.Bytes()) {
		t.Error("two tars of one tree differ")
	}
	want := []string{"bin -> usr/bin", "etc/", "etc/conf = new", "proc/", "sbin -> usr/sbin", "usr/", "usr/bin/", "usr/bin/tool = tool"}
	if diff := cmp.Diff(want, entries(t, &out)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// entries tells what is in a tar, a line each.
func entries(t *testing.T, in io.Reader) []string {
	t.Helper()
	var all []string
	r := tar.NewReader(in)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		line := h.Name
		switch h.Typeflag {
		case tar.TypeSymlink:
			line += " -> " + h.Linkname
		case tar.TypeReg:
			data, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			line += " = " + string(data)
		}
		all = append(all, line)
	}
}
