package drills

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/lab"
)

// commands finds what can be pasted of a remedy: up to where its sentence goes on, which
// is not inside of quotes.
var commands = regexp.MustCompile(`(?:kubectl|istioctl) --kubeconfig=(?:'[^']*'|[^;|)'])+`)

// paste runs the commands of a remedy as a reader would, in a shell: those that read as
// they are, those that write without effect where kubectl can do so. Of a cluster whose
// API server is broken only the form can be tried.
func paste(t *testing.T, running *lab.Lab, finding report.Finding) {
	t.Helper()
	for _, command := range commands.FindAllString(finding.Remedy, -1) {
		words := strings.Fields(command)
		verb := slices.IndexFunc(words[1:], func(word string) bool { return !strings.HasPrefix(word, "--") }) + 1
		switch words[verb] {
		case "get", "describe", "logs", "proxy-config":
		case "label":
			command += " --dry-run=server"
		default:
			continue // it changes something, or asks its reader
		}
		shell := exec.CommandContext(t.Context(), "sh", "-c", command)
		shell.Env = append(os.Environ(), "PATH="+running.State.Bin+":"+os.Getenv("PATH"), "KUBECONFIG=/nowhere")
		out, err := shell.CombinedOutput()
		if err != nil && finding.Rung != "API" {
			t.Errorf("pasted: %s\n%v\n%s", command, err, out)
		}
		if strings.Contains(string(out), "unknown flag") || strings.Contains(string(out), "unknown command") {
			t.Errorf("pasted: %s\n%s", command, out)
		}
	}
	if strings.Contains(finding.Remedy, "kubectl ") && !commands.MatchString(finding.Remedy) {
		t.Errorf("a command without the user's kubeconfig: %s", finding.Remedy)
	}
}
