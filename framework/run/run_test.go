package run

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/probe"
	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

// nowhere is an environment whose clusters cannot be made.
type nowhere struct {
	destroyed int
	cleanup   string
}

func (n *nowhere) Name() string { return "nowhere" }
func (n *nowhere) Create(context.Context, int) ([]fleet.ClusterSpec, error) {
	return nil, errors.New("no room")
}
func (n *nowhere) Destroy(context.Context) error { n.destroyed++; return nil }
func (n *nowhere) Traits() fleet.Traits {
	return fleet.Traits{Bounds: kube.LocalBounds(), Cleanup: n.cleanup}
}

// A set-up that fails leaves a whole report that says so, and is not a verdict on the mesh.
func TestSetUpThatFails(t *testing.T) {
	environment := &nowhere{}
	tried := []Scenario{{ID: "first", Base: true}, {ID: "second"}}
	var progress strings.Builder
	r, err := New(Config{Provider: environment, Clusters: 2, StateDir: t.TempDir(), Progress: &progress})
	if err != nil {
		t.Fatal(err)
	}
	ctx, err := r.Open(t.Context())
	if err == nil || !strings.Contains(err.Error(), "no room") {
		t.Fatalf("want the environment's error, got %v", err)
	}
	skipped := r.Scenario(ctx, tried[0])
	if skipped.Status != report.Skipped || !strings.Contains(skipped.Message, `"clusters"`) {
		t.Errorf("want the scenario skipped because of the clusters, got %s: %s", skipped.Status, skipped.Message)
	}
	r.SkipRest(tried)
	run, err := r.Finish(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if run.Outcome != verdict.Inconclusive || !strings.Contains(strings.Join(run.Reasons, ";"), "no room") {
		t.Errorf("want inconclusive with the reason, got %s: %v", run.Outcome, run.Reasons)
	}
	if run.APIVersion == "" || run.Ended.IsZero() || len(run.Cases) != 2+len(tried) {
		t.Errorf("want a whole report, got %+v", run)
	}
	if environment.destroyed != 1 {
		t.Errorf("want the environment ended once, got %d", environment.destroyed)
	}
	if !strings.Contains(progress.String(), "no room") {
		t.Errorf("want the failure in the progress, got %q", progress.String())
	}
}

func TestConfigTellsAllThatIsWrong(t *testing.T) {
	_, err := New(Config{Clusters: 1, ErrorProbability: 2, StateDir: "x"})
	for _, want := range []string{"an environment", "at least 2 clusters", "error probability"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in %v", want, err)
		}
	}
}

func TestStatusOfStep(t *testing.T) {
	unmet := &kube.UnmetError{For: "an address", Cause: context.DeadlineExceeded}
	outside := &kube.UnmetError{For: "pods", Cause: context.DeadlineExceeded, Outside: "the namespace's quota is used up"}
	noImage := func(container string) error {
		return fmt.Errorf("cluster %q: %w", "cluster1", &kube.UnmetError{Cause: context.DeadlineExceeded, ImagePullFailed: container})
	}
	tests := map[string]struct {
		interrupted bool
		err         error
		want        report.Status
	}{
		"no image of the test":  {false, errors.Join(noImage("sleep"), noImage("helloworld")), report.Errored},
		"no image of the proxy": {false, errors.Join(noImage("sleep"), noImage("istio-proxy")), report.Failed},
		"both on two clusters":  {false, errors.Join(noImage("sleep"), fmt.Errorf("cluster2: %w", unmet)), report.Failed},
		"a quota":               {false, outside, report.Errored},
		"a quota, and the mesh": {false, errors.Join(outside, unmet), report.Failed},
		"a wrong gateway":       {false, fmt.Errorf("cluster1: %w", &kube.DiffersError{}), report.Failed},
		"both of these":         {false, errors.Join(outside, &kube.DiffersError{}), report.Failed},
		"done":                  {false, nil, report.Passed},
		"a promise not kept":    {false, errors.Join(unmet), report.Failed},
		"could not be tried":    {false, errors.New("exec istioctl: not found"), report.Errored},
		"not overwritten":       {false, &kube.NotOursError{}, report.Errored},
		"interrupted meanwhile": {true, unmet, report.Errored},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if test.interrupted {
				cancel()
			}
			if got := statusOfStep(ctx, test.err); got != test.want {
				t.Errorf("want %s, got %s", test.want, got)
			}
		})
	}
}

func TestTogetherNamesEveryDataPlane(t *testing.T) {
	planes := []dataPlane{{name: "upstream Envoy 1.39.3"}, {name: "Envoy 1.40.0, by path"}, {name: "upstream Envoy 1.39.3"}}
	if got := together(planes, func(p dataPlane) string { return p.name }); got != "upstream Envoy 1.39.3 and Envoy 1.40.0, by path" {
		t.Errorf("got %q", got)
	}
}

// Only the image that the environment made may be said to hold what the environment put into it.
func TestProxyName(t *testing.T) {
	made := fleet.ProxyImage{Envoy: "upstream Envoy 1.39.3", Digests: []string{"sha256:manifest", "sha256:config"}}
	envoy := probe.Program{Name: probe.Envoy, Version: "1.39.3"}
	tests := map[string]struct {
		made          fleet.ProxyImage
		program       probe.Program
		image, digest string
		want          string
	}{
		"ours, by its manifest":      {made, envoy, "istio/proxyv2:1", "sha256:manifest", "upstream Envoy 1.39.3"},
		"ours, by its configuration": {made, envoy, "istio/proxyv2:1", "sha256:config", "upstream Envoy 1.39.3"},
		"the same name, not ours":    {made, envoy, "istio/proxyv2:1", "sha256:other", "Envoy 1.39.3 from istio/proxyv2:1@sha256:other"},
		"a fleet's":                  {fleet.ProxyImage{}, envoy, "gcr.io/x/proxyv2:1", "sha256:other", "Envoy 1.39.3 from gcr.io/x/proxyv2:1@sha256:other"},
		"a pod that tells no digest": {fleet.ProxyImage{Digests: []string{""}}, envoy, "gcr.io/x/proxyv2:1", "", "Envoy 1.39.3 from gcr.io/x/proxyv2:1"},
		"no Envoy":                   {made, probe.Program{Name: "zproxy", Version: "7"}, "istio/proxyv2:1", "sha256:manifest", "zproxy 7"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := proxyName(test.made, test.program, test.image, test.digest); got != test.want {
				t.Errorf("want %q, got %q", test.want, got)
			}
		})
	}
}

func TestFirstAnswer(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	run := report.Run{Started: start, Cases: []report.Case{
		{Kind: report.KindStep, Status: report.Passed, Start: start},
		{
			Kind: report.KindScenario, Status: report.Passed, Start: start.Add(20 * time.Second),
			Samples: []report.Sample{{Converge: 3 * time.Second}, {Converge: 2 * time.Second}},
		},
	}}
	phase, ok := firstAnswer(run)
	if !ok || phase.Duration != 22*time.Second {
		t.Errorf("want 22 s, got %v %v", phase.Duration, ok)
	}
	run.Cases[1].Status = report.Failed
	if phase, ok := firstAnswer(run); ok {
		t.Errorf("want none where the scenario failed, got %v", phase.Duration)
	}
}

// What a person is given to type must find the run: that of a lab is kept with the lab.
func TestCleanupCommand(t *testing.T) {
	for cleanup, want := range map[string]string{
		"":                             "eastwest cleanup --run r1",
		"eastwest cleanup --lab trial": "eastwest cleanup --lab trial --run r1",
	} {
		r := &Run{config: Config{Provider: &nowhere{cleanup: cleanup}}}
		if got := r.cleanupCommand("r1"); got != want {
			t.Errorf("want %q, got %q", want, got)
		}
	}
}
