package checks

import (
	"slices"
	"testing"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

// A tag of a fleet file is the revision that it leads to: the control plane of that one is
// judged, and others are beside the point.
func TestDeclaredTagIsItsRevision(t *testing.T) {
	istiod := func(revision string) istio.Istiod {
		return istio.Istiod{Pod: istio.Pod{Name: revision, Ready: true}, Revision: revision}
	}
	c := &istio.Cluster{
		Revision: "prod", Istiods: istio.Read([]istio.Istiod{istiod("asm-1"), istiod("asm-2")}),
		Webhooks: istio.Read([]istio.Webhook{{Tag: "next", Revision: "asm-2"}, {Tag: "prod", Revision: "asm-1"}}),
	}
	all, _ := c.Istiods.Get()
	if got := revisions(c); !slices.Equal(got, []string{"asm-1"}) {
		t.Errorf("got %v", got)
	}
	if got := serving(c, all); len(got) != 1 || got[0].Name != "asm-1" {
		t.Errorf("got %+v", got)
	}
	c.Revision = "gone"
	if got := serving(c, all); len(got) != 0 {
		t.Errorf("no other stands for the one that is declared: got %+v", got)
	}
}
