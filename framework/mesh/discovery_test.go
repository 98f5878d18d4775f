package mesh

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// entry is a remote secret's entry that leads to the cluster with a UID; an empty one is not known.
func entry(id, server, uid string) istio.RemoteEntry {
	e := istio.RemoteEntry{ID: id, Server: server, UID: istio.Read(uid), Denied: istio.Read[[]string](nil)}
	if uid == "" {
		e.UID = istio.NotRead[string](istio.Unknown{What: "the cluster", Reason: istio.Unanswered, Message: "no route"})
	}
	return e
}

// known is a cluster of the fleet, by its name, its UID and what its istiod calls it.
func known(name, id string) *istio.Cluster {
	c := &istio.Cluster{Name: name, Identity: istio.Read(istio.Identity{UID: "uid-" + name, Server: "https://" + name})}
	c.Istiods = istio.Read([]istio.Istiod{{Pod: istio.Pod{Ready: true, Env: map[string]string{names.EnvClusterID: id}}}})
	return c
}

func TestJudgeRemotes(t *testing.T) {
	others := []fleet.ClusterSpec{{Name: "east"}, {Name: "north"}}
	clusters := []*istio.Cluster{known("east", "east"), known("north", "cn-fleet-global-north")}
	east, north := entry("east", "https://192.0.2.1:6443", "uid-east"), entry("context-of-north", "https://192.0.2.2:6443", "uid-north")
	with := func(e istio.RemoteEntry, change func(*istio.RemoteEntry)) istio.RemoteEntry {
		change(&e)
		return e
	}
	refused := istio.NotRead[string](istio.Unknown{Reason: istio.Forbidden, Message: "its token is not accepted there"})
	tests := []struct {
		name    string
		entries []istio.RemoteEntry
		want    []string
	}{
		{name: "complete, whatever the names", entries: []istio.RemoteEntry{east, north}},
		{name: "one is missing", entries: []istio.RemoteEntry{east}, want: []string{`no remote secret that leads to cluster "north"`}},
		{
			name:    "one of a cluster of the mesh that is not in the fleet",
			entries: []istio.RemoteEntry{east, north, with(entry("south", "https://127.0.0.1:6443", ""), func(e *istio.RemoteEntry) { e.UID = refused })},
		},
		{
			name: "the right name, somebody else's cluster", entries: []istio.RemoteEntry{east, entry("north", "https://192.0.2.2:6443", "uid-of-somebody")},
			want: []string{`no remote secret that leads to cluster "north"`},
		},
		{
			name: "equal contexts: two names, one cluster", entries: []istio.RemoteEntry{east, entry("north", "https://192.0.2.1:6443", "uid-east")},
			want: []string{`2 remote secrets that lead to cluster "east"`, `no remote secret that leads to cluster "north"`},
		},
		{
			name: "loopback, which nobody asks", entries: []istio.RemoteEntry{east, entry("north", "https://127.0.0.1:6443", "")},
			want: []string{"has server https://127.0.0.1:6443, which istiod's pod takes for itself"},
		},
		{name: "not reached from here, by its own istiod's name", entries: []istio.RemoteEntry{east, entry("cn-fleet-global-north", "https://10.0.0.1", "")}},
		{name: "not reached from here, by its server", entries: []istio.RemoteEntry{east, entry("x", "https://north:443/", "")}},
		{
			name: "a token that is not accepted", entries: []istio.RemoteEntry{east, with(entry("north", "https://north", ""), func(e *istio.RemoteEntry) { e.UID = refused })},
			want: []string{"its token is not accepted by https://north"},
		},
		{
			name: "a token that may not list", entries: []istio.RemoteEntry{east, with(north, func(e *istio.RemoteEntry) { e.Denied = istio.Read([]string{"pods"}) })},
			want: []string{"its token may not list pods"},
		},
		{
			name: "one that cannot be read", entries: []istio.RemoteEntry{east, {ID: "north", Broken: "it is not a kubeconfig"}},
			want: []string{"entry north: it is not a kubeconfig"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			secrets := []istio.RemoteSecret{
				{Namespace: names.System, Name: "s", Labelled: true, Entries: test.entries},
				// istiod reads neither.
				{Namespace: "elsewhere", Name: "t", Labelled: true, Entries: []istio.RemoteEntry{north}},
				{Namespace: names.System, Name: "u", Entries: []istio.RemoteEntry{north}},
			}
			errs := judgeRemotes("west", remotesOf(secrets, clusters), others)
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
func TestRemoteNotes(t *testing.T) {
	clusters := []*istio.Cluster{known("east", "cn-fleet-global-east"), known("north", "north")}
	for _, test := range []struct {
		entry istio.RemoteEntry
		want  string
	}{
		{entry("north", "https://192.0.2.1", "uid-north"), ""},
		{entry("south", "https://192.0.2.4", "uid-south"), `remote secret s is for cluster "south", whose server https://192.0.2.4`},
		{entry("east", "https://192.0.2.1", "uid-east"), `calls its cluster "east", whose own istiod calls it "cn-fleet-global-east"`},
		{entry("north", "https://192.0.2.1", ""), "only its name, its server and istiod tell where it leads"},
	} {
		one := remotesOf([]istio.RemoteSecret{{Namespace: names.System, Name: "s", Labelled: true, Entries: []istio.RemoteEntry{test.entry}}}, clusters)[0]
		notes := one.notes(clusters)
		if len(notes) > 1 || len(notes) == 0 != (test.want == "") || !strings.Contains(strings.Join(notes, ""), test.want) {
			t.Errorf("want %q, got %q", test.want, notes)
		}
		if all := strings.Join(notes, ""); strings.Contains(all, "delete") || strings.Contains(all, " add ") {
			t.Errorf("want no advice about clusters that are none of ours, got %q", all)
		}
	}
}

func TestJudgeSynced(t *testing.T) {
	istiod := func(name string, remotes ...istio.Remote) istio.Istiod {
		return istio.Istiod{Pod: istio.Pod{Name: name, Ready: true}, Remotes: istio.Read(remotes)}
	}
	east := istio.Remote{ID: "east", Status: names.Synced}
	late := istiod("i3")
	late.Remotes = istio.NotRead[[]istio.Remote](istio.Unknown{What: "remote clusters of i3", Reason: istio.Unanswered})
	tests := []struct {
		name    string
		istiods []istio.Istiod
		met     bool
		seen    string
	}{
		{"synced", []istio.Istiod{istiod("i1", east)}, true, "i1: east synced"},
		{"not yet", []istio.Istiod{istiod("i1", istio.Remote{ID: "east", Status: "syncing"})}, false, "i1: east syncing"},
		{"none", []istio.Istiod{istiod("i1")}, false, "i1: no remote cluster"},
		{"another than wanted", []istio.Istiod{istiod("i1", istio.Remote{ID: "gone", Status: names.Synced})}, false, "i1: gone synced"},
		{"one more, of a cluster that is not in the fleet", []istio.Istiod{istiod("i1", istio.Remote{ID: "gone", Status: "timeout"}, east)}, true, "i1: east synced, gone timeout"},
		{"one of two lags", []istio.Istiod{istiod("i1", east), istiod("i2")}, false, "i1: east synced; i2: no remote cluster"},
		{"one does not answer", []istio.Istiod{istiod("i1", east), late}, false, "i1: east synced; remote clusters of i3: unanswered"},
	}
	for _, test := range tests {
		if got := judgeSynced(test.istiods, []string{"east"}); got.Met != test.met || got.Seen != test.seen {
			t.Errorf("%s: got %+v", test.name, got)
		}
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
