package probe

import "testing"

func TestGoals(t *testing.T) {
	v := func(versions ...string) []Call {
		var calls []Call
		for _, version := range versions {
			calls = append(calls, Call{Status: 200, Version: version, Instance: "i"})
		}
		return calls
	}
	refusedCall := newCall(56, 0, 0, "")
	both := AllOf([]string{"v1", "v2"}, Batch{URL: "http://x"})
	refused := Refused(Batch{URL: "http://x"})
	tests := map[string]struct {
		goal  Goal
		calls []Call
		want  bool
	}{
		"both":                     {both, v("v1", "v2", "v1"), true},
		"one is missing":           {both, v("v1", "v1"), false},
		"a stranger":               {both, v("v1", "v2", "v3"), false},
		"one bad call":             {both, append(v("v1", "v2"), newCall(0, 503, 0, "")), false},
		"one lost call":            {both, append(v("v1", "v2"), lost("x")), false},
		"all refused":              {refused, []Call{refusedCall, refusedCall}, true},
		"one answered":             {refused, append(v("v1"), refusedCall), false},
		"a timeout is no refusal":  {refused, []Call{newCall(28, 0, 0, "")}, false},
		"a lost call is no denial": {refused, []Call{refusedCall, lost("x")}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := test.goal.Met(test.calls); got != test.want {
				t.Errorf("want %v", test.want)
			}
		})
	}
	if both.Batch.Count != 8 {
		t.Errorf("want 4 calls a version, got %d", both.Batch.Count)
	}
}

func TestDescribe(t *testing.T) {
	calls := []Call{
		{Status: 200, Version: "v2", Instance: "b"},
		{Status: 200, Version: "v1", Instance: "a"},
		{Status: 200, Version: "v1", Instance: "a"},
		newCall(7, 0, 0, ""),
		newCall(7, 0, 0, ""),
	}
	if got, want := Describe(calls), "2 v1, 1 v2; 2 failed: could not connect (curl exit 7)"; got != want {
		t.Errorf("want %q, got %q", want, got)
	}
}
