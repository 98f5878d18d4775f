package drills

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/lab"
)

// paste runs the commands of a finding as a reader would, in a shell: those that read as
// they are, those that write without effect where kubectl can do so. Of a cluster whose
// API server is broken only the form can be tried.
func paste(t *testing.T, running *lab.Lab, finding report.Finding) {
	t.Helper()
	for _, command := range finding.Commands {
		if !strings.Contains(command, " --kubeconfig=") {
			t.Errorf("%s: a command without the user's kubeconfig: %s", finding.Check, command)
		}
		dry, ok := harmless(command)
		if !ok {
			t.Logf("%s: not run, since it changes something: %s", finding.Check, command)
			continue
		}
		shell := exec.CommandContext(t.Context(), "bash", "-o", "pipefail", "-c", dry)
		shell.Env = append(os.Environ(), "PATH="+running.State.Bin+":"+os.Getenv("PATH"), "KUBECONFIG=/nowhere")
		out, err := shell.CombinedOutput()
		if err != nil && !showsFailure(finding.Check) {
			t.Errorf("%s: pasted: %s\n%v\n%s", finding.Check, dry, err, out)
		}
		if strings.Contains(string(out), "unknown flag") || strings.Contains(string(out), "unknown command") {
			t.Errorf("%s: pasted: %s\n%s", finding.Check, dry, out)
		}
	}
}

// showsFailure is true for checks whose commands show the fault by failing.
func showsFailure(check string) bool { return check == "EW0101" || check == "EW0412" }

// harmless is a command that changes nothing: as it is, or in a dry run of the last program
// of a pipe.
func harmless(command string) (string, bool) {
	stages := strings.Split(command, " | ")
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
