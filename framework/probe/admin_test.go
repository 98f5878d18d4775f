package probe

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const twoReadings = `{"cluster_statuses":[
 {"name":"outbound|5000||helloworld.sample.svc.cluster.local","host_statuses":[
  {"address":{"socket_address":{"address":"10.99.2.100","port_value":15443}},
   "stats":[{"name":"cx_connect_fail"},{"name":"cx_total","value":"2"},{"name":"rq_total","value":9}],
   "health_status":{"eds_health_status":"HEALTHY"},"weight":4},
  {"address":{"socket_address":{"address":"10.99.1.10","port_value":5000}},
   "stats":[{"name":"rq_total","value":"11"}],
   "health_status":{"eds_health_status":"HEALTHY","failed_outlier_check":true}}]},
 {"name":"sds-grpc","host_statuses":[{"address":{"pipe":{"path":"./var/run/secrets/workload-spiffe-uds/socket"}}}]}]}`

func TestParseHosts(t *testing.T) {
	hosts, err := parseHosts([]byte(twoReadings))
	if err != nil {
		t.Fatal(err)
	}
	const hello = "outbound|5000||helloworld.sample.svc.cluster.local"
	want := []Host{
		{XDSCluster: hello, Address: "10.99.1.10:5000", Weight: 1, Counters: map[string]uint64{"rq_total": 11}},
		{XDSCluster: hello, Address: "10.99.2.100:15443", Healthy: true, Weight: 4, Counters: map[string]uint64{"cx_total": 2, "rq_total": 9}},
	}
	if diff := cmp.Diff(want, HostsOf(hosts, hello)); diff != "" {
		t.Errorf("hosts (-want +got):\n%s", diff)
	}
	if pipe := HostsOf(hosts, "sds-grpc"); len(pipe) != 1 || pipe[0].Address != "./var/run/secrets/workload-spiffe-uds/socket" {
		t.Errorf("want the pipe's path, got %+v", pipe)
	}
}

func TestGrowth(t *testing.T) {
	host := func(address string, total uint64) Host {
		return Host{XDSCluster: "c", Address: address, Counters: map[string]uint64{"rq_total": total}}
	}
	tests := map[string]struct {
		before, after []Host
		want          uint64
		ok            bool
	}{
		"grew":                 {[]Host{host("a", 1), host("b", 2)}, []Host{host("a", 4), host("b", 2)}, 3, true},
		"a new host":           {nil, []Host{host("a", 4)}, 4, true},
		"a host that went":     {[]Host{host("a", 1)}, nil, 0, true},
		"the proxy restarted":  {[]Host{host("a", 5)}, []Host{host("a", 1)}, 0, false},
		"another host is none": {[]Host{host("a", 5)}, []Host{host("a", 5), {XDSCluster: "other", Address: "a", Counters: map[string]uint64{"rq_total": 9}}}, 0, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := Growth(test.before, test.after, "c", "rq_total")
			if got != test.want || ok != test.ok {
				t.Errorf("want %d, %v; got %d, %v", test.want, test.ok, got, ok)
			}
		})
	}
}

func TestParseServerInfo(t *testing.T) {
	tests := map[string]struct {
		document string
		want     Program
	}{
		"Envoy":              {`{"version":"bd0bc7b2fd45bb0fb6f5d1e5bc6ee8bd0ad1ebc1/1.34.2-dev/Clean/RELEASE/BoringSSL"}`, Program{"envoy", "1.34.2-dev"}},
		"something else":     {`{"version":"0/1.39.0/Clean/RELEASE/Go"}`, Program{"unknown", "0/1.39.0/Clean/RELEASE/Go"}},
		"another user agent": {`{"version":"7","node":{"user_agent_name":"zproxy"}}`, Program{"zproxy", "7"}},
		// A name alone does not make it Envoy.
		"called Envoy": {`{"version":"zproxy 7","node":{"user_agent_name":"envoy"}}`, Program{"unknown", "zproxy 7"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parseServerInfo([]byte(test.document))
			if err != nil || got != test.want {
				t.Errorf("want %+v, got %+v (%v)", test.want, got, err)
			}
		})
	}
	for _, broken := range []string{"", "{}", "ok", `{"version":""}`} {
		if got, err := parseServerInfo([]byte(broken)); err == nil {
			t.Errorf("want an error for %q, got %+v", broken, got)
		}
	}
}

func TestChoosePods(t *testing.T) {
	pod := func(name string, ready corev1.ConditionStatus, terminating bool) corev1.Pod {
		pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}}
		pod.Status.Phase = corev1.PodRunning
		pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}
		if terminating {
			now := metav1.Now()
			pod.DeletionTimestamp = &now
		}
		return pod
	}
	ready, seen := choose([]corev1.Pod{
		pod("going", corev1.ConditionTrue, true), pod("starting", corev1.ConditionFalse, false), pod("good", corev1.ConditionTrue, false),
	})
	if len(ready) != 1 || ready[0].Name != "good" {
		t.Errorf("want the good pod only, got %d", len(ready))
	}
	if want := "going (terminating), starting (Running, not ready)"; seen != want {
		t.Errorf("want %q, got %q", want, seen)
	}
}

func TestHasProxyAsNativeSidecar(t *testing.T) {
	proxy := []corev1.Container{{Name: "istio-proxy"}}
	app := []corev1.Container{{Name: "sleep"}}
	for name, test := range map[string]struct {
		spec corev1.PodSpec
		want bool
	}{
		"container":      {corev1.PodSpec{Containers: append(proxy, app...)}, true},
		"native sidecar": {corev1.PodSpec{InitContainers: proxy, Containers: app}, true},
		"none":           {corev1.PodSpec{Containers: app}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := HasProxy(&corev1.Pod{Spec: test.spec}); got != test.want {
				t.Errorf("want %v", test.want)
			}
		})
	}
}
