package drills

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/eastwest-mesh/eastwest/lab/faults"
)

// judgement is what somebody who has read istioctl's answers to a fault says of them.
type judgement struct {
	// Names is the command that names the cause, Shows one that shows that something is wrong,
	// and not what; empty for none.
	Names string `json:"names,omitempty"`
	Shows string `json:"shows,omitempty"`
	// Says is what it says, shortened.
	Says string `json:"says,omitempty"`
}

// TestDrillsCompared writes docs/compared.md from the answers that TestDrillsAll left in the
// folder that EASTWEST_COMPARE names, and from testdata/compared.yaml, which is written by
// hand after reading them. It fails for what nobody has read yet, and prints it.
func TestDrillsCompared(t *testing.T) {
	folder := os.Getenv(compareTo)
	if folder == "" {
		t.Skip(compareTo + " names no folder; see \"make compare\"")
	}
	text, err := os.ReadFile("testdata/compared.yaml")
	if err != nil {
		t.Fatal(err)
	}
	judged := map[string]judgement{}
	if err := yaml.UnmarshalStrict(text, &judged); err != nil {
		t.Fatal(err)
	}
	var rows strings.Builder
	var left []string
	count, named, shown := 0, 0, 0
	for _, fault := range faults.All() {
		news, asked := newLines(t, folder, fault.Name)
		if !asked {
			left = append(left, "`"+fault.Name+"`")
			continue
		}
		j, read := judged[fault.Name]
		if !read {
			t.Errorf("%s: nobody has read this yet:\n%s", fault.Name, strings.Join(news, "\n"))
			continue
		}
		count++
		says := "nothing new"
		switch {
		case j.Names != "":
			named++
			says = fmt.Sprintf("**`%s` names it**: %s", j.Names, j.Says)
		case j.Shows != "":
			shown++
			says = fmt.Sprintf("`%s` shows that something is wrong: %s", j.Shows, j.Says)
		case j.Says != "":
			says = j.Says
		}
		fmt.Fprintf(&rows, "| `%s` | %s | [%s](checks.md) | %s |\n", fault.Name, cell(fault.Breaks), fault.Check, cell(says))
	}
	if t.Failed() {
		return
	}
	page := fmt.Sprintf(comparedPage, count, count, named, shown, count-named-shown, soundLines(t, folder), rows.String())
	if len(left) > 0 {
		page += "\nNot asked about yet: " + strings.Join(left, ", ") + ".\n"
	}
	if err := os.WriteFile("../../docs/compared.md", []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
}

const comparedPage = `# Eastwest beside istioctl

%d faults of ` + "`eastwest lab break`" + ` were put into a mesh of two clusters on the lab, one after the other. Eastwest found each by the check that is named, on the right cluster, as the only cause or, where calls go on, as a warning. The lab's own istioctl was asked at the same moment, on both clusters: ` + "`istioctl analyze --all-namespaces --remote-contexts=OTHER`, `remote-clusters`, `proxy-status` and `x precheck`" + `. This page is written by ` + "`make compare`" + `, the judgement of istioctl's answers by hand, from the lines that it does not print for the sound mesh.

To %d faults one of istioctl's commands names the cause %d times, shows that something is wrong %d times, and says nothing %d times. istioctl does not call HelloWorld, and most of its analyzers look at one cluster, so that much of this is not its task.

To the sound mesh eastwest says nothing; istioctl says:

%s

| fault | what is wrong | eastwest | istioctl |
|---|---|---|---|
%s`

func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }

// newLines are the lines that istioctl prints for a broken mesh and not for the sound one,
// and after "-" those that are missing; asked is whether it was asked at all.
func newLines(t *testing.T, folder, fault string) (lines []string, wasAsked bool) {
	t.Helper()
	for _, command := range asked() {
		before, _ := answers(t, folder, sound, command)
		after, found := answers(t, folder, fault, command)
		wasAsked = wasAsked || found
		for _, line := range after {
			if !slices.Contains(before, line) {
				lines = append(lines, "+ "+command+": "+line)
			}
		}
		for _, line := range before {
			if !slices.Contains(after, line) {
				lines = append(lines, "- "+command+": "+line)
			}
		}
	}
	return lines, wasAsked
}

// soundLines are the messages of analyze and precheck to the sound mesh.
func soundLines(t *testing.T, folder string) string {
	t.Helper()
	lines, _ := answers(t, folder, sound, "analyze")
	var messages []string
	for _, line := range lines {
		if strings.HasPrefix(line, "Warning") || strings.HasPrefix(line, "Error") {
			messages = append(messages, "- `"+line+"`")
		}
	}
	if len(messages) == 0 {
		return "- nothing either, above info"
	}
	return strings.Join(messages, "\n")
}

// answers are the lines of one command, each once, without what is never twice the same.
func answers(t *testing.T, folder, fault, command string) (lines []string, found bool) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, fault, strings.ReplaceAll(command, " ", "-")+".txt"))
	if err != nil {
		return nil, false
	}
	// Pods have other names each time, and the analyzer names clusters by chance.
	pod := regexp.MustCompile(`-[0-9a-f]{7,10}-[a-z0-9]{5}\b`)
	of := regexp.MustCompile(`\[cluster-[^\]]*\] |"(default|cluster\d)"`)
	for _, line := range strings.Split(string(text), "\n") {
		line = of.ReplaceAllString(pod.ReplaceAllString(line, "-POD"), "")
		line = strings.Join(strings.Fields(line), " ")
		if line != "" && !strings.HasPrefix(line, "#") && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return lines, true
}
