package main

import "testing"

// Load balancers are made on somebody's clusters for a yes alone.
func TestOnlyYesIsConsent(t *testing.T) {
	for value, want := range map[string]bool{"yes": true, "Y\n": true, "true": true, "1": true, "": false, "no": false, "n\n": false, "0": false, "false": false, "yesterday": false} {
		t.Setenv("YES", value)
		if got := agreedBeforehand(); got != want {
			t.Errorf("YES=%q: got %t", value, got)
		}
	}
}
