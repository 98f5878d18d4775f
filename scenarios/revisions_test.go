package scenarios

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/probe"
	"github.com/eastwest-mesh/eastwest/framework/revisions"
	"github.com/eastwest-mesh/eastwest/framework/run"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
	"github.com/eastwest-mesh/eastwest/framework/workload"
)

var remote = revisions.Cell{Source: revisions.Side{Cluster: "a", Arm: revisions.New}, Destination: revisions.Side{Cluster: "b", Arm: revisions.Old}}

func comparing() *comparison {
	members := []revisions.Member{{Cluster: "a", New: true}, {Cluster: "b"}}
	env := &run.Env{Namespace: "t", Comparing: &run.Comparing{
		Compared: workload.Compared{Pair: revisions.Pair{Old: "default", New: "canary"}, Members: members},
		Design:   verdict.Comparison{CallsPerBlock: 3},
	}}
	c := newComparison(trial{env}, mixed)
	c.pods = map[string]armPod{
		"b/only-2-x": {side: remote.Destination, app: "only-2", revision: "default"},
		"b/only-2-n": {side: revisions.Side{Cluster: "b", Arm: revisions.New}, app: "only-2", revision: "canary"},
	}
	return c
}

// Every call of a batch is counted once: good, failed, or lost, and then in no block.
func TestEveryCallIsCounted(t *testing.T) {
	c := comparing()
	m := c.newMeasurements([]revisions.Cell{remote})[remote]
	m = c.count(m, []probe.EchoCall{
		{Status: 200, Cluster: "b", Pod: "only-2-x"},
		{Status: 200, Cluster: "b", Pod: "only-2-n"},
		{Status: 200, Cluster: "a", Pod: "elsewhere"},
	}, nil)
	m = c.count(m, []probe.EchoCall{
		{Status: 503, Err: "HTTP status 503", Cause: probe.CauseIdentity},
		{Err: "no answer: read tcp 10.0.0.1:45678->10.0.0.2:8080: reset"},
		{Unsound: true, Err: "lost"},
	}, nil)
	want := revisions.Measured{
		Cell: remote, Blocks: []verdict.Block{{Sent: 3, Failed: 2}, {Sent: 2, Failed: 2}}, Lost: 1,
		Answers: map[string]int{"b": 1}, Pods: map[string]int{"b/only-2-x": 1},
		Errors: map[string]int{
			"answered by a pod of the new revision, want the old one": 1, "answered by cluster a, want b": 1,
			"HTTP status 503": 1, "no answer: read tcp ADDRESS: reset": 1, "lost": 1,
		},
		Causes:   map[string]int{string(probe.CauseIdentity): 1},
		Clusters: []string{"b"},
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestCrossedWantsTheGateway(t *testing.T) {
	at := func(address string, requests uint64) []istio.Endpoint {
		return []istio.Endpoint{{Address: address, Total: istio.Counters{Requests: requests}}}
	}
	gateways := map[string][]string{"b": {"gw:15443"}}
	tests := []struct {
		name          string
		before, after []istio.Endpoint
		answers       int
		shown         bool
	}{
		{"as many requests as answers", at("gw:15443", 5), at("gw:15443", 15), 10, true},
		{"fewer requests than answers", at("gw:15443", 5), at("gw:15443", 14), 10, false},
		{"past the gateway", at("pod:8080", 5), at("pod:8080", 15), 10, false},
		{"dead, and tried", at("gw:15443", 0), at("gw:15443", 9), 0, true},
		{"dead, and never tried", at("gw:15443", 5), at("gw:15443", 5), 0, false},
		{"the proxy began anew", at("gw:15443", 50), at("gw:15443", 5), 5, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := comparing()
			c.before = map[revisions.Cell]counters{remote: {endpoints: tt.before}}
			m := revisions.Measured{Cell: remote, Clusters: []string{"b"}, Answers: map[string]int{"b": tt.answers}}
			why := c.crossed(m, counters{endpoints: tt.after, gateways: gateways})
			if (len(why) == 0) != tt.shown {
				t.Errorf("want shown %t, got %q", tt.shown, why)
			}
		})
	}
}

func TestStrangersAreNoProof(t *testing.T) {
	c := comparing()
	m := revisions.Measured{Cell: remote, Pods: map[string]int{"b/only-2-x": 3, "b/unknown": 2}}
	if diff := cmp.Diff([]string{"2 answers name b/unknown, which is no pod of only-2"}, c.strangers(m)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestAnew(t *testing.T) {
	pod := func(uid string, ready string) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{
			"metadata": map[string]any{"name": uid, "uid": uid},
			"status":   map[string]any{"conditions": []any{map[string]any{"type": "Ready", "status": ready}}},
		}}
	}
	before := map[string]bool{"old": true}
	for name, tt := range map[string]struct {
		pods []*unstructured.Unstructured
		met  bool
	}{
		"one of before is still there": {[]*unstructured.Unstructured{pod("old", "True"), pod("x", "True")}, false},
		"not ready yet":                {[]*unstructured.Unstructured{pod("x", "True"), pod("y", "False")}, false},
		"all anew":                     {[]*unstructured.Unstructured{pod("x", "True"), pod("y", "True")}, true},
	} {
		if got := anew(tt.pods, before, 2); got.Met != tt.met {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestFewReasonsAreKept(t *testing.T) {
	counts := map[string]int{"a": 7, "b": 6, "c": 5, "d": 4, "e": 3, "f": 2, "g": 1}
	want := map[string]int{"a": 7, "b": 6, "c": 5, "d": 4, "e": 3, "other reasons": 3}
	if diff := cmp.Diff(want, few(counts)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestTheWayBackIsOnTheOldRevision(t *testing.T) {
	c := comparing()
	if got := c.revisionOf(revisions.New); got != "canary" {
		t.Errorf("mixed: %s", got)
	}
	c.phase = back
	if got := c.revisionOf(revisions.New); got != "default" {
		t.Errorf("back: %s", got)
	}
}
