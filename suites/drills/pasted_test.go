package drills

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/eastwest-mesh/eastwest/framework/diagnose"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/lab/faults"
)

// paste runs the commands of a fault's causes, or of what warns of it, as a reader would, in a
// shell: those that write, too. It says whether any did.
func (m *liveMesh) paste(t *testing.T, d drill, fault faults.Fault, diagnosis diagnose.Diagnosis) (wrote bool) {
	t.Helper()
	findings := diagnosis.Warnings
	if !d.works {
		findings = nil
		for _, cause := range diagnosis.Causes {
			findings = append(findings, cause.Finding)
		}
	}
	for _, f := range findings {
		if f.Check != fault.Check {
			continue
		}
		pasteHarmless(t, m.running, f.Check, f.Fix.Commands)
		for _, command := range f.Fix.Commands {
			if !writes(command) || d.unmended != "" {
				continue
			}
			wrote = true
			out, err := shell(t, m.running, command)
			t.Logf("%s: pasted: %s\n%s", f.Check, command, out)
			if err != nil {
				t.Errorf("%s: pasted: %s\n%v\n%s", f.Check, command, err, out)
			}
		}
	}
	return wrote
}

// unpaste deletes what the printed fix has made, so that it cannot hide the next fault. What
// the fault itself took away comes back when it is mended.
func (m *liveMesh) unpaste(t *testing.T, fault faults.Fault, diagnosis diagnose.Diagnosis) {
	t.Helper()
	for _, cause := range diagnosis.Causes {
		for _, command := range cause.Fix.Commands {
			made, applies := strings.CutSuffix(command, " apply --filename=-")
			if cause.Check != fault.Check || !applies || !strings.HasPrefix(command, "echo ") {
				continue
			}
			if out, err := shell(t, m.running, made+" delete --ignore-not-found --filename=-"); err != nil {
				t.Errorf("take back: %s\n%v\n%s", command, err, out)
			}
		}
	}
}

// shell has a shell run a command as it was printed.
func shell(t *testing.T, running *lab.Lab, command string) ([]byte, error) {
	t.Helper()
	shell := exec.CommandContext(t.Context(), "bash", "-o", "pipefail", "-c", command)
	shell.Env = append(os.Environ(), "PATH="+running.State.Own().Bin+":"+os.Getenv("PATH"), "KUBECONFIG=/nowhere")
	return shell.CombinedOutput()
}

// pasteHarmless runs the commands of a finding that read as they are, those that write
// without effect where kubectl can do so. Of a cluster whose API server is broken only the
// form can be tried.
func pasteHarmless(t *testing.T, running *lab.Lab, check string, commands []string) {
	t.Helper()
	for _, command := range commands {
		if !strings.Contains(command, " --kubeconfig=") {
			t.Errorf("%s: a command without the user's kubeconfig: %s", check, command)
		}
		dry, ok := harmless(command)
		if !ok {
			t.Logf("%s: not run, since it changes something: %s", check, command)
			continue
		}
		out, err := shell(t, running, dry)
		if err != nil && !showsFailure(check) {
			t.Errorf("%s: pasted: %s\n%v\n%s", check, dry, err, out)
		}
		if strings.Contains(string(out), "unknown flag") || strings.Contains(string(out), "unknown command") {
			t.Errorf("%s: pasted: %s\n%s", check, dry, out)
		}
	}
}

// writes is true for a command that changes something when it is run as it is.
func writes(command string) bool {
	dry, ok := harmless(command)
	return !ok || dry != command
}

// showsFailure is true for checks whose commands show the fault by failing.
func showsFailure(check string) bool { return check == "EW0101" || check == "EW0412" }

// harmless is a command that changes nothing: as it is, or in a dry run of the last program
// of a pipe, or of several in a row.
func harmless(command string) (string, bool) {
	stages := strings.Split(strings.ReplaceAll(command, " && ", " | "), " | ")
	for i, stage := range stages {
		words := strings.Fields(stage)
		if words[0] != "kubectl" && words[0] != "istioctl" {
			continue
		}
		verb := slices.IndexFunc(words[1:], func(word string) bool { return !strings.HasPrefix(word, "-") }) + 1
		switch words[verb] {
		case "get", "describe", "logs", "exec", "proxy-config", "remote-clusters", "create-remote-secret":
		case "label", "annotate", "apply", "create", "patch", "delete":
			if i < len(stages)-1 {
				return "", false
			}
			return command + " --dry-run=server", true
		default:
			return "", false
		}
	}
	return command, true
}
