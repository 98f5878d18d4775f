package workload

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

func threeClusters() Options {
	return Options{
		Clusters: []fleet.ClusterSpec{{Name: "west"}, {Name: "east"}, {Name: "north"}},
		Images:   fleet.Images{HelloWorld: "hello-{version}:1", Sleep: "curl:1"},
	}
}

// applied lists what a step applies on each cluster, as "cluster: object".
func applied(t *testing.T, step plan.Step) []string {
	t.Helper()
	var all []string
	for _, work := range step.Work {
		for _, action := range work.Actions {
			apply, ok := action.(plan.Apply)
			if !ok {
				continue
			}
			objects, err := kube.Decode(apply.Manifest)
			if err != nil {
				t.Fatal(err)
			}
			for _, obj := range objects {
				all = append(all, work.Cluster+": "+kube.RefOf(obj).String())
			}
		}
	}
	return all
}

func stepOf(t *testing.T, opts Options, id string) plan.Step {
	t.Helper()
	steps, err := Steps(opts)
	if err != nil {
		t.Fatal(err)
	}
	step, ok := plan.Plan{Steps: steps}.Step(id)
	if !ok {
		t.Fatalf("no step %q", id)
	}
	return step
}

func TestEachClusterRunsAVersionOfItsOwn(t *testing.T) {
	step := stepOf(t, threeClusters(), StepHelloWorld)
	want := []string{
		"west: Deployment sample/helloworld-v1", "east: Deployment sample/helloworld-v2", "north: Deployment sample/helloworld-v3",
	}
	if diff := cmp.Diff(want, applied(t, step)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	third := step.Work[2].Actions[0].(plan.Apply).Manifest
	for _, want := range []string{`image: "hello-v3:1"`, `value: "v3"`, `version: "v3"`} {
		if !bytes.Contains(third, []byte(want)) {
			t.Errorf("want %q in the third manifest", want)
		}
	}
}

func TestTheServiceIsInEveryCluster(t *testing.T) {
	opts := threeClusters()
	opts.Namespace = "trial"
	want := []string{"west: Service trial/helloworld", "east: Service trial/helloworld", "north: Service trial/helloworld"}
	if diff := cmp.Diff(want, applied(t, stepOf(t, opts, StepService))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNamespaceIsInjectedByARevisionAndNothingElse(t *testing.T) {
	objects, err := namespaceObject("sample", "asm-1")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"istio.io/rev": "asm-1"}
	if diff := cmp.Diff(want, objects[0].GetLabels()); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
}

func TestURL(t *testing.T) {
	if got, want := URL("trial"), "http://helloworld.trial:5000/hello"; got != want {
		t.Errorf("want %s, got %s", want, got)
	}
}
