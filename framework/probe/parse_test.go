package probe

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// trailerOf is what curl prints after a body, of exit code, status and seconds, and of the
// seconds until the name was resolved.
func trailerOf(fields, resolved string, number int) string {
	at := strings.LastIndex(fields, "\t")
	return fmt.Sprintf("\nN\t%s\t%s%s\t\thttp://helloworld.sample:5000/hello#%d\n", fields[:at], resolved, fields[at:], number)
}

func TestParseBatch(t *testing.T) {
	good := func(version, instance string) Call {
		return Call{Status: 200, Version: version, Instance: instance, Latency: 20 * time.Millisecond}
	}
	const lostWhy = "lost: why"
	trailer := func(fields string, number int) string {
		return trailerOf(fields, "0.001", number)
	}
	tests := map[string]struct {
		stdout   string
		want     []Call
		reported int
	}{
		"whole": {
			stdout: "Hello version: v1, instance: a-1\n" + trailer("0\t200\t0.020", 1) + "Hello version: v2, instance: b-2\n" + trailer("0\t200\t0.02", 2),
			want:   []Call{good("v1", "a-1"), good("v2", "b-2")}, reported: 2,
		},
		"nothing at all": {
			want: []Call{lost(lostWhy), lost(lostWhy)},
		},
		"cut in the middle of an answer": {
			stdout: "Hello version: v1, instance: a-1\n" + trailer("0\t200\t0.020", 1) + "Hello version: v2, instan",
			want:   []Call{good("v1", "a-1"), lost(lostWhy)}, reported: 1,
		},
		"cut in the middle of a trailer": {
			stdout: "Hello version: v1, instance: a-1\n" + trailer("0\t200\t0.020", 1) + "Hello version: v2, instance: b-2\n" + strings.TrimSuffix(trailer("0\t200\t0.02", 2), "\n"),
			want:   []Call{good("v1", "a-1"), lost(lostWhy)}, reported: 1,
		},
		"a trailer with another nonce": {
			stdout: "Hello version: v1, instance: a-1\n" + trailer("0\t200\t0.020", 1) + "\nM\t0\t200\t0.1\thttp://x/#2\n" + trailer("7\t000\t0.001", 2),
			want: []Call{
				good("v1", "a-1"),
				{Exit: 7, Latency: time.Millisecond, Err: "could not connect (curl exit 7)"},
			},
			reported: 2,
		},
		"a call reported twice is not believed": {
			stdout: "Hello version: v1, instance: a-1" + trailer("0\t200\t0.020", 1) + "Hello version: v1, instance: a-1" + trailer("0\t200\t0.020", 1) + "Hello version: v2, instance: b-2" + trailer("0\t200\t0.02", 2),
			want:   []Call{lost("the probe reported this call twice"), good("v2", "b-2")}, reported: 3,
		},
		"numbers that are none of ours": {
			stdout: trailer("0\t200\t0.02", 0) + trailer("0\t200\t0.02", 3) + trailer("one\t200\t0.02", 1) + trailer("0\t2000\t0.02", 1) + trailer("0\t200\t-1", 1) + trailer("0\t200\tNaN", 1) +
				"\nN\t0\t200\t0.02\thttp://x/\n\nN\t0\t200\t0.02\n",
			want: []Call{lost(lostWhy), lost(lostWhy)},
		},
		"a curl that knows no exit codes": {
			stdout: trailer("\t200\t0.02", 1) + trailer("\t200\t0.02", 2),
			want:   []Call{lost(lostWhy), lost(lostWhy)},
		},
		"an error page": {
			stdout: "no healthy upstream" + trailer("0\t503\t0.020", 1) + "<html>\n hello </html>" + trailer("0\t200\t0.02", 2),
			want: []Call{
				{Status: 503, Latency: 20 * time.Millisecond, Err: `HTTP status 503: "no healthy upstream"`},
				{Status: 200, Latency: 20 * time.Millisecond, Err: `HTTP status 200, but not a HelloWorld answer: "<html>  hello </html>"`},
			},
			reported: 2,
		},
		"a name that is unknown, or not known in time": {
			stdout: trailerOf("6\t000\t0.02", "0.000000", 1) + trailerOf("28\t000\t15", "0.000000", 2),
			want: []Call{
				{Exit: 6, NameUnknown: true, Latency: 20 * time.Millisecond, Err: "could not resolve the host name (curl exit 6)"},
				{Exit: 28, NameUnknown: true, Latency: 15 * time.Second, Err: "the name was not resolved in time (curl exit 28)"},
			},
			reported: 2,
		},
		"curl's own troubles": {
			stdout: trailer("27\t000\t0", 1) + trailer("23\t200\t0", 2),
			want: []Call{
				{Exit: 27, Unsound: true, Err: "curl exit 27"},
				{Exit: 23, Unsound: true, Err: "curl exit 23"},
			},
			reported: 2,
		},
		"an answer that was cut short is no answer": {
			stdout: "Hello version: v1, instance: a-1" + trailer("28\t200\t15.0", 1) + "Hello version: v2, instance: b-2" + trailer("18\t200\t0.1", 2),
			want: []Call{
				{Exit: 28, Latency: 15 * time.Second, Err: "timed out (curl exit 28)"},
				{Exit: 18, Latency: 100 * time.Millisecond, Err: "the answer was cut short (curl exit 18)"},
			},
			reported: 2,
		},
		"a decimal comma": {
			stdout: "Hello version: v1, instance: a-1\n" + trailer("0\t200\t0,020", 1) + "Hello version: v1, instance: a-1\n" + trailer("0\t200\t0,020", 2),
			want:   []Call{good("v1", "a-1"), good("v1", "a-1")}, reported: 2,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, reported := parseBatch([]byte(test.stdout), "N", 2, lostWhy)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if reported != test.reported {
				t.Errorf("reported: want %d, got %d", test.reported, reported)
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
	f.Add([]byte("Hello version: v1, instance: a-1\n\nN\t0\t200\t0.020\thttp://x/#1\n"), 2)
	f.Add([]byte("Hello version: v1\nN\t0\t200\t1e308\t#1\n"), 1)
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

func FuzzParseAttempts(f *testing.F) {
	f.Add([]byte("N\t1\t52\t000\t0.001\t0.000\t0\t\n"))
	f.Add([]byte("N\t1\t0\t200\t0.001\t0.1\t12\tHello\n"))
	f.Fuzz(func(t *testing.T, stdout []byte) {
		attempts := parseAttempts(stdout, "N", 1, "lost")
		if len(attempts) != 1 {
			t.Fatalf("want one attempt, got %d", len(attempts))
		}
		if k := attempts[0]; k.Unsound && (k.Connected || k.Status != 0) {
			t.Errorf("an unsound attempt that tells something: %+v", k)
		}
	})
}
