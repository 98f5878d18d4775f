package run

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
)

// actor is a place that can imitate.
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
		place := &actor{}
		asked := lookup(t, platform)
		r, err := New(Config{Provider: place, Clusters: 2, Asked: asked, Cell: AskedOf(*asked, cell.OnLab)})
		if err != nil {
			t.Fatal(err)
		}
		r.progress.stop()
		if diff := cmp.Diff(want, place.asked); diff != "" {
			t.Errorf("%s: %s", platform, diff)
		}
		told := r.report.Cell
		if !told.Rehearsal || len(told.Imitated) != 1 || !strings.Contains(strings.Join(told.NotImitated, "; "), asked.LoadBalancer.Maker) {
			t.Errorf("%s: want told what was imitated and what not, got %+v", platform, told)
		}
	}
}

// A place that cannot imitate must say so: the report would claim it otherwise.
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
	place := &actor{}
	asked := lookup(t, cell.Lab)
	r, err := New(Config{Provider: place, Clusters: 2, Asked: asked, Cell: AskedOf(*asked, cell.OnLab)})
	if err != nil {
		t.Fatal(err)
	}
	r.progress.stop()
	if c := r.report.Cell; c.Rehearsal || c.Imitated != nil || c.NotImitated != nil {
		t.Errorf("got %+v", c)
	}
}
