package main

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// docs/fleet-clusterrole.yaml is this command's output, word for word.
func TestRolesAreInTheDocs(t *testing.T) {
	const page = "../../docs/fleet-clusterrole.yaml"
	want, err := execute(t, newRolesCommand, "", "--for", "verify")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s is not what \"eastwest roles\" prints (run with -update):\n%s", page, diff)
	}
}

func TestRolesSayHowToBindThem(t *testing.T) {
	out, err := execute(t, newRolesCommand, "", "--for", "diagnose", "--namespace", "shop")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"create clusterrolebinding eastwest-diagnose --clusterrole=eastwest-diagnose", "--namespace=istio-system create rolebinding", "--namespace=shop create rolebinding", "namespace: shop",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("want %q in\n%s", want, out)
		}
	}
}

func TestRolesRefuseWrongUse(t *testing.T) {
	_, err := execute(t, newRolesCommand, "", "--for", "everything", "--namespace", "A_b")
	wantUsageError(t, err, `--for: want one of [diagnose verify install upgrade], got "everything"`)
	wantUsageError(t, err, `--namespace "A_b"`)
}
