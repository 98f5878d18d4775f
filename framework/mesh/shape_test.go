package mesh

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

func shaped(installs bool, clusters ...fleet.ClusterSpec) Options {
	for i := range clusters {
		clusters[i].Kubeconfig = "kubeconfig"
	}
	return Options{
		Clusters: clusters, MeshID: "mesh1",
		Traits: fleet.Traits{InstallsMesh: installs, Hub: "istio", Tag: "lab", Tools: fleet.Tools{Istioctl: "istioctl"}},
	}
}

// workOf is where each step works: "gateway: cluster1 cluster2".
func workOf(t *testing.T, opts Options) []string {
	t.Helper()
	steps, err := Steps(opts)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, step := range append(steps, ReadySteps(opts)...) {
		on := step.ID + ":"
		for _, work := range step.Work {
			on += " " + work.Cluster
		}
		all = append(all, on)
	}
	return all
}

// Each cluster gets what one of its shape needs, and no more.
func TestStepsFollowTheShape(t *testing.T) {
	one, two := fleet.ClusterSpec{Name: "c1", Network: "n1"}, fleet.ClusterSpec{Name: "c2", Network: "n2"}
	beside, remote := two, two
	beside.Network, remote.Primary = "n1", "c1"
	besideRemote := beside
	besideRemote.Primary = "c1"
	for name, test := range map[string]struct {
		opts Options
		want []string
	}{
		"two networks": {shaped(true, one, two), []string{
			"istio-system: c1 c2", "ca: c1 c2", "istiod: c1 c2", "gateway: c1 c2", "expose-services: c1 c2", "reader-token: c1 c2", "create-mesh: c1 c2",
			"gateway-ready: c1 c2", "endpoint-discovery: c1 c2",
		}},
		"one network": {shaped(true, one, beside), []string{
			"istio-system: c1 c2", "ca: c1 c2", "istiod: c1 c2", "reader-token: c1 c2", "create-mesh: c1 c2", "endpoint-discovery: c1 c2",
		}},
		"one network of somebody, as the guide has it": {shaped(false, one, beside), []string{
			"gateway: c1 c2", "expose-services: c1 c2", "reader-token: c1 c2", "create-mesh: c1 c2", "gateway-ready: c1 c2", "endpoint-discovery: c1 c2",
		}},
		"primary-remote": {shaped(true, one, remote), []string{
			"istio-system: c1 c2", "ca: c1", "istiod: c1", "gateway: c1", "expose-services: c1", "expose-istiod: c1", "remote: c2", "reader-token: c2",
			"create-mesh: c1", "remote-ready: c2", "remote-gateway: c2", "gateway-ready: c1 c2", "endpoint-discovery: c1",
		}},
		"primary-remote on one network": {shaped(true, one, besideRemote), []string{
			"istio-system: c1 c2", "ca: c1", "istiod: c1", "gateway: c1", "expose-services: c1", "expose-istiod: c1", "remote: c2", "reader-token: c2",
			"create-mesh: c1", "remote-ready: c2", "gateway-ready: c1", "endpoint-discovery: c1",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, workOf(t, test.opts)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What leads a remote cluster to its control plane is in the manifests.
func TestRemoteIsLedToItsPrimary(t *testing.T) {
	opts := shaped(true, fleet.ClusterSpec{Name: "c1", Network: "n1"}, fleet.ClusterSpec{Name: "c2", Network: "n2", Primary: "c1"})
	steps, err := Steps(opts)
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{}
	for _, step := range steps {
		for _, work := range step.Work {
			for _, action := range work.Actions {
				shown[step.ID+" "+work.Cluster] += action.Show().Shell + manifestOf(action)
			}
		}
	}
	for where, want := range map[string][]string{
		StepNamespace + " c2":    {`topology.istio.io/controlPlaneClusters: "c1"`},
		StepIstiod + " c1":       {"externalIstiod: true"},
		StepExposeIstiod + " c1": {"number: 15012", "number: 15017", "istiod.istio-system.svc.cluster.local"},
		StepRemote + " c2":       {"profile: remote", `injectionPath: "/inject/cluster/c2/net/n2"`, "remotePilotAddress", `kubectl --kubeconfig="${KUBECONFIG_C1}"`},
	} {
		for _, part := range want {
			if !strings.Contains(shown[where], part) {
				t.Errorf("%s: want %s in\n%s", where, part, shown[where])
			}
		}
	}
	if strings.Contains(shown[StepNamespace+" c1"], "controlPlaneClusters") {
		t.Error("the primary names a control plane elsewhere")
	}
}

func manifestOf(action plan.Action) string {
	if apply, ok := action.(plan.Apply); ok {
		return string(apply.Manifest)
	}
	return ""
}

func TestPrimariesThatCannotBe(t *testing.T) {
	spec := func(name, primary string) fleet.ClusterSpec {
		return fleet.ClusterSpec{Name: name, Network: name, Primary: primary}
	}
	for want, opts := range map[string]Options{
		`"c1": want its control plane in another cluster of the mesh, got "c1"`: shaped(true, spec("c1", "c1"), spec("c2", "")),
		`"c2": want its control plane in another cluster of the mesh, got "c9"`: shaped(true, spec("c1", ""), spec("c2", "c9")),
		`that of "c2" is in "c1"`:          shaped(true, spec("c1", ""), spec("c2", "c1"), spec("c3", "c2")),
		"only made on clusters of our own": shaped(false, spec("c1", ""), spec("c2", "c1")),
	} {
		if err := opts.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
}
