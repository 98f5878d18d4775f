package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// bench is a folder in which a user types commands: a fleet of two clusters
// whose API servers are one listener that counts who calls.
type bench struct {
	dir   string
	calls *atomic.Int64
}

// goodFleetFile is what the rows spoil.
const goodFleetFile = `apiVersion: eastwest.dev/v1alpha1
kind: Fleet
platform: gdc-vmware
ca: istio
tools:
  istioctl: ./istioctl
clusters:
- name: west
  kubeconfig: west.yaml
  server: https://203.0.113.1:6443
- name: east
  kubeconfig: east.yaml
  server: https://203.0.113.2:6443
`

func newBench(t *testing.T) bench {
	t.Helper()
	b := bench{dir: t.TempDir(), calls: &atomic.Int64{}}
	t.Chdir(b.dir)
	for name, value := range map[string]string{
		"HOME": "home", "TMPDIR": "tmp", "EASTWEST_STATE": "state", "EASTWEST_CACHE": "cache",
	} {
		if err := os.Mkdir(value, 0o700); err != nil {
			t.Fatal(err)
		}
		t.Setenv(name, filepath.Join(b.dir, value))
	}
	for _, name := range []string{"PLATFORM", "CA", "ON", "FLEET", "CLUSTERS", "REVISION", "SUITE", "SETUP", "OUT", "LAB", "ERROR_PROBABILITY", "NAMESPACE", "KUBECONFIG"} {
		t.Setenv(name, "")
		if err := os.Unsetenv(name); err != nil { // Setenv puts it back after the test
			t.Fatal(err)
		}
	}
	b.write(t, "istioctl", "#!/bin/sh\nexit 9\n")
	b.write(t, "fleet.yaml", goodFleetFile)
	for i, name := range []string{"west", "east"} {
		b.write(t, name+".yaml", kubeconfigOf(name, "https://"+b.listen(t, fmt.Sprintf("127.0.0.%d:0", i+1))))
	}
	return b
}

func (b bench) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), []byte(content), 0o700); err != nil {
		t.Fatal(err)
	}
}

// listen counts connections and closes them.
func (b bench) listen(t *testing.T, address string) string {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			b.calls.Add(1)
			_ = connection.Close()
		}
	}()
	return listener.Addr().String()
}

func kubeconfigOf(name, server string) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: %[1]s
clusters: [{name: c, cluster: {server: %[2]q, insecure-skip-tls-verify: true}}]
users: [{name: u, user: {token: secret-token}}]
contexts: [{name: %[1]s, context: {cluster: c, user: u}}]
`, name, server)
}

// files lists what is in the folder, but for what the test itself put there.
func (b bench) files(t *testing.T) string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(b.dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(found, "\n")
}

// badInput is one thing that a user can get wrong.
type badInput struct {
	name string
	// old and with spoil the fleet file.
	old, with string
	args      string // split at spaces
	code      int
	says      string
}

func fleetRows() []badInput {
	check := "fleet check --fleet fleet.yaml"
	row := func(name, old, with, says string) badInput {
		return badInput{name: name, old: old, with: with, args: check, code: codeUsage, says: says}
	}
	return []badInput{
		row("an empty fleet file", goodFleetFile, "", "is empty"),
		row("no YAML", "kind: Fleet", "kind: [", "is not YAML"),
		row("two documents", "clusters:", "---\nclusters:", "a second document begins"),
		row("another kind", "kind: Fleet", "kind: Ship", `kind: want Fleet, got "Ship"`),
		row("another version", "v1alpha1", "v9", `got "eastwest.dev/v9"`),
		row("an unknown field", "ca: istio", "ca: istio\ncolour: blue", "line 5: colour: unknown field"),
		row("a mistyped field", "kubeconfig: west", "kubeconifg: west", `did you mean "kubeconfig"?`),
		row("a field twice", "ca: istio", "ca: istio\nca: istio", "line 5: ca: is given twice, first in line 4"),
		row("a number for a string", "ca: istio", "ca: 1", "want a string, got a number"),
		row("a list for a string", "name: west", "name: [west]", "clusters[0].name: want a string, got a list"),
		row("a placeholder", "ca: istio", "ca: istio\nfleetProject: FLEET_PROJECT_ID", "is a placeholder of the docs"),
		row("one cluster", "- name: east\n  kubeconfig: east.yaml\n  server: https://203.0.113.2:6443\n", "", "at least 2"),
		row("one name for two", "name: east", "name: west", "give each cluster its own"),
		row("an ARN", "name: west", "name: arn:aws:eks:eu-west-1:1:cluster/c1", "--alias"),
		row("a name of GKE", "name: west", "name: gke_p_z_c", "for a cluster on Google Cloud"),
		row("a name that is too long", "name: west", "name: "+strings.Repeat("w", 64), "has 64 letters"),
		row("an unknown platform", "gdc-vmware", "vmware", `unknown platform "vmware"`),
		row("an unknown CA", "ca: istio", "ca: letsencrypt", `unknown CA "letsencrypt"`),
		row("a refused cell", "gdc-vmware\nca: istio", "aws\nca: cas", "platform aws with CA cas is refused"),
		row("attached with on premises", "kubeconfig: west.yaml", "kubeconfig: west.yaml\n  platform: eks", "all EKS or all AKS"),
		row("a cloud with on premises", "kubeconfig: west.yaml", "kubeconfig: west.yaml\n  platform: azure", "no mesh over several clouds"),
		row("no kubeconfig there", "kubeconfig: west.yaml", "kubeconfig: gone.yaml", "clusters[0].kubeconfig: no kubeconfig"),
		row("a variable that is not set", "kubeconfig: west.yaml", "kubeconfig: $NOWHERE/west.yaml", "$NOWHERE is not set"),
		row("no such context", "kubeconfig: west.yaml", "kubeconfig: west.yaml\n  context: wets", `has no context "wets"; it has "west"`),
		row("one context for two", "kubeconfig: east.yaml", "kubeconfig: west.yaml", "have the same kubeconfig and context"),
		row("loopback without server", "  server: https://203.0.113.1:6443\n", "", "give server, the URL by which they reach it"),
		row("loopback as server", "https://203.0.113.1:6443", "https://127.0.0.1:6443", "clusters[0].server: https://127.0.0.1:6443 leads pods"),
		row("a tag as revision", "ca: istio", "ca: istio\nrevision: default", "may lead to any revision"),
		row("a network that is no label", "kubeconfig: west.yaml", "kubeconfig: west.yaml\n  network: a/b", `"a/b" becomes a label`),
		row("a namespace of the system", "ca: istio", "ca: istio\nnamespace: istio-system", "not the run's to make and to delete"),
		row("a bad image", "ca: istio", "ca: istio\nimages: {sleep: 'a b'}", "is not an image"),
		row("no folder of asmcli", "istioctl: ./istioctl", "outputDir: gone", "tools.outputDir: no such folder"),
		row("no such tool", "istioctl: ./istioctl", "istioctl: ./istioctl-1.28", "tools.istioctl: no such program"),
		row("asmcli without project", "istioctl: ./istioctl", "istioctl: ./istioctl\n  asmcli: ./istioctl", "needs fleetProject"),
		{name: "flag against file", args: check + " --platform aws", code: codeUsage, says: `--platform says "aws"`},
		{name: "no fleet", args: "fleet check", code: codeUsage, says: "no fleet: give --fleet FILE"},
		{name: "no such fleet file", args: "fleet check --fleet gone.yaml", code: codeUsage, says: "fleet file gone.yaml: cannot be read"},
		{name: "a kubeconfig as fleet file", args: "fleet check --fleet west.yaml", code: codeUsage, says: "is a kubeconfig, not a fleet file"},
		{name: "file and contexts", args: check + " --context west", code: codeUsage, says: "want one or the other"},
		{name: "contexts without kubeconfig", args: "fleet check --context west --context east", code: codeUsage, says: "the ambient kubeconfig is never used"},
		{name: "kubeconfigs and contexts of other numbers", args: "fleet check --kubeconfig west.yaml --kubeconfig east.yaml --context west --context east --context north", code: codeUsage, says: "2 times --kubeconfig and 3 times --context"},
		{name: "another output of fleet check", args: check + " -o yaml", code: codeUsage, says: `--output: want one of [table json], got "yaml"`},
		{name: "an unknown command of fleet", args: "fleet chekc", code: codeUsage, says: `did you mean "check"?`},
		{name: "an argument of fleet check", args: "fleet check fleet.yaml", code: codeUsage, says: `unknown command "fleet.yaml"`},
	}
}

func flagRows() []badInput {
	row := func(name, args, says string) badInput {
		return badInput{name: name, args: args, code: codeUsage, says: says}
	}
	return []badInput{
		row("preflight without fleet, and more", "preflight --setup maybe", `--setup: want one of [install reuse], got "maybe"`),
		row("preflight in another form", "preflight --fleet fleet.yaml -o table", "want one of [text json]"),
		row("an unknown flag of preflight", "preflight --flete fleet.yaml", "unknown flag: --flete"),
		row("an unknown command", "verfy", `did you mean "verify"?`),
		row("an unknown platform of verify", "verify --platform awz", `unknown platform "awz": did you mean "aws"?`),
		row("a refused cell of verify", "verify --platform aws --ca cas", "CA Service is supported only on GKE"),
		row("one cluster for verify", "verify --clusters 1", `--clusters: want a number of at least 2, got "1"`),
		row("an unknown environment of verify", "verify --on moon", `got "moon"`),
		row("an unknown set-up of verify", "verify --setup fresh", `--setup: want one of [install reuse], got "fresh"`),
		row("an unknown suite", "verify --suite everything", `got "everything"`),
		row("a certain error", "verify --error-probability 1", "--error-probability: want a number above 0"),
		row("no folder for reports", "verify --out=", "--out: want a folder"),
		row("an unknown flag of verify", "verify --cluster 2", "unknown flag: --cluster"),
		row("a fleet that is not given", "verify --on fleet --setup fresh", "no fleet: give --fleet FILE"),
		row("a fleet file for verify that is not there", "verify --fleet nowhere.yaml", "fleet file nowhere.yaml: cannot be read"),
		row("a fleet on the lab", "verify --on lab --fleet fleet.yaml", "a fleet is only used with --on fleet"),
		row("another number than the fleet's", "verify --fleet fleet.yaml --clusters 3", "--clusters 3: the fleet has 2 clusters"),
		row("a CA against the fleet file", "verify --fleet fleet.yaml --ca meshca", `ca: is "istio", and --ca says "meshca"`),
		row("contexts of other numbers for verify", "verify --kubeconfig west.yaml --kubeconfig east.yaml --context west --context east --context x --context y", "2 times --kubeconfig and 4 times --context"),
		row("a revision on the lab", "verify --revision asm-1", "--revision asm-1"),
		row("a namespace that is no name", "verify --namespace My_Sample", `--namespace "My_Sample"`),
		row("a platform of this machine on a fleet", "verify --on fleet --platform kind", "platform kind is made on this machine"),
		row("a fleet file for plan that is not there", "plan --fleet never.yaml", "fleet file never.yaml: cannot be read"),
		row("an argument of verify", "verify now", `unknown command "now"`),
		row("another form of plan", "plan -o yaml", `--output: want one of [text shell json], got "yaml"`),
		row("a word for a number in plan", "plan --clusters two", `got "two"`),
		row("an unknown platform of plan", "plan --platform eksx", `unknown platform "eksx"`),
		row("a refused cell of plan", "plan --platform kind --ca meshca", "platform kind with CA meshca is refused"),
		row("another form of matrix", "matrix -o csv", `--output "csv"`),
		row("an argument of matrix", "matrix aws", `unknown command "aws"`),
		row("an unknown environment of diagnose", "diagnose --on mars", `got "mars"`),
		row("calls that are no number", "diagnose --calls many", `--calls: want sized or a number`),
		row("an unknown run", "cleanup --run 20260101-000000-abcdef", "no such run"),
		row("an age that is none", "cleanup --older-than yesterday", `invalid argument "yesterday"`),
		row("no report there", "report render --from gone.json", "give the report.json that a run wrote"),
		row("no report but a fleet", "report render --from fleet.yaml", "fleet.yaml"),
		row("another form of report", "report render --format pdf", `--format "pdf"`),
		row("nothing to merge", "report merge", "requires at least 1 arg"),
		row("an unknown command of report", "report print", `unknown command "print"`),
		row("too many clusters", "lab up --clusters 1000", "--clusters: want 1 to"),
		row("an argument of lab up", "lab up now", `unknown command "now" for "eastwest lab up"`),
		row("an unknown fault", "lab break everything", `"everything"`),
		row("no fault", "lab mend", "accepts 1 arg(s), received 0"),
		row("an unknown command of lab", "lab upp", `did you mean "up"?`),
		{name: "diagnose without a lab", args: "diagnose --lab no-such-lab-of-a-test", code: codeInconclusive, says: "no such lab"},
	}
}

// Whatever a user gets wrong is named in words of its own, with the documented
// exit code, before any cluster is called, and leaves nothing behind.
func TestBadInput(t *testing.T) {
	rows := append(fleetRows(), flagRows()...)
	if len(rows) < 40 {
		t.Fatalf("%d rows, want at least 40", len(rows))
	}
	said := map[string]string{}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			b := newBench(t)
			if !strings.Contains(goodFleetFile, row.old) {
				t.Fatalf("the good file has no %q", row.old)
			}
			b.write(t, "fleet.yaml", strings.Replace(goodFleetFile, row.old, row.with, 1))
			before := b.files(t)
			out, errOut, code := commandLine(t, strings.Fields(row.args)...)
			if code != row.code || !strings.Contains(errOut, row.says) {
				t.Errorf("want exit code %d and %q, got %d and\n%s%s", row.code, row.says, code, out, errOut)
			}
			if strings.Contains(out+errOut, "secret-token") {
				t.Errorf("a credential is printed:\n%s%s", out, errOut)
			}
			if n := b.calls.Load(); n != 0 {
				t.Errorf("%d calls of a cluster before the refusal", n)
			}
			if after := b.files(t); after != before {
				t.Errorf("files were\n%s\nand are\n%s", before, after)
			}
			message := strings.ReplaceAll(errOut, b.dir, "")
			if other, twice := said[message]; twice {
				t.Errorf("%q and %q are reported in the same words:\n%s", other, row.name, message)
			}
			said[message] = row.name
		})
	}
}

// The good file itself is understood, and reading it calls nobody.
func TestFleetCheck(t *testing.T) {
	b := newBench(t)
	out, errOut, code := commandLine(t, "fleet", "check", "--fleet", "fleet.yaml")
	if code != codeConformant || !strings.Contains(out, "https://203.0.113.1:6443") || !strings.Contains(out, "(asked)") {
		t.Errorf("got %d\n%s%s", code, out, errOut)
	}
	out, _, code = commandLine(t, "fleet", "check", "--fleet", "fleet.yaml", "-o", "json")
	if code != codeConformant || !strings.Contains(out, `"valid": true`) || !strings.Contains(out, `"kind": "FleetCheck"`) {
		t.Errorf("got %d\n%s", code, out)
	}
	out, _, code = commandLine(t, "fleet", "check", "--platform", "gdc-vmware", "--kubeconfig", "west.yaml", "--context", "gone", "-o", "json")
	if code != codeUsage || !strings.Contains(out, `"valid": false`) || !strings.Contains(out, `"field": "--context gone"`) {
		t.Errorf("got %d\n%s", code, out)
	}
	if n := b.calls.Load(); n != 0 {
		t.Errorf("%d calls of a cluster", n)
	}
}

// What can only be seen on the clusters: exit code 3 where they do not answer,
// 2 where they refuse.
func TestPreflightOfClustersThatAreNoUse(t *testing.T) {
	b := newBench(t)
	before := b.files(t)
	for i, name := range []string{"west", "east"} {
		// Nothing listens on the port for discarding (RFC 863).
		b.write(t, name+".yaml", kubeconfigOf(name, fmt.Sprintf("https://127.0.0.%d:9", i+1)))
	}
	out, errOut, code := commandLine(t, "preflight", "--fleet", "fleet.yaml")
	if code != codeInconclusive || strings.Count(out, "unknown  EW0101") != 2 {
		t.Errorf("want both clusters not reached, got %d\n%s%s", code, out, errOut)
	}
	forbid := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no", http.StatusUnauthorized)
	}))
	defer forbid.Close()
	b.write(t, "west.yaml", kubeconfigOf("west", forbid.URL))
	out, errOut, code = commandLine(t, "preflight", "--fleet", "fleet.yaml", "-o", "json")
	if code != codeUsage || !strings.Contains(out, "renew them") || !strings.Contains(out, `"kind": "Preflight"`) || strings.Contains(out+errOut, "secret-token") {
		t.Errorf("want the credentials refused, got %d\n%s%s", code, out, errOut)
	}
	if after := b.files(t); after != before {
		t.Errorf("files were\n%s\nand are\n%s", before, after)
	}
}
