package probe

import "testing"

func TestResolves(t *testing.T) {
	tests := map[string]struct {
		attempt         Attempt
		resolves, known bool
	}{
		"answered":                      {Attempt{Connected: true}, true, true},
		"refused":                       {Attempt{Exit: 7}, true, true},
		"no such name":                  {Attempt{Exit: exitNoName}, false, true},
		"timed out without connection":  {Attempt{Exit: exitTimedOut}, true, false},
		"timed out after connecting":    {Attempt{Exit: exitTimedOut, Connected: true}, true, true},
		"the probe itself did not work": {Attempt{Unsound: true}, true, false},
	}
	for name, test := range tests {
		if resolves, known := test.attempt.Resolves(); known != test.known || known && resolves != test.resolves {
			t.Errorf("%s: got %t, known %t", name, resolves, known)
		}
	}
}
