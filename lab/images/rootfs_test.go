package images

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tarred is what a tar tells of an entry.
type tarred struct {
	Name string
	Type byte
	Mode int64
	UID  int
	Link string
	Data string
}

func readTar(t *testing.T, data []byte) []tarred {
	t.Helper()
	var got []tarred
	r := tar.NewReader(bytes.NewReader(data))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		if !h.ModTime.IsZero() && h.ModTime.Unix() != 0 {
			t.Errorf("%s has the time %v: the layer would differ each time", h.Name, h.ModTime)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, tarred{h.Name, h.Typeflag, h.Mode, h.Uid, h.Linkname, string(content)})
	}
}

func TestWriteTar(t *testing.T) {
	program := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(program, []byte("bytes"), 0o600); err != nil {
		t.Fatal(err)
	}
	var fs rootfs
	fs.program("/bin/sleep", program)
	fs.symlink("/bin/sh", "/bin/busybox")
	fs.symlink("/bin/sleep", "/bin/busybox") // gives way to the program
	fs.file("/etc/x/y", "text")
	fs.folder("/etc/x", 0o700, 1337)
	var out, again bytes.Buffer
	if err := errors.Join(fs.writeTar(&out), fs.writeTar(&again)); err != nil {
		t.Fatal(err)
	}
	want := []tarred{
		{"bin/", tar.TypeDir, 0o755, 0, "", ""},
		{"bin/sh", tar.TypeSymlink, 0o777, 0, "/bin/busybox", ""},
		{"bin/sleep", tar.TypeReg, 0o755, 0, "", "bytes"},
		{"etc/", tar.TypeDir, 0o755, 0, "", ""},
		{"etc/x/", tar.TypeDir, 0o700, 1337, "", ""},
		{"etc/x/y", tar.TypeReg, 0o644, 0, "", "text"},
	}
	if diff := cmp.Diff(want, readTar(t, out.Bytes())); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if !bytes.Equal(out.Bytes(), again.Bytes()) {
		t.Error("two tars of the same content differ")
	}
}

// Everything that an image could differ in must change its fingerprint.
func TestFingerprint(t *testing.T) {
	program := filepath.Join(t.TempDir(), "program")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(program, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	of := func(fs rootfs) string {
		t.Helper()
		sum, err := fs.fingerprint()
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	write("one")
	base := rootfs{{path: "/a", mode: 0o644, from: program}}
	first := of(base)
	if again := of(base); again != first {
		t.Error("the same content has two fingerprints")
	}
	write("two")
	sums := map[string]string{first: "base", of(base): "other bytes"}
	for name, fs := range map[string]rootfs{
		"other mode":  {{path: "/a", mode: 0o755, from: program}},
		"other owner": {{path: "/a", mode: 0o644, uid: 1, from: program}},
		"other path":  {{path: "/b", mode: 0o644, from: program}},
		"a folder":    {{path: "/a", mode: 0o644, dir: true}},
		"a link":      {{path: "/a", mode: 0o644, link: "/c"}},
		"text":        {{path: "/a", mode: 0o644, data: "two"}},
	} {
		sum := of(fs)
		if other, ok := sums[sum]; ok {
			t.Errorf("%q has the fingerprint of %q", name, other)
		}
		sums[sum] = name
	}
}

// A binary that was pinned by hash and is another now must get into no image.
func TestFingerprintRefusesOtherBytes(t *testing.T) {
	program := filepath.Join(t.TempDir(), "program")
	fs := rootfs{{path: "/a", mode: 0o755, from: program, sha256: fmt.Sprintf("%x", sha256.Sum256([]byte("pinned")))}}
	if err := os.WriteFile(program, []byte("pinned"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := fs.fingerprint(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, []byte("another"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := fs.fingerprint(); err == nil || !strings.Contains(err.Error(), program) {
		t.Errorf("want %s refused, got %v", program, err)
	}
}

func TestParseLdd(t *testing.T) {
	tests := []struct {
		name, out string
		want      []string
		wantErr   bool
	}{
		{
			name: "a dynamic program",
			out: "\tlinux-vdso.so.1 (0x00007ffc)\n" +
				"\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)\n" +
				"\t/lib64/ld-linux-x86-64.so.2 (0x00007f)\n",
			want: []string{"/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2"},
		},
		{name: "an absent library", out: "\tlibx.so => not found\n", wantErr: true},
		{name: "a static program", out: "\tstatically linked\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseLdd(tt.out)
			if (err != nil) != tt.wantErr {
				t.Fatalf("error %v, want one: %t", err, tt.wantErr)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
