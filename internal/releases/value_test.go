package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/istio/releases"
)

// write makes a module's source of files by name.
func write(t *testing.T, files map[string]string) *source {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return newSource(root)
}

// Every way in which Istio's source registers flags and writes defaults.
func TestFlags(t *testing.T) {
	s := write(t, map[string]string{
		"pilot/pkg/features/pilot.go": `package features

import (
	"path/filepath"
	"time"

	"istio.io/istio/pkg/config/constants"
	"istio.io/istio/pkg/env"
)

const named, zone = "NAMED", constants.Zone

var (
	A = env.Register("BOOL", true, "").Get()
	B = env.RegisterStringVar("TEXT", "a"+constants.Zone, "").Get()
	C = env.Register("WAIT", 90*time.Second, "").Get()
	D = env.RegisterFloatVar("RATE", 0.0, "").Get()
	E = env.Register[int64]("SIZE", 1024*4/2, "").Get()
	F = func() int { return env.Register(named, 25.5, "").Get() }()
	G = env.Register("PATH", filepath.Join("/etc", zone), "").Get()
	H = registerAmbient("AMBIENT", true, false, "")
	I = registerAmbient("WINDOW", uint32(1), uint32(0), "")
	J = other.Register("OTHER", true, "")
)

func registerAmbient[T any](name string, with, without T, text string) T {
	return env.Register(name, without, text).Get()
}
`,
		"pilot/pkg/features/pilot_test.go":  "package features\n\nvar T = env.Register(\"TEST\", true, \"\")\n",
		"pkg/config/constants/constants.go": "package constants\n\nconst Zone = \"zone\"\n",
		"pilot/cmd/pilot-agent/main.go":     "package main\n\nimport \"istio.io/istio/pkg/env\"\n\nvar A = env.Register(\"BOOL\", false, \"\")\n",
		"istioctl/main.go":                  "package main\n\nimport \"istio.io/istio/pkg/env\"\n\nvar A = env.Register(\"CTL\", false, \"\")\n",
	})
	got, err := s.flags()
	if err != nil {
		t.Fatal(err)
	}
	want := map[releases.Program]map[string]string{
		releases.Istiod: {
			"BOOL": "true", "TEXT": "azone", "WAIT": "1m30s", "RATE": "0", "SIZE": "2048", "NAMED": "25.5", "PATH": "/etc/zone",
			"AMBIENT": "false", "WINDOW": "0",
		},
		releases.Agent: {"BOOL": "false"},
		releases.CNI:   {},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A default that cannot be computed, or that is twice there, is not passed over.
func TestFlagsThatCannotBeRead(t *testing.T) {
	for value, want := range map[string]string{
		`runtime.NumCPU()`:                       "arguments is no constant",
		`api.Label`:                              "not of Istio's module",
		`missing`:                                "declares no missing",
		`true, ""), env.Register("X", false, ""`: "elsewhere",
		`[]string{"a"}`:                          "no constant",
	} {
		s := write(t, map[string]string{
			"pilot/pkg/x/x.go": "package x\n\nimport (\n\t\"istio.io/api\"\n\t\"istio.io/istio/pkg/env\"\n\t\"runtime\"\n)\n\nvar A = list(env.Register(\"X\", " + value + ", \"\"))\n",
		})
		if _, err := s.flags(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want an error with %q, got %v", value, want, err)
		}
	}
}
