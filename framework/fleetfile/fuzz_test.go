package fleetfile

import (
	"strings"
	"testing"
)

// The reader of outside input neither panics nor accepts what it then calls
// invalid in another way; what it says stays on lines that the file has.
func FuzzParse(f *testing.F) {
	f.Add([]byte(goodFleet))
	f.Add([]byte("apiVersion: eastwest.dev/v1alpha1\nkind: Fleet\nclusters: &a\n- *a\n"))
	f.Add([]byte("apiVersion: eastwest.dev/v1alpha1\nkind: Fleet\ntools: &t {outputDir: *t}\n"))
	f.Add([]byte("? {a: b}\n: c\n---\n..."))
	f.Fuzz(func(t *testing.T, content []byte) {
		file, problems := parse(content)
		lines := strings.Count(string(content), "\n") + strings.Count(string(content), "\r") + 1
		for _, problem := range problems.all {
			if problem.Text == "" || problem.Line < 0 || problem.Line > lines {
				t.Errorf("problem %+v of a file of %d lines", problem, lines)
			}
		}
		if len(problems.all) == 0 {
			for _, cluster := range file.Clusters {
				if place := problems.positions[&cluster.Name]; cluster.Name != "" && place.line == 0 {
					t.Errorf("cluster %q has no line", cluster.Name)
				}
			}
		}
	})
}
