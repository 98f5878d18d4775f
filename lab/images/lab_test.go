package images

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/eastwest-mesh/eastwest/lab/parts"
	"github.com/eastwest-mesh/eastwest/lab/parts/envoy"
)

// TestLabImages makes the real images, unpacks them with the real containerd
// and runs their programs in what was unpacked. Needs root.
func TestLabImages(t *testing.T) {
	ctx := t.Context()
	if err := parts.Prepare(ctx, parts.Options{}); err != nil {
		t.Fatal(err)
	}
	set, err := parts.Build(ctx, parts.Options{})
	if err != nil {
		t.Fatal(err)
	}
	store, err := Build(ctx, Options{Parts: set})
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{
		store.Names().Pause, store.Names().Sleep, store.Names().Pilot(), store.Names().Proxy(),
		store.Names().HelloWorld("v1"), store.Names().HelloWorld("v2"), store.Names().HelloWorld("v3"),
	} {
		if store.Digest(ref) == "" {
			t.Errorf("the store lacks %s; it has %v", ref, store.References())
		}
	}
	golden, err := Golden(ctx, GoldenOptions{Parts: set, Store: store})
	if err != nil {
		t.Fatal(err)
	}
	runPrograms(ctx, t, golden, set)
}

func runPrograms(ctx context.Context, t *testing.T, golden string, set parts.Set) {
	tests := []struct {
		name string
		uid  uint32
		argv []string
		want string
	}{
		{"proxy: pilot-agent", istioUser, []string{"/usr/local/bin/pilot-agent", "version", "--short"}, set.IstioRelease()},
		{"proxy: envoy", istioUser, []string{"/usr/local/bin/envoy", "--version"}, "/" + envoy.Version + "/Clean/RELEASE/BoringSSL"},
		{"proxy: nft", 0, []string{"/usr/sbin/nft", "--version"}, "nftables v"},
		{"pilot", istioUser, []string{"/usr/local/bin/pilot-discovery", "version", "--short"}, set.IstioRelease()},
		{"sleep: curl", nobody, []string{"/usr/bin/curl", "--version"}, "libcurl/"},
		{"sleep: shell", nobody, []string{"/bin/sh", "-c", "sleep 0.01 && echo \"awake as $(id -u)\""}, "awake as 65532"},
		{"sleep: sleep", nobody, []string{"/bin/sleep", "soon"}, "invalid time interval"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cmd := exec.CommandContext(ctx, tt.argv[0], tt.argv[1:]...)
			cmd.SysProcAttr = &syscall.SysProcAttr{
				Chroot:     rootWith(t, golden, tt.argv[0]),
				Credential: &syscall.Credential{Uid: tt.uid, Gid: tt.uid},
			}
			cmd.Dir, cmd.Env = "/", []string{pathEnv}
			out, err := cmd.CombinedOutput() // one test wants an error, and its text is what counts
			if !strings.Contains(string(out), tt.want) {
				t.Errorf("%v: %v, %q; want it to say %q", tt.argv, err, out, tt.want)
			}
		})
	}
}

// rootWith is the unpacked image that has a program.
func rootWith(t *testing.T, golden, program string) string {
	t.Helper()
	roots, err := filepath.Glob(filepath.Join(golden, "io.containerd.snapshotter.v1.overlayfs/snapshots/*/fs"))
	if err != nil {
		t.Fatal(err)
	}
	for _, root := range roots {
		if _, err := os.Lstat(filepath.Join(root, program)); err == nil {
			return root
		}
	}
	t.Fatalf("none of the %d unpacked images has %s", len(roots), program)
	return ""
}
