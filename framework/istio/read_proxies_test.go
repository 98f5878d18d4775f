package istio

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

const stuckProxy = `apiVersion: v1
kind: Pod
metadata: {name: helloworld-1, namespace: sample, labels: {app: helloworld}}
spec: {containers: [{name: helloworld, image: hello}, {name: istio-proxy, image: proxyv2}]}
status: {phase: Running, containerStatuses: [{name: helloworld, ready: true, state: {running: {}}}, {name: istio-proxy, ready: false, state: {running: {}}}]}`

// A proxy that is not ready is not asked; its log tells why.
func TestProxyNotReady(t *testing.T) {
	mesh := newMesh(t)
	mesh.servers[0].add(t, stuckProxy)
	mesh.servers[0].logs = map[string]string{"sample/helloworld-1": recorded(t, "rejecting-proxy.log")}
	c := mesh.take(t, "sample").Clusters[0]
	pods := value(t, c.Workloads).Pods
	at := slices.IndexFunc(pods, func(p Pod) bool { return p.Name == "helloworld-1" })
	if pod := pods[at]; pod.ProxyReady || pod.Complaint == "" || !pod.Roots.IsZero() || pod.Trouble != nil {
		t.Errorf("got %+v", pod)
	}
	var kinds []string
	for _, rejected := range value(t, c.Rejections) {
		if rejected.Proxy == "sample/helloworld-1" {
			kinds = append(kinds, rejected.Kind)
		}
	}
	if diff := cmp.Diff([]string{"clusters", "listeners", "listeners"}, kinds); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// What has ended tells why in its log, too.
func TestContainerThatEnded(t *testing.T) {
	mesh := newMesh(t)
	mesh.servers[0].add(t, `apiVersion: v1
kind: Pod
metadata: {name: helloworld-2, namespace: sample, labels: {app: helloworld}}
spec: {initContainers: [{name: istio-validation, image: proxyv2}], containers: [{name: helloworld, image: hello}, {name: istio-proxy, image: proxyv2}]}
status: {phase: Pending, initContainerStatuses: [{name: istio-validation, state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 126, reason: Error}}}]}`)
	mesh.servers[0].logs = map[string]string{"sample/helloworld-2": "in New Validator\niptables validation failed\n"}
	pod := value(t, mesh.take(t, "sample").Clusters[0].Workloads).Pods[1]
	want := &Trouble{Container: "istio-validation", Reason: "CrashLoopBackOff", Message: "exit code 126"}
	if diff := cmp.Diff(want, pod.Trouble); diff != "" || pod.Complaint != "iptables validation failed" {
		t.Errorf("complaint %q, -want +got:\n%s", pod.Complaint, diff)
	}
}

// Pods that end while they are asked are no riddle.
func TestPodsThatEnd(t *testing.T) {
	mesh := newMesh(t)
	mesh.pods[0].fail = map[string]error{"istiod-1": errors.New("gone"), "sleep-1": errors.New("gone")}
	mesh.servers[0].forbidden = func(verb, resource, _ string) bool {
		if verb == "get" && resource == "pods" { // whoever asks for it again, finds it gone
			mesh.servers[0].remove("Pod/istiod-1", "Pod/sleep-1")
		}
		return false
	}
	c := mesh.take(t, "sample").Clusters[0]
	if istiods := value(t, c.Istiods); len(istiods) > 0 {
		t.Errorf("got %v", istiods)
	}
	if pods := value(t, c.Workloads).Pods; len(pods) > 0 {
		t.Errorf("got %v", pods)
	}
	value(t, c.Rejections)
}

func TestLastComplaint(t *testing.T) {
	tests := map[string]struct{ log, want string }{
		"nothing":          {"2026-11-28T20:22:28Z\tinfo\tall is well\n", ""},
		"words of its own": {"a\twarn\tEnvoy proxy is NOT ready: config not received (1)\nb\twarn\tEnvoy proxy is NOT ready: config not received (2)\n", "b\twarn\tEnvoy proxy is NOT ready: config not received (2)"},
		"a cause":          {"a\twarn\tca\tcreate certificate: CSR is refused\nb\twarn\tEnvoy proxy is NOT ready\n", "a\twarn\tca\tcreate certificate: CSR is refused"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := lastComplaint(test.log); got != test.want {
				t.Errorf("want %q, got %q", test.want, got)
			}
		})
	}
}

func TestParseServerInfo(t *testing.T) {
	for document, want := range map[string]string{
		`{"version":"bd0bc7b2fd45bb0fb6f5d1e5bc6ee8bd0ad1ebc1/1.34.2-dev/Clean/RELEASE/BoringSSL"}`: "1.34.2-dev",
		`{"version":"0/1.39.0/Clean/RELEASE/Go"}`:                                                   "",
		`{"version":"7"}`: "",
		`not JSON`:        "",
	} {
		if got := parseServerInfo([]byte(document)); got != want {
			t.Errorf("%s: want %q, got %q", document, want, got)
		}
	}
}

func TestCallerOf(t *testing.T) {
	pod := func(name string, change func(*Pod)) Pod {
		p := Pod{Name: name, Labels: map[string]string{"app": "sleep"}, Ready: true, Proxy: true}
		change(&p)
		return p
	}
	plain := pod("plain", func(p *Pod) { p.Proxy = false })
	got, ok := callerOf([]Pod{
		pod("other", func(p *Pod) { p.Labels["app"] = "helloworld" }), pod("starting", func(p *Pod) { p.Ready = false }),
		pod("outside", func(p *Pod) { p.Labels[names.Inject] = "false" }), plain, pod("sleep", func(*Pod) {}),
	})
	if !ok || got.Name != "sleep" {
		t.Errorf("got %+v", got)
	}
	if got, ok := callerOf([]Pod{plain}); !ok || got.Name != "plain" {
		t.Errorf("got %+v", got)
	}
	if got, ok := callerOf(nil); ok {
		t.Errorf("got %+v", got)
	}
}

func TestSince(t *testing.T) {
	at := func(address string, requests uint64) Endpoint {
		return Endpoint{Address: address, Total: Counters{Connections: 1, Requests: requests, Succeeded: requests}}
	}
	got, ok := Since([]Endpoint{at("a", 5), at("gone", 1)}, []Endpoint{at("a", 8), at("new", 2)})
	want := []Endpoint{at("a", 8), at("new", 2)}
	want[0].During = Counters{Requests: 3, Succeeded: 3}
	want[1].During = Counters{Connections: 1, Requests: 2, Succeeded: 2}
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, ok := Since([]Endpoint{at("a", 5)}, []Endpoint{at("a", 1)}); ok {
		t.Error("want nothing said of a proxy that began anew")
	}
}

func TestEndpoints(t *testing.T) {
	pods := soundPods(t, "cluster2")
	got, err := Endpoints(t.Context(), pods, "sample", "sleep-1")
	if err != nil || len(got) != 1 || got[0].Address != "172.30.1.1:15443" {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := Endpoints(t.Context(), pods, "sample", "other"); err == nil || !strings.Contains(err.Error(), "no such answer") {
		t.Errorf("got %v", err)
	}
}
