package run

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
)

// actor is an environment that can imitate.
type actor struct {
	nowhere
	asked fleet.Balancing
}

func (a *actor) Imitate(b fleet.Balancing) []string {
	a.asked = b
	return []string{"an imitation"}
}

func lookup(t *testing.T, platform cell.Platform) *cell.Cell {
	t.Helper()
	c, ok := cell.Lookup(platform, cell.Istio)
	if !ok {
		t.Fatalf("no cell of %s", platform)
	}
	return &c
}

func TestRehearsalTakesThePlatformsTraits(t *testing.T) {
	rows := map[cell.Platform]fleet.Balancing{
		cell.AWS:          {Hostname: true, Several: true, Late: true},
		cell.EKS:          {Hostname: true, Several: true, Late: true},
		cell.Azure:        {Late: true},
		cell.AKS:          {Late: true},
		cell.GDCVMware:    {},
		cell.GDCBareMetal: {},
	}
	for platform, want := range rows {
		environment := &actor{}
		asked := lookup(t, platform)
		r, err := New(Config{Provider: environment, Clusters: 2, Asked: asked, Cell: AskedOf(*asked, cell.OnLab)})
		if err != nil {
			t.Fatal(err)
		}
		r.progress.stop()
		if diff := cmp.Diff(want, environment.asked); diff != "" {
			t.Errorf("%s: %s", platform, diff)
		}
		made := r.report.Cell
		if !made.Rehearsal || len(made.Imitated) != 1 || !strings.Contains(strings.Join(made.NotImitated, "; "), asked.LoadBalancer.Maker) {
			t.Errorf("%s: want it said what was imitated and what not, got %+v", platform, made)
		}
	}
}

// An environment that cannot imitate must say so: the report would claim it otherwise.
func TestRehearsalOnAPlaceThatCannotImitate(t *testing.T) {
	asked := lookup(t, cell.AWS)
	r, err := New(Config{Provider: &nowhere{}, Clusters: 2, Asked: asked, Cell: AskedOf(*asked, cell.OnLab)})
	if err != nil {
		t.Fatal(err)
	}
	r.progress.stop()
	if len(r.report.Cell.Imitated) > 0 || !strings.Contains(strings.Join(r.report.Cell.NotImitated, "; "), "gives a gateway a host name") {
		t.Errorf("got %+v", r.report.Cell)
	}
}

func TestWhatIsNoRehearsalImitatesNothing(t *testing.T) {
	environment := &actor{}
	asked := lookup(t, cell.Lab)
	r, err := New(Config{Provider: environment, Clusters: 2, Asked: asked, Cell: AskedOf(*asked, cell.OnLab)})
	if err != nil {
		t.Fatal(err)
	}
	r.progress.stop()
	if c := r.report.Cell; c.Rehearsal || c.Imitated != nil || c.NotImitated != nil {
		t.Errorf("got %+v", c)
	}
}
