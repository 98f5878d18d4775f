package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/plan"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

func TestVerifyTellsAllBadInputAtOnce(t *testing.T) {
	_, err := execute(t, newVerifyCommand, "", "--platform", "awz", "--ca", "istoi", "--clusters", "one",
		"--setup", "maybe", "--suite", "all", "--error-probability", "7", "--on", "moon", "--out", "")
	for _, says := range []string{`"awz"`, `"istoi"`, `"one"`, `"maybe"`, `"all"`, `"7"`, `"moon"`, "--out"} {
		wantUsageError(t, err, says)
	}
}

func TestVerifyRefusesCells(t *testing.T) {
	tests := map[string]struct {
		args []string
		says string
	}{
		"a cell that the matrix refuses": {[]string{"--platform", "aws", "--ca", "cas"}, "refused"},
		"a platform and kind":            {[]string{"--on", "kind", "--platform", "aws"}, "not rehearsed there"},
		"a source of images":             {[]string{"--on", "kind", "--images", "mine"}, "--images: want one of"},
		"a mirror that holds a password": {[]string{"--on", "kind", "--registry-mirror", "http://me:secret@mirror:5000"}, "without user and password"},
		"an Envoy for pulled images":     {[]string{"--on", "kind", "--envoy", "/opt/envoy"}, "has an Envoy of its own"},
		"an Envoy for a mirror's images": {[]string{"--on", "kind", "--images", "built", "--registry-mirror", "http://mirror:5000", "--envoy", "/opt/envoy"}, "has an Envoy of its own"},
		"no fleet where one is wanted":   {[]string{"--on", "fleet"}, "--fleet FILE"},
		"a fleet and the lab":            {[]string{"--on", "lab", "--fleet", "f.yaml"}, "leave out one of the two"},
		"a revision of what is made new": {[]string{"--revision", "asm-1"}, "it is for a fleet"},
		"a mesh of one":                  {[]string{"--clusters", "1"}, "at least 2"},
		"an unknown argument":            {[]string{"now"}, "now"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := execute(t, newVerifyCommand, "", test.args...)
			wantUsageError(t, err, test.says)
		})
	}
}

// A cell that is sound, but that only a fleet can prove, is no wrong use: the
// plan is what can be had here, and nothing was proved.
func TestVerifyPrintsThePlanOfWhatItCannotProve(t *testing.T) {
	out, err := execute(t, newVerifyCommand, "", "--platform", "gdc-vmware", "--ca", "meshca")
	var exit exitError
	if !errors.As(err, &exit) || exit.code != codeInconclusive || !strings.Contains(err.Error(), "no client of Mesh CA") {
		t.Errorf("got %v, want exit %d that says why", err, codeInconclusive)
	}
	if !strings.Contains(out, "Exchange endpoint discovery between all clusters") {
		t.Errorf("want the cell's plan, got\n%s", out)
	}
}

// Flag beats environment beats default; seen through what is refused.
func TestVerifyPrecedence(t *testing.T) {
	t.Setenv("PLATFORM", "from-environment")
	t.Setenv("CLUSTERS", "")
	_, err := execute(t, newVerifyCommand, "", "--clusters", "x")
	wantUsageError(t, err, "from-environment")
	_, err = execute(t, newVerifyCommand, "", "--platform", "from-flag")
	wantUsageError(t, err, "from-flag")
	if strings.Contains(err.Error(), "from-environment") || strings.Contains(err.Error(), "--clusters") {
		t.Errorf("want the flag to win and an empty variable to be none, got %v", err)
	}
}

func TestVerifyExitCodes(t *testing.T) {
	ambiguous := fmt.Errorf("step: %w", istio.ErrAmbiguousRevision)
	tests := map[string]struct {
		outcome          verdict.Outcome
		failure, written error
		want             int
	}{
		"conformant":                      {verdict.Conformant, nil, nil, codeConformant},
		"non-conformant":                  {verdict.NonConformant, nil, nil, codeNonConformant},
		"non-conformant step":             {verdict.NonConformant, errors.New("unmet"), nil, codeNonConformant},
		"could not tell":                  {verdict.Inconclusive, nil, nil, codeInconclusive},
		"ambiguous revision":              {verdict.Inconclusive, ambiguous, nil, codeUsage},
		"no report could be written":      {verdict.Conformant, nil, errors.New("disk full"), codeInconclusive},
		"the clusters could not be ended": {verdict.Conformant, errors.New("lab down"), nil, codeInconclusive},
		"an outcome that is none":         {"", nil, nil, codeInconclusive},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := exitCode(context.Background(), conclude(test.outcome, test.failure, test.written)); got != test.want {
				t.Errorf("want exit code %d, got %d", test.want, got)
			}
		})
	}
	interrupted, cancel := context.WithCancelCause(context.Background())
	cancel(errInterrupted)
	if got := exitCode(interrupted, conclude(verdict.Inconclusive, nil, nil)); got != codeInterrupted {
		t.Errorf("want exit code %d after an interrupt, got %d", codeInterrupted, got)
	}
}

func TestDiagnoseRefusesWrongUse(t *testing.T) {
	_, err := execute(t, newDiagnoseCommand, "", "--on", "fleet")
	wantUsageError(t, err, "--fleet FILE")
	_, err = execute(t, newDiagnoseCommand, "", "--on", "moon")
	wantUsageError(t, err, `"moon"`)
	if _, err := execute(t, newDiagnoseCommand, "", "--lab", "no-such-lab-of-a-test"); err == nil || !strings.Contains(err.Error(), "no such lab") {
		t.Errorf("want it said that the lab does not run, got %v", err)
	}
}

// A script whose own variable is not set must not end up with a lab and a green run.
func TestAnEmptyFleetIsTold(t *testing.T) {
	t.Setenv("FLEET", "")
	_, err := execute(t, newVerifyCommand, "")
	wantUsageError(t, err, "FLEET is set and empty")
	_, err = execute(t, newVerifyCommand, "", "--on", "fleet")
	wantUsageError(t, err, "no fleet: give --fleet FILE")
}

func TestSetupIsReuseOnAFleet(t *testing.T) {
	for _, test := range []struct {
		on    cell.Environment
		given string
		want  string
	}{
		{cell.OnFleet, "", setupReuse},
		{cell.OnFleet, "install", setupInstall},
		{cell.OnLab, "", setupInstall},
		{cell.OnKind, "", setupInstall},
		{cell.OnLab, "reuse", setupReuse},
	} {
		if got := setupOn(test.on, test.given); got != test.want {
			t.Errorf("on %s, given %q: want %s, got %s", test.on, test.given, test.want, got)
		}
	}
}

// What is made on somebody's clusters is listed, and wants a yes.
func TestConsent(t *testing.T) {
	foreseen := []plan.Foreseen{{Cluster: "west", Balancer: true, Ref: kube.Ref{Kind: "Service", Namespace: "istio-system", Name: "istio-eastwestgateway"}}}
	for _, yes := range []bool{true, false} {
		var printed bytes.Buffer
		err := consent(ioStreams{in: strings.NewReader("y\n"), errOut: &printed}, yes)(foreseen)
		if agreed := err == nil; agreed != yes {
			t.Errorf("--yes %t: got %v", yes, err)
		}
		if !yes && !strings.Contains(err.Error(), "--yes") {
			t.Errorf("want the way out reported, got %v", err)
		}
		if !strings.Contains(printed.String(), `cluster "west": Service istio-system/istio-eastwestgateway, a load balancer that may be public`) {
			t.Errorf("want it listed, got %s", printed.String())
		}
	}
}
