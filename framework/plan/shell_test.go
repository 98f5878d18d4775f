package plan

import (
	"os/exec"
	"strings"
	"testing"
)

// TestQuote asks a real shell what it reads.
func TestQuote(t *testing.T) {
	tests := []struct{ name, argument, want string }{
		{"plain", "--set=values.global.network=n1", "--set=values.global.network=n1"},
		{"empty", "", ""},
		{"space", "two words", "two words"},
		{"single quote", "it's", "it's"},
		{"dollar", "$HOME and $(id)", "$HOME and $(id)"},
		{"variable", "--kubeconfig=${KUBECONFIG_WEST}", "--kubeconfig=/tmp/a b"},
		{"variable among what must not be read", "${KUBECONFIG_WEST}: $HOME `id` \"x\" \\", "/tmp/a b: $HOME `id` \"x\" \\"},
		{"newline", "a\nb", "a\nb"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			script := "KUBECONFIG_WEST='/tmp/a b'; printf %s " + quote(test.argument)
			output, err := exec.CommandContext(t.Context(), "/bin/sh", "-c", script).Output()
			if err != nil {
				t.Fatalf("%s: %v", script, err)
			}
			if string(output) != test.want {
				t.Errorf("quoted as %s: want %q, a shell reads %q", quote(test.argument), test.want, output)
			}
		})
	}
}

func TestHeredoc(t *testing.T) {
	text := "a: $HOME\nEOF\nb: `id`\n"
	output, err := exec.CommandContext(t.Context(), "/bin/sh", "-c", heredoc("cat", []byte(text), "tr a-z A-Z")).Output()
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.ToUpper(text); string(output) != want {
		t.Errorf("want %q, a shell reads %q", want, output)
	}
}

// TestVariableShell asks a real shell what a variable becomes.
func TestVariableShell(t *testing.T) {
	tests := []struct {
		name     string
		variable Variable
		env      []string
		want     string
		wantErr  string
	}{
		{"its default", Variable{Name: "TOOL", Value: "/opt/the tool"}, nil, "/opt/the tool", ""},
		{"what a shell would read", Variable{Name: "TOOL", Value: "a\"b$HOME`id`\\}c'"}, nil, "a\"b$HOME`id`\\}c'", ""},
		{"the environment's", Variable{Name: "TOOL", Value: "x"}, []string{"TOOL=mine"}, "mine", ""},
		{"a placeholder", Variable{Name: "TOOL", Value: "PATH", Comment: "somebody's \"tool\"", Placeholder: true}, nil, "", `set it to PATH: somebody’s "tool"`},
		{"a placeholder that is set", Variable{Name: "TOOL", Value: "PATH", Placeholder: true}, []string{"TOOL=mine"}, "mine", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			command := exec.CommandContext(t.Context(), "/bin/bash", "-c", test.variable.shell()+"\nprintf %s \"$TOOL\"")
			command.Env = test.env
			output, err := command.CombinedOutput()
			if (err == nil) != (test.wantErr == "") || !strings.Contains(string(output), test.wantErr) {
				t.Fatalf("%s: want error %q, got %v, %q", test.variable.shell(), test.wantErr, err, output)
			}
			if test.wantErr == "" && string(output) != test.want {
				t.Errorf("%s: want %q, a shell reads %q", test.variable.shell(), test.want, output)
			}
		})
	}
}

// A real shell must read a quoted word as what was quoted, with the plan's variables, and
// nothing else, expanded.
func FuzzQuote(f *testing.F) {
	for _, seed := range []string{"", "plain", "it's ${CLUSTER}", `${A}\`, "$HOME ${A}", "`id` ${A}", `"${A}"`, "${A}${B}", "${a}", "$${A}", `\${A}`, "a\n${A}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, argument string) {
		if strings.ContainsRune(argument, 0) {
			t.Skip("no argument of a program holds a NUL")
		}
		var env []string
		want := reference().ReplaceAllStringFunc(argument, func(name string) string {
			env = append(env, strings.TrimSuffix(strings.TrimPrefix(name, "${"), "}")+"=value")
			return "value"
		})
		shell := exec.CommandContext(t.Context(), "/bin/sh", "-c", "printf %s "+quote(argument))
		shell.Env = env
		got, err := shell.Output()
		if err != nil || string(got) != want {
			t.Errorf("%q became %q, want %q: %v", argument, got, want, err)
		}
	})
}
