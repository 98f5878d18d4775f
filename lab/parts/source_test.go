package parts

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// makeSource makes a folder that looks like a source tree, with a sub-folder.
func makeSource(t *testing.T) (root, sub string) {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	sub = filepath.Join(root, "a", "b")
	for _, dir := range []string{sub, filepath.Join(root, "lab/parts/kubernetes")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, sourceMarker), []byte("module x\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return root, sub
}

func TestFindSource(t *testing.T) {
	root, sub := makeSource(t)
	elsewhere := t.TempDir()
	tests := []struct {
		name, env, cwd string
		want, wantErr  string
	}{
		{name: "the working directory is the root", cwd: root, want: root},
		{name: "the working directory is inside", cwd: sub, want: root},
		{name: "the environment wins", env: root, cwd: elsewhere, want: root},
		{name: "the environment is wrong", env: elsewhere, cwd: root, wantErr: "is not an eastwest source tree"},
		{name: "nowhere", cwd: elsewhere, wantErr: "set EASTWEST_SOURCE"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("EASTWEST_SOURCE", tt.env)
			t.Chdir(tt.cwd)
			got, err := FindSource()
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if tt.wantErr == "" && err != nil || tt.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tt.wantErr)) {
				t.Errorf("error %v, want one with %q", err, tt.wantErr)
			}
		})
	}
}
