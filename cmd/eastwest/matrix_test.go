package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// execute runs one command as a user types it, and returns what it printed.
func execute(t *testing.T, newCommand func(ioStreams) *cobra.Command, stdin string, args ...string) (string, error) {
	t.Helper()
	var out, errOut bytes.Buffer
	cmd := newCommand(ioStreams{in: strings.NewReader(stdin), out: &out, errOut: &errOut})
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	cmd.SetOut(&out)
	cmd.SetErr(&errOut)
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

// wantUsageError checks that an error is marked as wrong use and says what it should.
func wantUsageError(t *testing.T, err error, says string) {
	t.Helper()
	var exit exitError
	if !errors.As(err, &exit) || exit.code != codeUsage || !strings.Contains(err.Error(), says) {
		t.Errorf("got %v, want wrong use (exit %d) with %q", err, codeUsage, says)
	}
}

func TestMatrixTable(t *testing.T) {
	out, err := execute(t, newMatrixCommand, "")
	if err != nil {
		t.Fatal(err)
	}
	table, notes, _ := strings.Cut(out, "\n\n")
	if !strings.Contains(notes, "CA Service is supported only on GKE and Google Distributed Cloud") {
		t.Errorf("no reason for the refusal in\n%s", notes)
	}
	for _, want := range []string{"allowed: one product", "gdc-vmware+gdc-baremetal\n", "refused: attached clusters", "eks+aks", "two CAs"} {
		if !strings.Contains(notes, want) {
			t.Errorf("want %q about mixed fleets in\n%s", want, notes)
		}
	}
	lines := strings.Split(table, "\n")
	if len(lines) != 1+8*3 {
		t.Errorf("got %d lines, want a heading and 24 cells", len(lines))
	}
	for _, want := range [][]string{
		{"gdc-vmware", "meshca", "allowed", "fleet", "ip"},
		{"aws", "istio", "allowed", "fleet", "hostname", "yes", "2027-03-17"},
		{"aws", "cas", "refused", "fleet", "hostname", "-", "2027-03-17", "[4]"},
		{"lab", "istio", "allowed", "lab", "ip", "-", "-"},
	} {
		found := false
		for _, line := range lines {
			found = found || strings.HasPrefix(strings.Join(strings.Fields(line), " "), strings.Join(want, " "))
		}
		if !found {
			t.Errorf("no line %q in\n%s", want, out)
		}
	}
}

func TestMatrixJSON(t *testing.T) {
	out, err := execute(t, newMatrixCommand, "", "-o", "json")
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		APIVersion, Kind string
		Cells            []struct {
			Platform, CA, Reason, Source, NotRehearsable string
			Allowed, Rehearsable                         bool
			LoadBalancer                                 struct{ Address string }
			Deprecation                                  struct{ Since, End string }
		}
		Mixtures []struct {
			Platforms []string
			Allowed   bool
		}
	}
	if err := json.Unmarshal([]byte(out), &document); err != nil {
		t.Fatal(err)
	}
	if document.APIVersion != matrixAPIVersion || document.Kind != "Matrix" || len(document.Cells) != 24 {
		t.Errorf("got %q, %q, %d cells", document.APIVersion, document.Kind, len(document.Cells))
	}
	if first := document.Mixtures[0]; len(document.Mixtures) != 28 || !first.Allowed || first.Platforms[1] != "gdc-baremetal" {
		t.Errorf("got %d mixtures, the first %+v", len(document.Mixtures), first)
	}
	eks := document.Cells[12]
	if eks.Platform != "eks" || eks.CA != "istio" || !eks.Allowed || !eks.Rehearsable || eks.LoadBalancer.Address != "hostname" || eks.Deprecation.Since != "1.25" {
		t.Errorf("got %+v", eks)
	}
}

func TestMatrixRefusesWrongUse(t *testing.T) {
	_, err := execute(t, newMatrixCommand, "", "-o", "yaml")
	wantUsageError(t, err, `--output "yaml": want table or json`)
	_, err = execute(t, newMatrixCommand, "", "aws")
	wantUsageError(t, err, `unknown command "aws"`)
}
