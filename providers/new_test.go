package providers

import (
	"testing"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/fleetfile"
)

func TestNew(t *testing.T) {
	for on := range environments() {
		p, err := New(on, Settings{Fleet: &fleetfile.File{Name: "f"}})
		if err != nil || p.Name() != string(on) {
			t.Errorf("%s: got %v, %v", on, p, err)
		}
	}
	if _, err := New("moon", Settings{}); err == nil {
		t.Error("want an unknown environment refused")
	}
	if _, known := environments()[cell.OnLab]; !known {
		t.Error("want the lab among the environments")
	}
}
