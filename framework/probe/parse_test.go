package probe

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseBatch(t *testing.T) {
	good := func(version, instance string) Call {
		return Call{Status: 200, Version: version, Instance: instance, Latency: 20 * time.Millisecond}
	}
	const lostWhy = "lost: why"
	tests := map[string]struct {
		stdout string
		want   []Call
		whole  bool
	}{
		"whole": {
			stdout: "N\t1\t0\t200\t0.020\tHello version: v1, instance: a-1\nN\t2\t0\t200\t0.02\tHello version: v2, instance: b-2\nN\tdone\n",
			want:   []Call{good("v1", "a-1"), good("v2", "b-2")}, whole: true,
		},
		"nothing at all": {
			want: []Call{lost(lostWhy), lost(lostWhy)},
		},
		"cut in the middle of a line": {
			stdout: "N\t1\t0\t200\t0.020\tHello version: v1, instance: a-1\nN\t2\t0\t200\t0.02\tHello version: v2, instan",
			want:   []Call{good("v1", "a-1"), lost(lostWhy)},
		},
		"the missing newline of the last line": {
			stdout: "N\t1\t0\t200\t0.020\tHello version: v1, instance: a-1\nN\t2\t0\t200\t0.02\tHello version: v2, instance: b-2",
			want:   []Call{good("v1", "a-1"), lost(lostWhy)},
		},
		"noise of the shell between the lines": {
			stdout: "sh: can't access tty\nN\t1\t0\t200\t0.020\tHello version: v1, instance: a-1\nM\t2\t0\t200\t0.1\tHello version: v2, instance: b\nN\t2\t7\t000\t0.001\t\nN\tdone\n",
			want: []Call{
				good("v1", "a-1"),
				{Exit: 7, Latency: time.Millisecond, Err: "could not connect (curl exit 7)"},
			},
			whole: true,
		},
		"a call told of twice is not believed": {
			stdout: "N\t1\t0\t200\t0.020\tHello version: v1, instance: a-1\nN\t1\t0\t200\t0.020\tHello version: v1, instance: a-1\nN\t2\t0\t200\t0.02\tHello version: v2, instance: b-2\n",
			want:   []Call{lost("the probe told of this call twice"), good("v2", "b-2")},
		},
		"numbers that are none of ours": {
			stdout: "N\t0\t0\t200\t0.02\tx\nN\t3\t0\t200\t0.02\tx\nN\tone\t0\t200\t0.02\tx\nN\t1\t0\t2000\t0.02\tx\nN\t1\t0\t200\t-1\tx\nN\t1\t0\t200\tNaN\tx\n",
			want:   []Call{lost(lostWhy), lost(lostWhy)},
		},
		"an error page": {
			stdout: "N\t1\t0\t503\t0.020\tno healthy upstream\nN\t2\t0\t200\t0.02\t<html> hello </html>\nN\tdone\n",
			want: []Call{
				{Status: 503, Latency: 20 * time.Millisecond, Err: `HTTP status 503: "no healthy upstream"`},
				{Status: 200, Latency: 20 * time.Millisecond, Err: `HTTP status 200, but not a HelloWorld answer: "<html> hello </html>"`},
			},
			whole: true,
		},
		"no curl in the container": {
			stdout: "N\t1\t127\t000\t0\t\nN\t2\t137\t000\t0\t\nN\tdone\n",
			want: []Call{
				{Exit: 127, Unsound: true, Err: "there is no curl in the container (curl exit 127)"},
				{Exit: 137, Unsound: true, Err: "curl was killed by signal 9"},
			},
			whole: true,
		},
		"an answer that was cut short is no answer": {
			stdout: "N\t1\t28\t200\t15.0\tHello version: v1, instance: a-1\nN\t2\t18\t200\t0.1\tHello version: v2, instance: b-2\nN\tdone\n",
			want: []Call{
				{Exit: 28, Latency: 15 * time.Second, Err: "timed out (curl exit 28)"},
				{Exit: 18, Latency: 100 * time.Millisecond, Err: "the answer was cut short (curl exit 18)"},
			},
			whole: true,
		},
		"a decimal comma": {
			stdout: "N\t1\t0\t200\t0,020\tHello version: v1, instance: a-1\nN\t2\t0\t200\t0,020\tHello version: v1, instance: a-1\nN\tdone\n",
			want:   []Call{good("v1", "a-1"), good("v1", "a-1")}, whole: true,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, whole := parseBatch([]byte(test.stdout), "N", 2, lostWhy)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if whole != test.whole {
				t.Errorf("whole: want %v, got %v", test.whole, whole)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	tests := map[string]struct {
		call Call
		want bool
	}{
		"connection refused":   {newCall(7, 0, 0, ""), true},
		"reset":                {newCall(56, 0, 0, ""), true},
		"closed":               {newCall(52, 0, 0, ""), true},
		"handshake broken off": {newCall(35, 0, 0, ""), true},
		"answered":             {newCall(0, 200, 0, "Hello version: v1, instance: a"), false},
		"answered 503":         {newCall(0, 503, 0, ""), false},
		"timed out":            {newCall(28, 0, 0, ""), false},
		"no such name":         {newCall(6, 0, 0, ""), false},
		"no curl":              {newCall(127, 0, 0, ""), false},
		"lost":                 {lost("x"), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := test.call.Refused(); got != test.want {
				t.Errorf("Refused() of %+v: want %v", test.call, test.want)
			}
		})
	}
}

func FuzzParseBatch(f *testing.F) {
	f.Add([]byte("N\t1\t0\t200\t0.020\tHello version: v1, instance: a-1\nN\tdone\n"), 2)
	f.Add([]byte("N\t1\t0\t200\t1e308\tHello version: v1\n"), 1)
	f.Add([]byte("\nN\t\n\t\t\t\t\t\t"), 0)
	f.Fuzz(func(t *testing.T, stdout []byte, count int) {
		count = max(0, min(count, 50))
		calls, _ := parseBatch(stdout, "N", count, "lost")
		if len(calls) != count {
			t.Fatalf("want %d calls, got %d", count, len(calls))
		}
		for _, call := range calls {
			if call.Good() && (call.Status != 200 || call.Instance == "" || call.Exit != 0) {
				t.Errorf("a good call that is not: %+v", call)
			}
			if call.Unsound && (call.Version != "" || call.Err == "") {
				t.Errorf("an unsound call that tells something, or does not say why: %+v", call)
			}
			if strings.ContainsAny(call.Version+call.Instance, "\n\t \x00") {
				t.Errorf("unclean fields: %+v", call)
			}
			if call.Latency < 0 {
				t.Errorf("negative latency: %+v", call)
			}
		}
	})
}

func FuzzParseKnocks(f *testing.F) {
	f.Add([]byte("N\t1\t52\t000\t0.001\t0.000\t0\t\n"))
	f.Add([]byte("N\t1\t0\t200\t0.001\t0.1\t12\tHello\n"))
	f.Fuzz(func(t *testing.T, stdout []byte) {
		knocks := parseKnocks(stdout, "N", 1, "lost")
		if len(knocks) != 1 {
			t.Fatalf("want one knock, got %d", len(knocks))
		}
		if k := knocks[0]; k.Unsound && (k.Connected || k.Status != 0) {
			t.Errorf("an unsound knock that tells something: %+v", k)
		}
	})
}

func FuzzParseHosts(f *testing.F) {
	f.Add([]byte(`{"cluster_statuses":[{"name":"a","host_statuses":[{"address":{"socket_address":{"address":"10.0.0.1","port_value":15443}},"stats":[{"name":"cx_total","value":"3"}]}]}]}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		hosts, err := parseHosts(document)
		if err != nil && hosts != nil {
			t.Errorf("hosts beside an error: %v", hosts)
		}
	})
}
