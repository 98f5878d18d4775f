package istio

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// control is a cluster of these tests: a network of istio-system, the revisions of Ready
// istiods, tags, and the values of an injector.
type control struct {
	network   string
	revisions []string
	tags      map[string]string
	injectors map[string]string
}

func (c control) member(t *testing.T, name string) *fleet.Cluster {
	t.Helper()
	objects := []string{
		"apiVersion: v1\nkind: Namespace\nmetadata: {name: kube-system, uid: uid-" + name + "}",
		fmt.Sprintf("apiVersion: v1\nkind: Namespace\nmetadata: {name: %s, labels: {%s: %q}}", names.System, names.Network, c.network),
	}
	for _, revision := range c.revisions {
		objects = append(objects, fmt.Sprintf(`apiVersion: v1
kind: Pod
metadata: {name: istiod-%[1]s, namespace: %[2]s, labels: {app: istiod, %[3]s: %[1]s}}
spec: {containers: [{name: %[4]s, image: "pilot:1.28.2-asm.4", env: [{name: %[5]s, value: id-%[6]s}]}]}
status: {phase: Running, conditions: [{type: Ready, status: "True"}]}`, revision, names.System, names.Revision, names.IstiodContainer, names.EnvClusterID, name))
	}
	for tag, revision := range c.tags {
		objects = append(objects, fmt.Sprintf(`apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: istio-revision-tag-%[1]s, labels: {%[2]s: %[3]s, %[4]s: %[1]s}}
webhooks: [{name: rev.namespace.sidecar-injector.istio.io, clientConfig: {url: "https://example.org"}}]`, tag, names.Revision, revision, names.Tag))
	}
	for revision, values := range c.injectors {
		objects = append(objects, fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, namespace: %s}\ndata: {%s: %q}",
			names.Suffixed(names.Injector, revision), names.System, names.ValuesKey, values))
	}
	return newAPIServer(t, name, strings.Join(objects, "\n---\n")).member(t, "")
}

const injectorJSON = `{"global": {"network": "n-values", "meshID": "proj-1", "pilotCertProvider": "istiod", "multiCluster": {"clusterName": "id-west1", "enabled": true}}}`

// What a fleet leaves open is what its clusters say; a tag is the revision that it leads to.
func TestSettle(t *testing.T) {
	tests := []struct {
		name    string
		cluster control
		change  func(*fleet.Cluster)
		want    Found
		wantErr string
	}{
		{name: "the only revision, the label", cluster: control{network: "n-label", revisions: []string{"asm-1"}}, want: Found{Revision: "asm-1", Network: "n-label"}},
		{
			name: "the declared one of two", cluster: control{network: "n-label", revisions: []string{"asm-1", "asm-2"}},
			change: func(c *fleet.Cluster) { c.Revision = "asm-2" }, want: Found{Revision: "asm-2", Network: "n-label"},
		},
		{
			name: "a tag", cluster: control{network: "n-label", revisions: []string{"asm-1", "asm-2"}, tags: map[string]string{"prod": "asm-2", "next": "asm-1"}},
			change: func(c *fleet.Cluster) { c.Revision = "prod" }, want: Found{Revision: "asm-2", Network: "n-label"},
		},
		{
			name: "a tag that leads nowhere", cluster: control{network: "n-label", revisions: []string{"asm-1"}, tags: map[string]string{"prod": "asm-9"}},
			change: func(c *fleet.Cluster) { c.Revision = "prod" }, wantErr: `want revision "asm-9", found asm-1`,
		},
		{name: "neither tag nor revision", cluster: control{revisions: []string{"asm-1"}}, change: func(c *fleet.Cluster) { c.Revision = "no" }, wantErr: `want revision "no", found asm-1`},
		{name: "two", cluster: control{network: "n-label", revisions: []string{"asm-1", "asm-2"}}, wantErr: `cluster "west1": several control planes are Ready, asm-1, asm-2`},
		{name: "none", cluster: control{network: "n-label"}, wantErr: "no Ready pod"},
		{name: "the injector's network", cluster: control{revisions: []string{"asm-1"}, injectors: map[string]string{"asm-1": injectorJSON}}, want: Found{Revision: "asm-1", Network: "n-values"}},
		{name: "another revision's injector", cluster: control{revisions: []string{"asm-1"}, injectors: map[string]string{"asm-2": injectorJSON}}, wantErr: "give the cluster's network in the fleet file"},
		{name: "values of something else", cluster: control{revisions: []string{"asm-1"}, injectors: map[string]string{"asm-1": "[]"}}, wantErr: "not what Istio writes"},
		{
			name: "the declared network", cluster: control{network: "n-label", revisions: []string{"asm-1"}},
			change: func(c *fleet.Cluster) { c.Network = "n-file" }, want: Found{Revision: "asm-1", Network: "n-file"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cluster := test.cluster.member(t, "west1")
			if test.change != nil {
				test.change(cluster)
			}
			found, err := Settle(t.Context(), []*fleet.Cluster{cluster})
			if test.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantErr) {
					t.Errorf("want error %q, got %v", test.wantErr, err)
				}
				return
			}
			test.want.Cluster, test.want.ClusterID = "west1", "id-west1"
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]Found{test.want}, found); diff != "" || cluster.Revision != test.want.Revision || cluster.Network != test.want.Network {
				t.Errorf("cluster has %s, %s: %s", cluster.Revision, cluster.Network, diff)
			}
		})
	}
}

// All that cannot be found out is reported at once, and nothing is filled in.
func TestSettleTellsAll(t *testing.T) {
	clusters := []*fleet.Cluster{
		control{network: "n", revisions: []string{"asm-1", "asm-2"}}.member(t, "west1"), control{network: "n"}.member(t, "east2"), control{revisions: []string{"asm-1"}}.member(t, "north3"),
	}
	_, err := Settle(t.Context(), clusters)
	if !errors.Is(err, ErrAmbiguousRevision) {
		t.Errorf("want an ambiguous revision, got %v", err)
	}
	for _, want := range []string{`cluster "west1": several`, `cluster "east2": no Ready pod`, `network of cluster "north3"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	if clusters[2].Revision != "" {
		t.Errorf("got %q", clusters[2].Revision)
	}
}

// A question that a wait asks again and again costs no more than what it asks for.
func TestLookIsSmall(t *testing.T) {
	cluster := control{network: "n", revisions: []string{"asm-1"}}.member(t, "west1")
	if _, err := cluster.Client.Identity(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := cluster.Client.Traffic()
	for parts, want := range map[Part]int64{PartIstiods: 1, PartSystem: 1, PartIstiods | PartSystem | PartInjectors: 3} {
		Look(t.Context(), cluster, parts)
		after := cluster.Client.Traffic()
		if got := after.Requests - before.Requests; got != want || after.Streams != before.Streams {
			t.Errorf("parts %b: want %d requests, got %d", parts, want, got)
		}
		before = after
	}
}

func TestFindRevision(t *testing.T) {
	cluster := control{network: "n", revisions: []string{"asm-1", "asm-2"}, tags: map[string]string{"prod": "asm-2"}}.member(t, "west1")
	for wanted, want := range map[string]string{"asm-1": "asm-1", "prod": "asm-2"} {
		if got, err := FindRevision(t.Context(), cluster.Client, wanted); err != nil || got != want {
			t.Errorf("%s: want %s, got %s, %v", wanted, want, got, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := FindRevision(ctx, cluster.Client, ""); err == nil || !strings.Contains(err.Error(), `cluster "west1"`) {
		t.Errorf("got %v", err)
	}
}

func TestFoundLines(t *testing.T) {
	if got := (Found{Cluster: "west", Revision: "asm-1", Network: "n", ClusterID: "cn-west"}).Lines(); len(got) != 2 || got[0] != "cluster west: revision asm-1, network n" ||
		!strings.Contains(got[1], `warning: istiod of cluster west calls it "cn-west"`) {
		t.Errorf("got %q", got)
	}
	for _, sound := range []Found{{Cluster: "west", ClusterID: "west"}, {Cluster: "west"}} {
		if got := sound.Lines(); len(got) != 1 {
			t.Errorf("got %q", got)
		}
	}
}
