package mesh

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func TestJudgeRemotes(t *testing.T) {
	others := []fleet.ClusterSpec{{Name: "east"}, {Name: "north"}}
	east := traced{Remote: Remote{Secret: "istio-remote-secret-east", Cluster: "east", Server: "https://192.0.2.1:6443"}, leads: "east"}
	north := traced{Remote: Remote{Secret: "istio-remote-secret-north", Cluster: "cn-fleet-global-north", Server: "https://192.0.2.2:6443"}, leads: "north"}
	with := func(t traced, change func(*traced)) traced {
		change(&t)
		return t
	}
	tests := []struct {
		name    string
		remotes []traced
		want    []string
	}{
		{name: "complete, whatever the names", remotes: []traced{east, north}},
		{name: "one is missing", remotes: []traced{east}, want: []string{`no remote secret that leads to cluster "north"`}},
		{
			name:    "one of a cluster of the mesh that is not in the fleet",
			remotes: []traced{east, north, {Remote: Remote{Secret: "s", Cluster: "south", Server: "https://127.0.0.1:6443"}, errs: []error{errors.New("its token is not accepted")}}},
		},
		{
			name:    "the right name, somebody else's cluster",
			remotes: []traced{east, with(north, func(t *traced) { t.leads, t.stranger = "", true })},
			want:    []string{`no remote secret that leads to cluster "north"`},
		},
		{
			name:    "equal contexts: two names, one cluster",
			remotes: []traced{east, with(north, func(t *traced) { t.leads = "east" })},
			want:    []string{`2 remote secrets that lead to cluster "east"`, `no remote secret that leads to cluster "north"`},
		},
		{
			name:    "loopback",
			remotes: []traced{east, with(north, func(t *traced) { t.Server = "https://127.0.0.1:6443" })},
			want:    []string{"has server https://127.0.0.1:6443, which istiod's pod takes for itself"},
		},
		{
			name:    "what was found when it was tried",
			remotes: []traced{east, with(north, func(t *traced) { t.errs = []error{errors.New("its token may not list pods")} })},
			want:    []string{"its token may not list pods"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			errs := judgeRemotes("west", test.remotes, others)
			if len(errs) != len(test.want) {
				t.Fatalf("want %q, got %v", test.want, errs)
			}
			for i, want := range test.want {
				if !strings.Contains(errs[i].Error(), want) {
					t.Errorf("want %q, got %v", want, errs[i])
				}
			}
		})
	}
}

// A mesh may be larger than the fleet: what leads outside is named, and nothing else.
func TestOutsideNotes(t *testing.T) {
	notes := outsideNotes([]traced{
		{Remote: Remote{Secret: "a", Cluster: "east"}, leads: "east"},
		{Remote: Remote{Secret: "b", Cluster: "south", Server: "https://192.0.2.4"}, stranger: true},
		{Remote: Remote{Secret: "c", Cluster: "west2", Server: "https://192.0.2.5"}},
	})
	if len(notes) != 2 || !strings.Contains(notes[0], `remote secret b is for cluster "south", whose server https://192.0.2.4`) || !strings.Contains(notes[1], `"west2"`) {
		t.Errorf("got %q", notes)
	}
	for _, note := range notes {
		if strings.Contains(note, "delete") || strings.Contains(note, "add") {
			t.Errorf("want no advice about clusters that are none of ours, got %q", note)
		}
	}
}

func TestIDNotes(t *testing.T) {
	all := []traced{
		{Remote: Remote{Secret: "a", Cluster: "east"}, leads: "east"},
		{Remote: Remote{Secret: "b", Cluster: "cn-fleet-global-north"}, leads: "north"},
	}
	peers := []peer{{ClusterSpec: fleet.ClusterSpec{Name: "east"}, clusterID: "cn-fleet-global-east"}, {ClusterSpec: fleet.ClusterSpec{Name: "north"}, clusterID: "cn-fleet-global-north"}}
	notes := idNotes(all, peers)
	if len(notes) != 1 || !strings.Contains(notes[0], `calls its cluster "east", whose own istiod calls it "cn-fleet-global-east"`) {
		t.Errorf("got %q", notes)
	}
}

const kubeconfigOfEast = `apiVersion: v1
kind: Config
current-context: east
clusters: [{name: east, cluster: {server: "https://192.0.2.1:6443"}}]
contexts: [{name: east, context: {cluster: east, user: east}}]
users: [{name: east, user: {token: hunter2}}]
`

func TestAccessesOf(t *testing.T) {
	secret := func(content string) corev1.Secret {
		return corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "s"}, Data: map[string][]byte{"east": []byte(content)}}
	}
	got, err := accessesOf(secret(kubeconfigOfEast))
	if err != nil {
		t.Fatal(err)
	}
	want := Remote{Secret: "s", Cluster: "east", Server: "https://192.0.2.1:6443"}
	if len(got) != 1 || got[0].Remote != want || got[0].config.BearerToken != "hunter2" {
		t.Errorf("want %+v and its token, got %+v", want, got[0].Remote)
	}
	for _, broken := range []string{"hunter2: [", "{}", strings.Replace(kubeconfigOfEast, "cluster: east", "cluster: gone", 1)} {
		_, err := accessesOf(secret(broken))
		if !errors.Is(err, errUnreadable) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("a kubeconfig that cannot be read: want that said, and nothing quoted from it, got %v", err)
		}
	}
}

// TestConnectionRunsNothing: a kubeconfig in a Secret of somebody's cluster may
// name programs and files of whoever opens it.
func TestConnectionRunsNothing(t *testing.T) {
	content := strings.Replace(kubeconfigOfEast, "{token: hunter2}",
		`{tokenFile: /etc/passwd, client-key: /etc/shadow, exec: {apiVersion: client.authentication.k8s.io/v1, command: /bin/sh, interactiveMode: Never}}`, 1)
	got, err := accessesOf(corev1.Secret{Data: map[string][]byte{"east": []byte(content)}})
	if err != nil {
		t.Fatal(err)
	}
	config := got[0].config
	if config.ExecProvider != nil || config.BearerTokenFile != "" || config.KeyFile != "" || config.BearerToken != "" {
		t.Errorf("the connection would run or read something: %v", config.ExecProvider)
	}
}

// TestClusterz reads what istiod 1.31 and 1.19 answer.
func TestClusterz(t *testing.T) {
	tests := []struct {
		name, answer string
		others       []string
		met          bool
		seen         string
	}{
		{
			name:   "1.31 lists its own cluster too",
			answer: `[{"id":"west","secretName":"","syncStatus":"synced"},{"id":"east","secretName":"istio-system/istio-remote-secret-east","syncStatus":"synced"}]`,
			others: []string{"east"}, met: true, seen: "istiod-1: east synced",
		},
		{
			name:   "1.19 lists remote ones only",
			answer: `[{"id":"east","secretName":"istio-system/istio-remote-secret-east","syncStatus":"synced"}]`,
			others: []string{"east"}, met: true, seen: "istiod-1: east synced",
		},
		{
			name:   "not synced yet",
			answer: `[{"id":"east","secretName":"s","syncStatus":"syncing"}]`,
			others: []string{"east"}, seen: "istiod-1: east syncing",
		},
		{name: "none", answer: `[{"id":"west","secretName":"","syncStatus":"synced"}]`, others: []string{"east"}, seen: "istiod-1: no remote cluster"},
		{
			name:   "another than wanted",
			answer: `[{"id":"gone","secretName":"s","syncStatus":"synced"}]`,
			others: []string{"east"}, seen: "istiod-1: gone synced",
		},
		{
			name:   "a cluster of the mesh that is not in the fleet",
			answer: `[{"id":"gone","secretName":"s","syncStatus":"timeout"},{"id":"east","secretName":"s","syncStatus":"synced"}]`,
			others: []string{"east"}, met: true, seen: "istiod-1: east synced, gone timeout",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			remotes, err := parseClusterz([]byte(test.answer))
			if err != nil {
				t.Fatal(err)
			}
			state := judgeSynced([]IstiodRemotes{{Pod: "istiod-1", Remotes: remotes}}, test.others)
			if state.Met != test.met || state.Seen != test.seen {
				t.Errorf("want met %v, seen %q, got %+v", test.met, test.seen, state)
			}
		})
	}
}

func FuzzParseClusterz(f *testing.F) {
	f.Add([]byte(`[{"id":"east","secretName":"s","syncStatus":"synced"}]`))
	f.Add([]byte("404 page not found"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		remotes, _ := parseClusterz(answer)
		for _, remote := range remotes {
			if remote.SecretName == "" {
				t.Error("istiod's own cluster is among the remote ones")
			}
		}
	})
}

func TestOneOldIstiodIsEnoughToBeUnready(t *testing.T) {
	synced := []RemoteStatus{{ID: "east", SecretName: "s", SyncStatus: "synced"}}
	state := judgeSynced([]IstiodRemotes{{Pod: "istiod-1", Remotes: synced}, {Pod: "istiod-2"}}, []string{"east"})
	if state.Met {
		t.Error("want every istiod pod asked for")
	}
}

func TestAddresses(t *testing.T) {
	tests := []struct {
		name    string
		service corev1.Service
		want    []string
	}{
		{name: "pending"},
		{
			name: "addresses and host names",
			service: corev1.Service{Status: corev1.ServiceStatus{LoadBalancer: corev1.LoadBalancerStatus{
				Ingress: []corev1.LoadBalancerIngress{{Hostname: "lb.example.org"}, {IP: "192.0.2.1"}},
			}}},
			want: []string{"192.0.2.1", "lb.example.org"},
		},
		{
			name:    "external IPs where there is no load balancer",
			service: corev1.Service{Spec: corev1.ServiceSpec{ExternalIPs: []string{"192.0.2.7"}}},
			want:    []string{"192.0.2.7"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Addresses(&test.service)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOnlySecret(t *testing.T) {
	object := func(kind, name string) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{"kind": kind, "metadata": map[string]any{"name": name}}}
	}
	good, err := onlySecret([]*unstructured.Unstructured{object("Secret", "istio-remote-secret-east")}, "east")
	if err != nil || good[0].GetNamespace() != names.System {
		t.Errorf("want the secret in %s, got %v, %v", names.System, good, err)
	}
	for _, bad := range [][]*unstructured.Unstructured{
		nil,
		{object("Secret", "istio-remote-secret-west")},
		{object("ClusterRole", "istio-remote-secret-east")},
		{object("Secret", "istio-remote-secret-east"), object("Secret", "another")},
	} {
		if _, err := onlySecret(bad, "east"); err == nil {
			t.Errorf("want %s refused", listed(bad))
		}
	}
}
