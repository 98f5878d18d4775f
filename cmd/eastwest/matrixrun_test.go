package main

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/eastwest-mesh/eastwest/framework/verdict"
	"github.com/eastwest-mesh/eastwest/lab/parts/envoy"
)

func TestMatrixRunTellsAllBadInputAtOnce(t *testing.T) {
	_, err := execute(t, newMatrixCommand, "", "run", "--clusters", "one", "--error-probability", "7", "--out", "")
	for _, says := range []string{`"one"`, `"7"`, "--out"} {
		wantUsageError(t, err, says)
	}
	_, err = execute(t, newMatrixCommand, "", "run", "aws")
	wantUsageError(t, err, "aws")
}

func TestMatrixExitCodes(t *testing.T) {
	tests := map[string]struct {
		outcome verdict.Outcome
		err     error
		want    int
	}{
		"conformant":                  {verdict.Conformant, nil, codeConformant},
		"rehearsed":                   {verdict.Rehearsed, nil, codeConformant},
		"inconclusive":                {verdict.Inconclusive, nil, codeInconclusive},
		"non-conformant":              {verdict.NonConformant, nil, codeNonConformant},
		"non-conformant, not written": {verdict.NonConformant, errors.New("no space"), codeNonConformant},
		"conformant, not written":     {verdict.Conformant, errors.New("no space"), codeInconclusive},
		"an Envoy that is none":       {verdict.Inconclusive, fmt.Errorf("make the clusters: %w", &envoy.RefusedError{}), codeUsage},
	}
	for name, test := range tests {
		if got := exitCode(t.Context(), concludeMatrix(t.Context(), test.outcome, test.err)); got != test.want {
			t.Errorf("%s: got %d, want %d", name, got, test.want)
		}
	}
	interrupted, cancel := context.WithCancelCause(t.Context())
	cancel(errInterrupted)
	if got := exitCode(interrupted, concludeMatrix(interrupted, verdict.Inconclusive, nil)); got != codeInterrupted {
		t.Errorf("interrupted: got %d", got)
	}
}
