package drills

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// compareTo names a folder: TestDrillsAll leaves there what the lab's own istioctl says to
// each broken mesh, and to the sound one, for TestDrillsCompared.
const compareTo = "EASTWEST_COMPARE"

// istioctlBound is how long one of istioctl's commands may take: where an API server hangs,
// some wait for it.
const istioctlBound = 30 * time.Second

// sound is the folder of the answers to the mesh without a fault.
const sound = "sound"

// asked are the commands of istioctl that somebody would try, without the cluster.
func asked() []string { return []string{"analyze", "remote-clusters", "proxy-status", "x precheck"} }

// askIstioctl has every command look at every cluster, and keeps the answers in a file for
// each command, the clusters one after the other.
func (m *liveMesh) askIstioctl(t *testing.T, name string) {
	t.Helper()
	folder := os.Getenv(compareTo)
	if folder == "" {
		return
	}
	for _, command := range asked() {
		var all strings.Builder
		for _, c := range m.running.State.Clusters {
			words := strings.Fields(command)
			if command == "analyze" {
				words = append(words, "--all-namespaces", "--color=false")
				for _, other := range m.running.State.Clusters {
					if other.Name != c.Name {
						words = append(words, "--remote-contexts="+other.Name)
					}
				}
			}
			fmt.Fprintf(&all, "# %s\n%s", c.Name, m.istioctl(t, c.Name, words...))
		}
		file := filepath.Join(folder, name, strings.ReplaceAll(command, " ", "-")+".txt")
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(all.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// istioctl is what the lab's own istioctl says of a cluster, errors too.
func (m *liveMesh) istioctl(t *testing.T, cluster string, words ...string) []byte {
	t.Helper()
	arguments := append([]string{istioctlBound.String(), filepath.Join(m.running.State.Own().Bin, "istioctl"), "--kubeconfig=" + m.running.Kubeconfig(), "--context=" + cluster}, words...)
	out, err := exec.CommandContext(t.Context(), "timeout", arguments...).CombinedOutput()
	if err != nil {
		out = fmt.Appendf(out, "(%v)\n", err)
	}
	return out
}
