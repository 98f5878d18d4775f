package plan

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// every has an action of every kind.
func every() Plan {
	return Plan{
		Title: "A plan with an action of every kind",
		Notes: []string{"a note"},
		Variables: []Variable{
			{Name: "TOOL", Value: "/opt/the tool", Comment: "a tool"},
			{Name: KubeconfigVariable("west-1"), Value: "PATH_TO_KUBECONFIG", Comment: "of west-1", Placeholder: true},
		},
		Optional: []Optional{{
			Switch: "PROVE", Title: "Prove it", Source: "the guide",
			Commands: []Command{{Cluster: "east", Shell: `kubectl --kubeconfig="` + Here() + `" exec`}},
		}},
		Steps: []Step{
			{
				ID: "make", Title: "Make things", Source: "the guide", Promise: "things are there",
				Work: []Work{{Cluster: "west-1", Actions: []Action{
					Exec{Title: "run a tool", Argv: []string{Use("TOOL"), "--kubeconfig=" + Here(), "a b"}, Env: []EnvVar{{Name: "TOKEN", Value: "hunter2", Secret: true}}},
					Apply{Title: "apply a manifest", Manifest: []byte("kind: A\n")},
					Pipe{Title: "apply what a tool prints", From: Exec{Argv: []string{Use("TOOL"), "render"}, Stdin: []byte("in: 1\n")}},
					Pipe{Title: "apply a secret", From: Exec{Argv: []string{Use("TOOL"), "secret"}}},
					Make{Title: "make a key", Shell: "openssl genpkey"},
					Expect{Title: "note what the tool makes", Shell: "# remove it later"},
				}}},
			},
			{
				ID: "wait", Title: "Wait", Source: "ours", Promise: "things work",
				Work: []Work{
					{Cluster: "west-1", Actions: []Action{
						Label{Title: "label a namespace", Ref: kube.Ref{Kind: "Namespace", Name: "n"}, Key: "example.org/k", Value: "v"},
					}},
					{Cluster: "east", Actions: []Action{
						Await{Title: "await it", Shell: `kubectl --kubeconfig="` + Here() + `" wait`},
					}},
				},
			},
		},
	}
}

func TestPrintGolden(t *testing.T) {
	for _, format := range Formats() {
		t.Run(string(format), func(t *testing.T) {
			var out bytes.Buffer
			if err := Print(&out, every(), format); err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(out.Bytes(), []byte("hunter2")) {
				t.Error("a secret is printed")
			}
			golden(t, "every."+string(format), out.Bytes())
		})
	}
}

func TestPrintRefusesAnUnknownFormat(t *testing.T) {
	if err := Print(&bytes.Buffer{}, Plan{}, "yaml"); err == nil {
		t.Error("want an error")
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run the test with -update", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
