package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// expectedFiles are lists, one a topology, of the tests that do not pass and why:
//
//	[What upstream's Envoy lacks, or an issue or a condition of Istio's.]
//	skip SUITE TEST
//	fail SUITE TEST
//
// No reason may be a defect of the lab.
//
//go:embed expected/*.txt
var expectedFiles embed.FS

// test names a test of a suite.
type test struct{ suite, name string }

// expectation is that a test does not pass.
type expectation struct {
	outcome outcome
	reason  string
}

type expectations map[test]expectation

// expectationsFor reads the list of a topology; one without a list expects all to pass.
func expectationsFor(topology string) (expectations, error) {
	name := "expected/" + topology + ".txt"
	data, err := expectedFiles.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return expectations{}, nil
	}
	if err != nil {
		return nil, err
	}
	all, err := parseExpectations(string(data))
	if err != nil {
		return nil, fmt.Errorf("internal/istiotests/%s: %w", name, err)
	}
	return all, nil
}

func parseExpectations(text string) (expectations, error) {
	all := expectations{}
	var (
		reason string
		errs   []error
	)
	for i, line := range strings.Split(text, "\n") {
		wrong := func(what string) { errs = append(errs, fmt.Errorf("line %d: %s: %q", i+1, what, line)) }
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0, strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]"):
			reason = strings.Trim(line, "[]")
		case len(fields) != 3 || fields[0] != string(skipped) && fields[0] != string(failed):
			wrong("want \"skip SUITE TEST\" or \"fail SUITE TEST\"")
		case reason == "":
			wrong("want a [reason] before it")
		default:
			t := test{fields[1], fields[2]}
			if _, double := all[t]; double {
				wrong("it is listed twice")
			}
			all[t] = expectation{outcome: outcome(fields[0]), reason: reason}
		}
	}
	return all, errors.Join(errs...)
}
