package main

import "testing"

func TestProgress(t *testing.T) {
	var p progress
	if got := p.String(); got != "setting up" {
		t.Errorf("before the first test: got %q", got)
	}
	for _, e := range []event{
		{Action: "start"},
		{Action: "run", Test: "TestA"},
		{Action: "output", Test: "TestA"},
		{Action: "pass", Test: "TestA"},
		{Action: "run", Test: "TestB"},
		{Action: "skip", Test: "TestB"},
		{Action: "run", Test: "TestC"},
		{Action: "fail"},
	} {
		p.take(e)
	}
	if got, want := p.String(), "1 passed, 0 failed, 1 skipped so far, groups of tests too; now TestC"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
