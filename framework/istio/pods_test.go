package istio

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

func fromYAML[T any](t *testing.T, text string) *T {
	t.Helper()
	value := new(T)
	if err := yaml.UnmarshalStrict([]byte(text), value); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return value
}

func TestTrouble(t *testing.T) {
	tests := map[string]struct {
		status string
		want   *Trouble
	}{
		"none": {`{containerStatuses: [{name: a, state: {running: {}}}]}`, nil},
		"an image": {
			`{containerStatuses: [{name: a, state: {waiting: {reason: PodInitializing}}}, {name: istio-proxy, state: {waiting: {reason: ImagePullBackOff, message: "pull: no"}}}]}`,
			&Trouble{Container: "istio-proxy", Reason: "ImagePullBackOff", Message: "pull: no"},
		},
		"a crash": {
			`{containerStatuses: [{name: a, state: {waiting: {reason: CrashLoopBackOff, message: back-off}}, lastState: {terminated: {exitCode: 137, reason: OOMKilled}}}]}`,
			&Trouble{Container: "a", Reason: "CrashLoopBackOff", Message: "exit code 137, OOMKilled"},
		},
		"istio-validation": {
			`{initContainerStatuses: [{name: istio-validation, state: {terminated: {exitCode: 126, reason: Error, message: "no redirect\n"}}}], containerStatuses: [{name: a, state: {waiting: {reason: PodInitializing}}}]}`,
			&Trouble{Container: "istio-validation", Reason: "Error", Message: "exit code 126: no redirect"},
		},
		"an init container that is done": {`{initContainerStatuses: [{name: istio-init, state: {terminated: {exitCode: 0, reason: Completed}}}]}`, nil},
		"no node": {
			`{conditions: [{type: PodScheduled, status: "False", reason: Unschedulable, message: 0/3 nodes}]}`,
			&Trouble{Reason: "Unschedulable", Message: "0/3 nodes"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{Status: *fromYAML[corev1.PodStatus](t, test.status)}
			if diff := cmp.Diff(test.want, troubleOf(pod)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A variable is read of Istio's own containers alone, by its name, and as it stands there.
func TestEnvironment(t *testing.T) {
	container := func(name string) corev1.Container {
		return *fromYAML[corev1.Container](t, `{name: `+name+`, env: [{name: CLUSTER_ID, value: c1}, {name: API_KEY, value: SECRET}, {name: REVISION, valueFrom: {fieldRef: {fieldPath: x}}}]}`)
	}
	for name, want := range map[string]map[string]string{"discovery": {"CLUSTER_ID": "c1"}, "istio-proxy": {"CLUSTER_ID": "c1"}, "app": nil, "istio-init": nil} {
		if diff := cmp.Diff(want, envOf(container(name))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Pods that have ended, or are about to, are not there.
func TestCollectPods(t *testing.T) {
	page := fromYAML[corev1.PodList](t, `{items: [
		{metadata: {name: runs}, status: {phase: Running}}, {metadata: {name: waits}, status: {phase: Pending}},
		{metadata: {name: done}, status: {phase: Succeeded}}, {metadata: {name: evicted}, status: {phase: Failed}},
		{metadata: {name: ending, deletionTimestamp: "2026-11-28T00:00:00Z"}, status: {phase: Running}}]}`)
	var pods []Pod
	collectPods(&pods)(page)
	if len(pods) != 2 || pods[0].Name != "runs" || pods[1].Name != "waits" {
		t.Errorf("got %+v", pods)
	}
}

func TestDeployment(t *testing.T) {
	refused := fromYAML[appsv1.Deployment](t, `{metadata: {name: a}, status: {conditions: [{type: ReplicaFailure, status: "False", message: old}, {type: Available, status: "True"}]}}`)
	if got := deploymentOf(refused); got.Wanted != 1 || got.Refused != "" {
		t.Errorf("got %+v", got)
	}
}
