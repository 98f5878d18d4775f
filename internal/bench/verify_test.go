package main

import (
	"testing"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/mesh"
	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/framework/run"
)

func TestAnswered(t *testing.T) {
	of := func(seconds int) time.Duration { return time.Duration(seconds) * time.Second }
	began := time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	at := func(id, cluster string, second, took int) report.Case {
		return report.Case{ID: id, Cluster: cluster, Start: began.Add(of(second)), Duration: of(took)}
	}
	made := report.Run{Cases: []report.Case{
		at(run.StepClusters, "", 0, 10),
		at(mesh.StepNamespace, "west", 10, 1), at(mesh.StepNamespace, "east", 10, 1),
		at(mesh.StepIstiod, "west", 11, 7), at(mesh.StepIstiod, "east", 11, 9),
		at("both-directions", "", 25, 2), at("gateway-crossing", "", 27, 5),
	}}
	if got := answered(made, run.StepClusters); got != 17*time.Second {
		t.Errorf("from clusters at 10 s to calls at 27 s: got %s", got)
	}
	if got := answered(made, mesh.ControlPlaneSteps()...); got != 7*time.Second {
		t.Errorf("from the slower istiod at 20 s to calls at 27 s: got %s", got)
	}
	if got := answered(report.Run{Cases: made.Cases[:5]}, run.StepClusters); got != 0 {
		t.Errorf("a run that never called has no such time, got %s", got)
	}
}
