package fleets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
	"github.com/eastwest-mesh/eastwest/suites/commandline"
)

// somebodys is a fleet of lab clusters, as its owner sees it.
type somebodys struct {
	eastwest commandline.Binary
	lab      string
	// file is the fleet file.
	file string
}

// The exit codes that are distinguished here, as "eastwest help exit-codes" has them.
const (
	conformant    = 0
	nonConformant = 1
	usage         = 2
	noVerdict     = 3
)

// TestLabFleet goes the whole way on one fleet, in the order in which an owner
// would: nothing there yet, then a mesh that the owner made by hand.
func TestLabFleet(t *testing.T) {
	install := []string{"--setup", "install", "--yes"}
	f := begin(t)
	t.Run("makes nothing of a mesh unless it is asked and agreed to", func(t *testing.T) {
		if _, said := f.verify(t, usage); !strings.Contains(said, "there is no east-west gateway, no Gateway that exposes services (cross-network-gateway), no remote secret") || !strings.Contains(said, "--setup install makes what is missing") {
			t.Errorf("want it said what is missing and which flag makes it, got\n%s", said)
		}
		_, said := f.verify(t, usage, "--setup", "install")
		first := strings.Index(said, "Service istio-system/istio-eastwestgateway, a load balancer that may be public")
		if next := strings.Index(said, "Deployment istio-system/istio-eastwestgateway"); first < 0 || next < first || !strings.Contains(said, "istio-remote-secret-cluster2") || !strings.Contains(said, "add --yes") {
			t.Errorf("want listed what would be made, load balancers first, and --yes, got\n%s", said)
		}
		if strings.Contains(said, "sample/") {
			t.Errorf("want nothing listed of the namespace that the run makes itself, got\n%s", said)
		}
		if f.gateways(t) != "" {
			t.Errorf("gateways were made: %s", f.gateways(t))
		}
	})
	t.Run("installs what is missing, and takes it away again", func(t *testing.T) {
		run, _ := f.verify(t, conformant, install...)
		if run.Cell.Environment != "fleet" || run.Cell.Rehearsal {
			t.Errorf("want a run on a fleet and no rehearsal, got %+v", run.Cell)
		}
		if f.gateways(t) != "" {
			t.Errorf("gateways are left: %s", f.gateways(t))
		}
	})
	t.Run("what another team does meanwhile is a note", func(t *testing.T) {
		r := f.start(t, install...)
		r.awaitLine(t, "clusters ready (")
		f.kubectl(t, "create", "namespace", "payments")
		f.kubectl(t, "create", "clusterrole", "payments-reader", "--verb=get", "--resource=pods")
		f.kubectl(t, "--namespace=payments", "create", "configmap", "settings", "--from-literal=a=b")
		f.kubectl(t, "label", "namespace", "default", "team=payments")
		run, said := f.ended(t, r, conformant)
		if n := notes(run, "changed by others during the run: "); n < 2 || strings.Contains(said, "delete namespace") {
			t.Errorf("want notes of what others did and no advice, got %d and\n%s", n, said)
		}
		f.kubectl(t, "delete", "namespace/payments", "clusterrole/payments-reader")
		f.kubectl(t, "label", "namespace", "default", "team-")
	})
	t.Run("cleanup after a crash leaves what the owner has installed since", func(t *testing.T) { f.replaceGateway(t, install) })
	t.Run("a mesh made by the plan's script is reused", func(t *testing.T) {
		f.inside(t, "bash", f.script(t))
		before := f.gateways(t)
		for _, setup := range []string{"install", "reuse"} {
			run, _ := f.verify(t, conformant, "--setup", setup, "--yes", "--namespace", "eastwest-"+setup)
			if diff := cmp.Diff(before, f.gateways(t)); diff != "" {
				t.Errorf("--setup %s touched the owner's gateways (-before +after):\n%s", setup, diff)
			}
			if noted := notes(run, "reused"); (setup == "install") != (noted > 0) {
				t.Errorf("--setup %s: %d notes of what was reused", setup, noted)
			}
		}
	})
	t.Run("what is there and wrong is refused, with the difference", func(t *testing.T) {
		const exposed = "gateways.networking.istio.io/cross-network-gateway"
		f.kubectl(t, "patch", exposed, "--type=json", `--patch=[{"op":"replace","path":"/spec/servers/0/port/number","value":15444}]`)
		before := f.kubectl(t, "get", exposed, "--output=yaml")
		_, said := f.verify(t, nonConformant, append(install, "--namespace", "eastwest-wrong")...)
		if !strings.Contains(said, "spec.servers[0].port.number is 15444, want 15443") {
			t.Errorf("want the difference reported, got\n%s", said)
		}
		if diff := cmp.Diff(before, f.kubectl(t, "get", exposed, "--output=yaml")); diff != "" {
			t.Errorf("the owner's object was touched (-before +after):\n%s", diff)
		}
		f.kubectl(t, "patch", exposed, "--type=json", `--patch=[{"op":"replace","path":"/spec/servers/0/port/number","value":15443}]`)
	})
	t.Run("of two runs the second is refused and names the first", func(t *testing.T) {
		first := f.start(t, "--setup", "reuse", "--namespace", "eastwest-first")
		first.awaitLine(t, "clusters ready (")
		_, said := f.verify(t, noVerdict, "--setup", "reuse", "--namespace", "eastwest-second")
		if !strings.Contains(said, "is in use by run ") {
			t.Errorf("want the first run named as the holder, got\n%s", said)
		}
		if err := first.cmd.Wait(); err != nil {
			t.Errorf("the first run: %v\n%s", err, first.said.String())
		}
	})
	t.Run("preflight refuses networks that contradict each other, as wrong use", func(t *testing.T) {
		const network = "topology.istio.io/network="
		f.kubectl(t, "label", "namespace", "istio-system", network+"elsewhere", "--overwrite")
		if _, said := f.verify(t, usage, append(install, "--namespace", "eastwest-refused")...); !strings.Contains(said, "the fleet is refused") || !strings.Contains(said, "EW0402") {
			t.Errorf("want the fleet refused for EW0402, got\n%s", said)
		}
		f.kubectl(t, "label", "namespace", "istio-system", network+"network1", "--overwrite")
	})
	t.Run("a fleet without control planes is not begun", func(t *testing.T) {
		f.kubectl(t, "scale", "deployment/istiod", "--replicas=0")
		f.kubectl(t, "wait", "pod", "--selector=app=istiod", "--for=delete", "--timeout=60s")
		if _, said := f.verify(t, noVerdict, install...); !strings.Contains(said, "install the control plane first") {
			t.Errorf("want the missing control plane reported, got\n%s", said)
		}
	})
}

func begin(t *testing.T) somebodys {
	t.Helper()
	return beginWith(t, "--istiod")
}

// beginWith makes a lab that stands for somebody's clusters.
func beginWith(t *testing.T, flags ...string) somebodys {
	t.Helper()
	f := somebodys{eastwest: commandline.Build(t), lab: fmt.Sprintf("fleet-%d", os.Getpid()), file: filepath.Join(t.TempDir(), "fleet.yaml")}
	t.Cleanup(func() {
		down := exec.CommandContext(context.WithoutCancel(t.Context()), f.eastwest.Path, "lab", "down", "--name", f.lab)
		if out, err := down.CombinedOutput(); err != nil {
			t.Errorf("end the lab: %v\n%s", err, out)
		}
	})
	up := f.eastwest.Command(t, append([]string{"lab", "up", "--name", f.lab}, flags...)...)
	up.Stderr = os.Stderr
	if err := up.Run(); err != nil {
		t.Fatal(err)
	}
	described, err := f.eastwest.Command(t, "lab", "fleet", "--name", f.lab).Output()
	if err == nil {
		err = os.WriteFile(f.file, described, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// inside runs a command on the network between the clusters.
func (f somebodys) inside(t *testing.T, argv ...string) string {
	t.Helper()
	cmd := f.eastwest.Command(t, append([]string{"lab", "exec", "--name", f.lab, "--"}, argv...)...)
	cmd.Dir = t.TempDir()
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(argv, " "), err, out, errOut.Bytes())
	}
	return string(out)
}

// kubectl works on the namespace of the first cluster's control plane.
func (f somebodys) kubectl(t *testing.T, args ...string) string {
	t.Helper()
	return f.inside(t, append([]string{"kubectl", "--context=cluster1", "--namespace=istio-system"}, args...)...)
}

// gateways tells the identity and the state of the east-west gateways.
func (f somebodys) gateways(t *testing.T) string {
	t.Helper()
	return f.kubectl(t, "get", "deployments,services", "--selector=istio=eastwestgateway",
		"--output=jsonpath={range .items[*]}{.kind} {.metadata.uid} {.metadata.generation}{\"\\n\"}{end}")
}

// script is what a person would run instead of eastwest.
func (f somebodys) script(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "guide.sh")
	if err := os.WriteFile(file, []byte(f.inside(t, f.eastwest.Path, "plan", "--fleet", f.file, "--output", "shell")), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// running is a verify under way.
type running struct {
	cmd  *exec.Cmd
	out  string // folder of its reports
	said *lines
}

func (f somebodys) start(t *testing.T, args ...string) running {
	t.Helper()
	out := t.TempDir()
	argv := append([]string{"lab", "exec", "--name", f.lab, "--", f.eastwest.Path, "verify", "--on", "fleet", "--fleet", f.file, "--out", out}, args...)
	r := running{cmd: f.eastwest.Command(t, argv...), out: out, said: &lines{}}
	r.cmd.Stdout, r.cmd.Stderr = r.said, r.said
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return r
}

// verify runs the suite to its end and wants its exit code.
func (f somebodys) verify(t *testing.T, want int, args ...string) (report.Run, string) {
	t.Helper()
	return f.ended(t, f.start(t, args...), want)
}

// ended waits for a run's end and wants its exit code.
func (f somebodys) ended(t *testing.T, r running, want int) (report.Run, string) {
	t.Helper()
	var exit *exec.ExitError
	if err := r.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	said := r.said.String()
	if code := r.cmd.ProcessState.ExitCode(); code != want {
		t.Fatalf("want exit code %d, got %d\n%s", want, code, said)
	}
	document, err := os.ReadFile(filepath.Join(r.out, "report.json"))
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	run, err := report.ReadJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	if want == conformant && run.Outcome != verdict.Conformant {
		t.Errorf("exit code %d, but the report says %s", want, run.Outcome)
	}
	return run, said
}

// notes counts the steps' notes that have a word.
func notes(run report.Run, word string) int {
	count := 0
	for _, c := range run.Cases {
		for _, note := range c.Notes {
			if strings.Contains(note, word) {
				count++
			}
		}
	}
	return count
}

// lineBound is how long a run may take to say a line.
const lineBound = time.Minute

func (r running) awaitLine(t *testing.T, text string) {
	t.Helper()
	select {
	case <-r.said.once(text):
	case <-time.After(lineBound):
		t.Fatalf("no line with %q within %s:\n%s", text, lineBound, r.said.String())
	}
}
