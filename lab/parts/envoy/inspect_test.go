package envoy

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// answers makes this test's own program an Envoy, or something else, when Inspect runs it.
const answers = "EASTWEST_TEST_ANSWER"

func TestMain(m *testing.M) {
	if answer, asked := os.LookupEnv(answers); asked && len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Println(answer)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const envoyAnswer = "\nenvoy  version: 6eb0d2d97489ec1b4e1584a004f5de443d97a41b/1.40.0-dev/Clean/RELEASE/BoringSSL\n"

func self(t *testing.T) []byte {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// dynamic is a program with libraries, one of which is renamed to one that nobody has.
func dynamic(t *testing.T) []byte {
	t.Helper()
	content, err := os.ReadFile("/bin/ls")
	if err != nil {
		t.Fatal(err)
	}
	broken := bytes.ReplaceAll(content, []byte("libc.so.6\x00"), []byte("libq.so.6\x00"))
	if bytes.Equal(broken, content) {
		t.Fatal("/bin/ls needs no libc.so.6: choose another program")
	}
	return broken
}

func foreignProgram(t *testing.T) []byte {
	t.Helper()
	content := bytes.Clone(self(t))
	const machineAt = 18 // e_machine in the header of an ELF file
	binary.LittleEndian.PutUint16(content[machineAt:], uint16(elf.EM_PPC64))
	return content
}

func program(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "envoy")
	if err := os.WriteFile(path, content, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestInspectTakesAnEnvoyByPath(t *testing.T) {
	t.Setenv(answers, envoyAnswer)
	got, err := Inspect(t.Context(), program(t, self(t)))
	if err != nil {
		t.Fatal(err)
	}
	if got.Name() != "Envoy 1.40.0-dev, by path" || got.Upstream || len(got.SHA256) != 64 {
		t.Errorf("got %+v, %s", got, got.Name())
	}
}

func TestInspectRefusesWhatIsNoEnvoyOfThisMachine(t *testing.T) {
	notExecutable := program(t, self(t))
	if err := os.Chmod(notExecutable, 0o644); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct{ path, answer, want string }{
		"absent":               {filepath.Join(t.TempDir(), "none"), "", "no such file"},
		"a folder":             {t.TempDir(), "", "not a file"},
		"a script":             {program(t, []byte("#!/usr/bin/env python3\n")), "", "not a program for Linux"},
		"cut off":              {program(t, self(t)[:4000]), "", "it "},
		"another architecture": {program(t, foreignProgram(t)), "", "built for ppc64"},
		"a library is missing": {program(t, dynamic(t)), "", "libq.so.6"},
		"not executable":       {notExecutable, envoyAnswer, "permission denied"},
		"something else":       {program(t, self(t)), "zproxy 7", `not Envoy: asked for --version it says "zproxy 7"`},
		"silent":               {program(t, self(t)), "", "not Envoy"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv(answers, test.answer)
			_, err := Inspect(t.Context(), test.path)
			var refused *RefusedError
			if !errors.As(err, &refused) || !strings.Contains(refused.Reason, test.want) {
				t.Fatalf("want it refused with %q, got %v", test.want, err)
			}
			if !strings.Contains(err.Error(), "EASTWEST_ENVOY") {
				t.Errorf("the error tells no way out: %v", err)
			}
		})
	}
}
