package main

import "testing"

func TestMatrixRunTellsAllBadInputAtOnce(t *testing.T) {
	_, err := execute(t, newMatrixCommand, "", "run", "--clusters", "one", "--error-probability", "7", "--out", "")
	for _, says := range []string{`"one"`, `"7"`, "--out"} {
		wantUsageError(t, err, says)
	}
	_, err = execute(t, newMatrixCommand, "", "run", "aws")
	wantUsageError(t, err, "aws")
}
