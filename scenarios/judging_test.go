package scenarios

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/probe"
	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/framework/run"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

func good(version string) probe.Call {
	return probe.Call{Status: 200, Version: version, Instance: "helloworld-" + version, Latency: 5 * time.Millisecond}
}

func TestJudgeRefusals(t *testing.T) {
	refused := probe.Call{Exit: 56, Err: "reset"}
	tests := map[string]struct {
		calls []probe.Call
		want  report.Status
	}{
		"all refused":             {[]probe.Call{refused, refused}, report.Passed},
		"one answered":            {[]probe.Call{refused, good("v1")}, report.Failed},
		"one answered with a 503": {[]probe.Call{refused, {Status: 503}}, report.Failed},
		"one timed out":           {[]probe.Call{refused, {Exit: 28, Err: "timed out"}}, report.Errored},
		"one was lost":            {[]probe.Call{refused, {Unsound: true, Err: "lost"}}, report.Errored},
		"answered and lost":       {[]probe.Call{good("v1"), {Unsound: true}}, report.Failed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			judged := run.Scenario{Run: func(_ context.Context, env *run.Env) error {
				env.Keep(report.Sample{})
				return judgeRefusals("c", test.calls)
			}}
			if got := run.Execute(t.Context(), judged, &run.Env{Fleet: &fleet.Fleet{}}); got.Status != test.want {
				t.Errorf("want %s, got %s: %s", test.want, got.Status, got.Message)
			}
		})
	}
}

func TestStalls(t *testing.T) {
	slow := good("v1")
	slow.Latency = 10 * time.Second
	if got := stalls([]probe.Call{good("v1"), good("v2")}); got != nil {
		t.Errorf("want none, got %v", got)
	}
	if got := stalls([]probe.Call{good("v1"), slow}); len(got) != 1 || !strings.Contains(got[0], "1 of 2 calls") {
		t.Errorf("want one of two calls blamed, got %v", got)
	}
}

func TestImpostors(t *testing.T) {
	owners := map[string]string{"helloworld-v1": "v1", "helloworld-v2": "v2"}
	if got := impostors([]probe.Call{good("v1"), good("v2")}, owners); got != nil {
		t.Errorf("want none, got %v", got)
	}
	fake := good("v2")
	fake.Instance = "helloworld-v1"
	if got := impostors([]probe.Call{good("v1"), fake}, owners); len(got) != 1 || !strings.Contains(got[0], "v2 from helloworld-v1") {
		t.Errorf("want the impostor named, got %v", got)
	}
}

func TestLateButSoundIsInconclusive(t *testing.T) {
	sound := verdict.Verdict{Outcome: verdict.Conformant, Reasons: []string{"fine"}}
	blameLateness(&sound, errors.New("too late"))
	if sound.Outcome != verdict.Inconclusive || !strings.Contains(sound.Reasons[0], "too late") {
		t.Errorf("want inconclusive with the reason, got %+v", sound)
	}
	broken := verdict.Verdict{Outcome: verdict.NonConformant, Reasons: []string{"v2 never answered"}}
	blameLateness(&broken, errors.New("too late"))
	if broken.Outcome != verdict.NonConformant || broken.Reasons[0] != "v2 never answered" {
		t.Errorf("want the sample's own verdict, got %+v", broken)
	}
}

func TestCompareEndpoints(t *testing.T) {
	c := crossing{source: &fleet.Cluster{ClusterSpec: fleet.ClusterSpec{Name: "cluster1"}}}
	want := map[string]string{"10.0.0.1:5000": "a pod of its own", "172.30.102.1:15443": "the gateway of cluster cluster2"}
	tests := map[string]struct {
		have []string
		says []string
	}{
		"as wanted":                 {[]string{"10.0.0.1:5000", "172.30.102.1:15443"}, nil},
		"no gateway":                {[]string{"10.0.0.1:5000"}, []string{"lacks the endpoint 172.30.102.1:15443, the gateway of cluster cluster2"}},
		"a pod of another network":  {[]string{"10.0.0.1:5000", "172.30.102.1:15443", "10.0.0.9:5000"}, []string{"neither a local pod nor a gateway"}},
		"a pod in place of gateway": {[]string{"10.0.0.1:5000", "10.0.0.9:5000"}, []string{"10.0.0.9:5000", "172.30.102.1:15443"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var hosts []istio.Endpoint
			for _, address := range test.have {
				hosts = append(hosts, istio.Endpoint{Address: address})
			}
			got := c.compare(hosts, want)
			if len(got) != len(test.says) {
				t.Fatalf("want %d reasons, got %v", len(test.says), got)
			}
			for i, says := range test.says {
				if !strings.Contains(got[i], says) {
					t.Errorf("want %q in %q", says, got[i])
				}
			}
		})
	}
}

func TestRequestsThroughTheGateway(t *testing.T) {
	const gateway, local = "172.30.102.1:15443", "10.0.0.1:5000"
	reading := func(atGateway, atLocal, failed uint64) []istio.Endpoint {
		return []istio.Endpoint{
			{Address: gateway, Total: istio.Counters{Requests: atGateway, Failed: failed}},
			{Address: local, Total: istio.Counters{Requests: atLocal}},
		}
	}
	batch := []probe.Call{good("v1"), good("v2"), good("v2")}
	tests := map[string]struct {
		after    []istio.Endpoint
		wrong    bool
		err      bool
		failures int
	}{
		"every remote answer was a request to the gateway": {after: reading(12, 6, 0)},
		"an answer came by another way":                    {after: reading(11, 7, 0), wrong: true},
		"requests were repeated":                           {after: reading(14, 6, 0), wrong: true},
		"connections failed behind a retry":                {after: reading(12, 6, 3), failures: 1},
		"the proxy was restarted":                          {after: reading(2, 1, 0), err: true},
		"requests failed behind a retry": {
			after:    []istio.Endpoint{{Address: gateway, Total: istio.Counters{Requests: 12, Errors: 2}}, {Address: local, Total: istio.Counters{Requests: 6}}},
			failures: 1,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := counted{source: "cluster1", before: reading(10, 5, 0), after: test.after, calls: batch}
			wrong, err := c.through("v2", []string{gateway})
			if (len(wrong) > 0) != test.wrong || (err != nil) != test.err {
				t.Errorf("want wrong %v, error %v; got %v, %v", test.wrong, test.err, wrong, err)
			}
			if got := c.failures(); len(got) != test.failures {
				t.Errorf("want %d failures, got %v", test.failures, got)
			}
		})
	}
}

func TestReachedDirectly(t *testing.T) {
	tests := map[string]struct {
		attempt probe.Attempt
		want    string
	}{
		"not reached":               {probe.Attempt{Exit: 28}, ""},
		"reached":                   {probe.Attempt{Connected: true, Body: "Hello version: v2, instance: helloworld-v2-x"}, "answered"},
		"somebody with the address": {probe.Attempt{Connected: true, Body: "Hello version: v1, instance: helloworld-v1-y"}, ""},
		"reached and refused":       {probe.Attempt{Connected: true, Exit: 56}, "accepted a connection"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := reachedDirectly(test.attempt, "helloworld-v2-x"); got != test.want {
				t.Errorf("want %q, got %q", test.want, got)
			}
		})
	}
}

func TestEntriesOf(t *testing.T) {
	known := []istio.NetworkGateway{
		{Network: "network2", Cluster: "cluster2", Address: "172.30.102.1", Port: names.CrossPort},
		{Network: "network2", Address: "2001:db8::1", Port: names.CrossPort},
		{Network: "network3", Address: "172.30.103.1", Port: names.CrossPort},
	}
	if diff := cmp.Diff([]string{"172.30.102.1:15443", "[2001:db8::1]:15443"}, entriesOf(known, "network2")); diff != "" {
		t.Errorf("endpoints (-want +got):\n%s", diff)
	}
}
