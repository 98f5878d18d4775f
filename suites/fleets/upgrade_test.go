package fleets

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/eastwest-mesh/eastwest/framework/checks"
	"github.com/eastwest-mesh/eastwest/framework/upgrade"
)

// newRevision is the one that the fleet is to move to.
const newRevision = "canary"

// TestLabFleetUpgrade asks whether a fleet with a trust domain of its own may move to another
// revision: with the new control plane in one cluster, and with it in both, by a user who has
// the rights that eastwest prints for it and no others. EASTWEST_UPGRADE_FROM and
// EASTWEST_UPGRADE_TO choose the lab's versions of Istio.
func TestLabFleetUpgrade(t *testing.T) {
	from, to := os.Getenv("EASTWEST_UPGRADE_FROM"), os.Getenv("EASTWEST_UPGRADE_TO")
	f := beginWith(t, "--mesh", "--audit", "--trust-domain", "lab.example", "--istio", from)
	user := f.as(t, "upgrade")
	f.grant(t, "upgrade", "--for", "upgrade", "--namespace", "sample")
	f.eastwestLab(t, "istiod", "add", "--cluster", "cluster1", "--revision", newRevision, "--istio", to)

	t.Run("a canary in one cluster", func(t *testing.T) {
		v := user.check(t, nonConformant, "--step", "namespace")
		found := errorsOf(v)
		if len(found) != 1 || found[0].Check != "EW0912" || found[0].Cluster != "cluster2" {
			t.Fatalf("want EW0912 on cluster2 and nothing else, got %+v", found)
		}
		if step := v.Of(upgrade.Install); step.Outcome != upgrade.Go {
			t.Errorf("want the installation to go on, got %+v", step)
		}
		// The owner mends it, with the commands that are printed for the owner's kubeconfig.
		for i, command := range errorsOf(f.check(t, nonConformant, "--step", "namespace"))[0].Fix.Commands {
			f.paste(t, command)
			if i > 0 {
				continue
			}
			// What istiod has looked for in vain it does not look for again.
			v := user.check(t, nonConformant, "--step", "namespace")
			if found := errorsOf(v); len(found) != 1 || !strings.Contains(found[0].Found, "is newer than an istiod") {
				t.Errorf("want it said that istiod must be restarted, got %+v", found)
			}
		}
		v = user.check(t, noVerdict, "--step", "namespace")
		if why := v.Of(upgrade.Namespace).Why; len(why) != 1 || !strings.Contains(why[0], "no call between proxies") {
			t.Errorf("want nothing lacking but calls, got %q", why)
		}
	})
	for _, did := range f.writes(t, "upgrade") {
		t.Errorf("want a check that changes nothing, got %s", did)
	}

	f.kubectlOn(t, "cluster2", "--namespace=istio-system", "delete", "configmap", "istio-"+newRevision)
	f.eastwestLab(t, "istiod", "add", "--cluster", "cluster2", "--revision", newRevision, "--istio", to)
	f.kubectlOn(t, "cluster1", "--namespace=istio-system", "rollout", "restart", "deployment/istiod-"+newRevision)
	f.kubectlOn(t, "cluster1", "--namespace=istio-system", "rollout", "status", "deployment/istiod-"+newRevision)
	t.Run("a canary in both clusters", func(t *testing.T) {
		v := user.check(t, noVerdict, "--step", "namespace")
		if found := errorsOf(v); len(found) > 0 {
			t.Errorf("want no error, got %+v", found)
		}
	})
	for _, m := range upgradeFaults() {
		if m.versions && from == "" {
			continue // it is one between two versions
		}
		t.Run(m.name, func(t *testing.T) { f.breakUpgrade(t, m) })
	}
}

// breakUpgrade makes a fault, wants it found, and mends it.
func (f somebodys) breakUpgrade(t *testing.T, m upgradeFault) {
	t.Helper()
	for _, c := range m.make {
		f.shellOn(t, "cluster2", c)
	}
	defer func() {
		for _, c := range m.mend {
			f.shellOn(t, "cluster2", c)
		}
	}()
	v := f.ask(t, "--step", "namespace")
	at := slices.IndexFunc(v.Findings, func(found checks.Finding) bool {
		return found.Check == m.check && found.Cluster == "cluster2" && strings.Contains(found.Found, m.found)
	})
	if at < 0 {
		t.Errorf("want %s on cluster2 with %q, got\n%s", m.check, m.found, v.Text())
	}
	for _, step := range v.Steps {
		if step.Outcome == upgrade.Go && step.Step != upgrade.Install {
			t.Errorf("%s: GO", step.Step)
		}
	}
}

// check asks with the user's fleet file and wants the exit code.
func (f somebodys) check(t *testing.T, want int, flags ...string) upgrade.Verdict {
	t.Helper()
	v, code, said := f.asked(t, flags...)
	if code != want {
		t.Fatalf("want exit code %d, got %d\n%s", want, code, said)
	}
	return v
}

// ask is check whatever the exit code.
func (f somebodys) ask(t *testing.T, flags ...string) upgrade.Verdict {
	t.Helper()
	v, _, _ := f.asked(t, flags...)
	return v
}

func (f somebodys) asked(t *testing.T, flags ...string) (upgrade.Verdict, int, string) {
	t.Helper()
	argv := []string{"lab", "exec", "--name", f.lab, "--", f.eastwest.Path, "upgrade", "check", "--fleet", f.file, "--to", newRevision, "-o", "json"}
	cmd := f.eastwest.Command(t, append(argv, flags...)...)
	said := &lines{}
	cmd.Stderr = said
	document, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	var v upgrade.Verdict
	if err := json.Unmarshal(document, &v); err != nil {
		t.Fatalf("%v\n%s%s", err, document, said.String())
	}
	return v, cmd.ProcessState.ExitCode(), string(document) + said.String()
}

func errorsOf(v upgrade.Verdict) []checks.Finding {
	return slices.DeleteFunc(slices.Clone(v.Findings), func(f checks.Finding) bool { return f.Severity != checks.Error })
}

// eastwestLab calls "eastwest lab" for the fleet's lab.
func (f somebodys) eastwestLab(t *testing.T, args ...string) {
	t.Helper()
	if out, err := f.eastwest.Command(t, append([]string{"lab", "--name", f.lab}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("eastwest lab %v: %v\n%s", args, err, out)
	}
}

func (f somebodys) kubectlOn(t *testing.T, cluster string, args ...string) {
	t.Helper()
	f.inside(t, append([]string{"kubectl", "--context=" + cluster}, args...)...)
}

// shellOn runs a line of shell in which kubectl is that of a cluster.
func (f somebodys) shellOn(t *testing.T, cluster, line string) {
	t.Helper()
	f.inside(t, "bash", "-ec", "kubectl() { command kubectl --context="+cluster+` "$@"; }; `+line)
}

// paste runs a printed command as it is, with the lab's kubectl.
func (f somebodys) paste(t *testing.T, command string) {
	t.Helper()
	t.Logf("pasted: %s", command)
	f.inside(t, "bash", "-ec", command)
}
