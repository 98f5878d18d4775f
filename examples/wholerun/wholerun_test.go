package wholerun

import (
	"fmt"
	"os"
	"testing"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/framework/run"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/providers"
	"github.com/eastwest-mesh/eastwest/suites/basic"
)

// TestMeshOfTwo makes two clusters, proves the mesh on them, and removes everything. On
// clusters of your own take providers.NewFleet and Reuse. Run it as root:
//
//	go test -v ./examples/wholerun
func TestMeshOfTwo(t *testing.T) {
	asked, err := cell.Parse(string(cell.Lab), string(cell.Istio))
	if err != nil {
		t.Fatal(err)
	}
	result, err := basic.Run(t.Context(), t, basic.Config{Config: run.Config{
		Provider: providers.NewLab(lab.Options{Name: fmt.Sprintf("wholerun-%d", os.Getpid()), Progress: os.Stderr}),
		Asked:    &asked, Cell: run.AskedOf(asked, cell.OnLab),
		Clusters: 2, ErrorProbability: run.DefaultErrorProbability, Progress: os.Stderr,
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(report.Terminal(result.Run, report.TerminalOptions{}))
	if result.Run.Outcome != verdict.Conformant {
		t.Errorf("want a mesh that does what the guide promises, got %s: %v", result.Run.Outcome, result.Run.Reasons)
	}
}
