package probe

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

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
