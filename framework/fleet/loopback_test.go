package fleet

import "testing"

func TestLoopback(t *testing.T) {
	tests := []struct {
		server string
		want   bool
	}{
		{"https://127.0.0.1:6443", true},
		{"https://127.8.8.8", true},
		{"https://localhost:6443", true},
		{"https://0.0.0.0:6443", true},
		{"https://[::1]:6443", true},
		{"https://192.0.2.1:6443", false},
		{"https://localhost.example.org", false},
		{"://", false},
	}
	for _, test := range tests {
		if got := Loopback(test.server); got != test.want {
			t.Errorf("Loopback(%q): want %v, got %v", test.server, test.want, got)
		}
	}
}
