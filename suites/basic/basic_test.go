package basic

import (
	"os"
	"os/signal"
	"strconv"
	"testing"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/framework/run"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/providers"
)

// TestBasic runs the suite on a lab: `go test ./suites/basic` or
// `ginkgo ./suites/basic`, with PLATFORM, CA, ON and CLUSTERS from the
// environment. It needs root, as the lab does.
func TestBasic(t *testing.T) {
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt)
	defer stop()
	config := fromEnvironment(t)
	result, err := Run(ctx, t, config)
	if err != nil {
		t.Errorf("%v", err)
	}
	t.Log(report.Terminal(result.Run, report.TerminalOptions{}))
	if result.Run.Outcome != verdict.Conformant {
		t.Errorf("want %s, got %s: %v", verdict.Conformant, result.Run.Outcome, result.Run.Reasons)
	}
}

func fromEnvironment(t *testing.T) Config {
	t.Helper()
	asked, err := cell.Parse(environment("PLATFORM", "lab"), environment("CA", "istio"))
	if err != nil {
		t.Fatal(err)
	}
	if on := environment("ON", "lab"); on != "lab" {
		t.Fatalf("ON=%s: from go test only the lab can be used; \"eastwest verify\" knows the other environments", on)
	}
	clusters, err := strconv.Atoi(environment("CLUSTERS", "2"))
	if err != nil {
		t.Fatalf("CLUSTERS: %v", err)
	}
	return Config{Config: run.Config{
		Provider: providers.NewLab(lab.Options{Name: environment("LAB", "basic"), Progress: os.Stderr}),
		Asked:    &asked, Cell: run.AskedOf(asked, cell.OnLab),
		Clusters: clusters, ErrorProbability: run.DefaultErrorProbability, StateDir: t.TempDir(), Progress: os.Stderr,
	}}
}

func environment(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
