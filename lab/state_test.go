package lab

import (
	"os"
	"strings"
	"testing"

	"github.com/eastwest-mesh/eastwest/lab/internal/sandbox"
)

// A lab that an older eastwest started does not say which Istio it has: it is refused with what
// to do, by all that use it.
func TestOpenRefusesALabOfAnOlderEastwest(t *testing.T) {
	o, err := Options{Name: "older", Cache: t.TempDir()}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	self, err := sandbox.Identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	f := o.folders()
	if err := f.make(); err != nil {
		t.Fatal(err)
	}
	if err := f.writeState(State{Name: f.name, Process: self}); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(o); err == nil || !strings.Contains(err.Error(), `end it with "eastwest lab down"`) {
		t.Errorf("want it refused, got %v", err)
	}
}
