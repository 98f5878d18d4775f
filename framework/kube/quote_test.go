package kube

import (
	"os/exec"
	"strings"
	"testing"
)

// A shell takes every argument as it was meant.
func TestCommandIsAShells(t *testing.T) {
	const kubeconfig, context = "/home/o'neil/my fleet/$HOME", "gke_p_z_`c`"
	command := Command("printf '%s\\n'", kubeconfig, context, "get", Quote("a b"))
	out, err := exec.CommandContext(t.Context(), "sh", "-c", command).Output()
	want := "--kubeconfig=" + kubeconfig + "\n--context=" + context + "\nget\na b\n"
	if err != nil || string(out) != want {
		t.Errorf("%s: want\n%s\ngot %v\n%s", command, want, err, out)
	}
	if got := Command("kubectl", "", "", "get", "pods"); strings.Contains(got, "--") {
		t.Errorf("want no flag for what was not named, got %q", got)
	}
}

// A real shell must read a quoted word as what was quoted.
func FuzzQuote(f *testing.F) {
	for _, seed := range []string{"", "plain", "two words", "it's", `\`, `"$HOME"`, "`id`", "a\nb", "*", "~", "é", "-n", "!x", "'"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, argument string) {
		if strings.ContainsRune(argument, 0) {
			t.Skip("no argument of a program holds a NUL")
		}
		got, err := exec.CommandContext(t.Context(), "/bin/sh", "-c", "printf %s "+Quote(argument)).Output()
		if err != nil || string(got) != argument {
			t.Errorf("%q became %q: %v", argument, got, err)
		}
	})
}
