package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
	if len(lines) != 1+9*3 {
		t.Errorf("got %d lines, want a heading and 27 cells", len(lines))
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
	if document.APIVersion != matrixAPIVersion || document.Kind != "Matrix" || len(document.Cells) != 27 {
		t.Errorf("got %q, %q, %d cells", document.APIVersion, document.Kind, len(document.Cells))
	}
	if first := document.Mixtures[0]; len(document.Mixtures) != 36 || !first.Allowed || first.Platforms[1] != "gdc-baremetal" {
		t.Errorf("got %d mixtures, the first %+v", len(document.Mixtures), first)
	}
	eks := document.Cells[12]
	if eks.Platform != "eks" || eks.CA != "istio" || !eks.Allowed || !eks.Rehearsable || eks.LoadBalancer.Address != "hostname" || eks.Deprecation.Since != "1.25" {
		t.Errorf("got %+v", eks)
	}
}

// The table of docs/cells.md is this command's output, word for word.
func TestMatrixMarkdownIsInTheDocs(t *testing.T) {
	out, err := execute(t, newMatrixCommand, "", "-o", "markdown")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/cells.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), out) {
		t.Errorf("docs/cells.md has another matrix; put in what \"eastwest matrix -o markdown\" prints:\n%s", out)
	}
}

// What the guide and Google's installation guide say of each cell, written down
// a second time from there, reasons included.
func TestMatrixJSONIsThePage(t *testing.T) {
	const (
		tab      = "the guide has a tab for it"
		tabToo   = "the guide has a tab for it, the same as for Mesh CA"
		noCAS    = "CA Service is supported only on GKE and Google Distributed Cloud: elsewhere the installation appears to succeed, but the workloads fail to start"
		noFleet  = "the clients of Google's CAs are only in Google's images (Istio removed them in 1.23), and they need a fleet whose issuer Google can reach"
		anywhere = "the guide does not list the platform; Istio's own CA runs on any Kubernetes"
		ours     = "istiod signs; Istio's own images have no other CA"
	)
	type entry struct {
		Allowed           bool
		GuideCertProvider string
		Reason            string
	}
	onPremises := map[string]entry{"istio": {true, "istiod", tab}, "meshca": {true, "kubernetes", tab}, "cas": {true, "kubernetes", tabToo}}
	cloud := map[string]entry{"istio": {true, "istiod", tab}, "meshca": {true, "istiod", tab}, "cas": {false, "", noCAS}}
	own := map[string]entry{"istio": {true, "istiod", ours}, "meshca": {false, "", noFleet}, "cas": {false, "", noFleet}}
	unlisted := map[string]entry{"istio": {true, "istiod", anywhere}, "meshca": {false, "", noFleet}, "cas": {false, "", noFleet}}
	want := map[string]map[string]entry{
		"other":      unlisted,
		"gdc-vmware": onPremises, "gdc-baremetal": onPremises, "azure": cloud, "aws": cloud, "eks": cloud, "aks": cloud, "kind": own, "lab": own,
	}
	deprecated := map[string]string{"azure": "2027-03-17", "aws": "2027-03-17", "eks": "2027-03-17", "aks": "2027-03-17"}
	type balancer struct {
		Address       string
		Several, Late bool
	}
	balancers := map[string]balancer{
		"gdc-vmware": {Address: "ip"}, "gdc-baremetal": {Address: "ip"}, "kind": {Address: "ip"}, "lab": {Address: "ip"}, "other": {Address: "ip"},
		"azure": {Address: "ip", Late: true}, "aks": {Address: "ip", Late: true},
		"aws": {"hostname", true, true}, "eks": {"hostname", true, true},
	}
	out, err := execute(t, newMatrixCommand, "", "-o", "json")
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Cells []struct {
			Platform, CA              string
			Allowed                   bool
			GuideCertProvider, Reason string
			Source                    string
			LoadBalancer              balancer
			Deprecation               struct{ End string }
		}
	}
	if err := json.Unmarshal([]byte(out), &document); err != nil {
		t.Fatal(err)
	}
	got := map[string]map[string]entry{}
	for _, c := range document.Cells {
		if got[c.Platform] == nil {
			got[c.Platform] = map[string]entry{}
		}
		got[c.Platform][c.CA] = entry{c.Allowed, c.GuideCertProvider, c.Reason}
		if c.Deprecation.End != deprecated[c.Platform] || c.LoadBalancer != balancers[c.Platform] || c.Source == "" {
			t.Errorf("%s x %s: got %+v", c.Platform, c.CA, c)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMatrixRefusesWrongUse(t *testing.T) {
	_, err := execute(t, newMatrixCommand, "", "-o", "yaml")
	wantUsageError(t, err, `--output "yaml": want table, json or markdown`)
	_, err = execute(t, newMatrixCommand, "", "aws")
	wantUsageError(t, err, `unknown command "aws"`)
}
