package main

import (
	"strings"
	"testing"

	"github.com/eastwest-mesh/eastwest/framework/fleetfile"
)

func TestAcceptancesNameWhatThereIs(t *testing.T) {
	file := &fleetfile.File{Path: "fleet.yaml"}
	for _, a := range []fleetfile.Acceptance{{Check: "EW0501"}, {Check: "EW9999"}, {Scenario: "plaintext-refused"}, {Scenario: "nothing"}, {Scenario: "both-directions"}, {Scenario: "way-back"}} {
		a.Until = "2027-03-31"
		file.Accept = append(file.Accept, &a)
	}
	all, err := acceptances(file)
	if len(all) != len(file.Accept) || err == nil {
		t.Fatalf("got %d acceptances and %v", len(all), err)
	}
	for _, want := range []string{"accept[1].check: there is no check EW9999", `accept[3].scenario: there is no scenario "nothing"`, "accept[4].scenario: both-directions cannot be accepted", "accept[5].scenario: way-back cannot be accepted"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in: %v", want, err)
		}
	}
	if n := len(strings.Split(err.Error(), "\n")); n != 4 {
		t.Errorf("want 4 problems, got %d: %v", n, err)
	}
}
