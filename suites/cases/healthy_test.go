package cases

import (
	"os"
	"testing"

	"github.com/eastwest-mesh/eastwest/suites/tally"
)

// TestReportedSound makes sound meshes of every shape that the lab can have and diagnoses
// each again and again: one finding above info, or one section that could not be read, is a
// false alarm. It goes on where it was stopped if EASTWEST_TALLY names a file, and makes as
// many runs of each as EASTWEST_RUNS says.
func TestReportedSound(t *testing.T) {
	runs, err := tally.Runs()
	if err != nil {
		t.Fatal(err)
	}
	kept, err := tally.Open(os.Getenv("EASTWEST_TALLY"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { t.Logf("diagnoses of sound meshes:\n%s", kept.Text()) })
	for _, s := range shapes() {
		t.Run(s.name, func(t *testing.T) { s.diagnose(t, kept, runs) })
	}
}

// diagnose makes the mesh if any of its states is still to be looked at.
func (s shape) diagnose(t *testing.T, kept *tally.Tally, runs int) {
	name := func(c liveCase) string { return s.name + ": " + c.name }
	var m *mesh
	for _, c := range s.states {
		if kept.Tried(name(c)) >= runs {
			continue
		}
		if m == nil {
			m = start(t, s.up...)
		}
		t.Run(c.name, func(t *testing.T) {
			m.tmp, m.clusters = t.TempDir(), c.clusters
			m.run(t, c.make)
			m.await(t, "the mesh settles", c)
			for kept.Tried(name(c)) < runs && t.Context().Err() == nil {
				_, d := m.take(t, c)
				wrong := mistake(d)
				if wrong != "" {
					t.Errorf("a false alarm: %s\n%s", wrong, d.Text())
				}
				if err := kept.Add(name(c), wrong == ""); err != nil {
					t.Fatal(err)
				}
			}
			m.run(t, c.undo)
		})
	}
}
