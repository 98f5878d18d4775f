package istio

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func small() *Snapshot {
	return &Snapshot{
		APIVersion: APIVersion, Kind: Kind, Taken: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC), Namespace: "shop",
		Clusters: []Cluster{
			{
				Name: "west", Network: "west-net", Context: "admin@west", Server: "https://west.example.org:6443",
				Identity:      Read(Identity{UID: "u1", Server: "https://west.example.org:6443"}),
				RemoteSecrets: Read([]RemoteSecret{{Namespace: "istio-system", Name: "istio-remote-secret-east", Labelled: true, Entries: []RemoteEntry{{ID: "east", Server: "https://203.0.113.9:6443"}}}}),
				Servers:       Read[[]Server](nil),
				Istiods:       NotRead[[]Istiod](Unknown{What: "istiod pods", Reason: Forbidden, Right: "list pods in istio-system"}),
			},
			{Name: "east", Identity: NotRead[Identity](Unknown{What: "identity", Reason: Unanswered, Message: "dial tcp 203.0.113.9:6443: refused by east"})},
		},
	}
}

// A snapshot comes back as it was saved: what is empty, what is unknown and what was never
// asked for stay apart.
func TestSaveAndLoad(t *testing.T) {
	var file bytes.Buffer
	if err := small().Save(&file); err != nil {
		t.Fatal(err)
	}
	s, err := Load(bytes.NewReader(file.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	var again bytes.Buffer
	if err := s.Save(&again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(file.String(), again.String()); diff != "" {
		t.Errorf("(-saved +saved again):\n%s", diff)
	}
	if servers, why := s.Clusters[0].Servers.Get(); why != nil || len(servers) != 0 {
		t.Errorf("read, and there is none: got %v, %v", servers, why)
	}
	if _, why := s.Clusters[0].Istiods.Get(); why == nil || why.Right != "list pods in istio-system" {
		t.Errorf("unknown: got %v", why)
	}
	if _, why := s.Clusters[0].Gateways.Get(); why == nil || why.Reason != NotAsked {
		t.Errorf("never asked for: got %v", why)
	}
}

func TestLoadRefuses(t *testing.T) {
	var whole bytes.Buffer
	if err := small().Save(&whole); err != nil {
		t.Fatal(err)
	}
	text := whole.String()
	for _, test := range []struct{ name, text, want string }{
		{"nothing", "", "not whole JSON"},
		{"cut off", text[:len(text)/2], "not whole JSON"},
		{"no JSON", "kind: Snapshot", "not whole JSON"},
		{"another kind", strings.Replace(text, `"kind": "Snapshot"`, `"kind": "Fleet"`, 1), `want kind Snapshot, got "Fleet"`},
		{"a newer version", strings.Replace(text, "v1alpha1", "v2", 1), `got "eastwest.dev/v2"`},
		{"a field of the future", strings.Replace(text, `"namespace": "shop"`, `"namespace": "shop", "mood": "good"`, 1), `unknown field "mood"`},
		{"a field of the future in a section", strings.Replace(text, `"uid": "u1"`, `"uid": "u1", "mood": "good"`, 1), `unknown field "mood"`},
		{"known and unknown at once", strings.Replace(text, `"unknown": {`, `"value": [], "unknown": {`, 1), "want either value or unknown"},
		{"two clusters of one name", strings.Replace(text, `"name": "east"`, `"name": "west"`, 1), `a name of its own for each cluster, got "west"`},
		{"no clusters", `{"apiVersion": "eastwest.dev/v1alpha1", "kind": "Snapshot", "taken": "2026-11-28T12:00:00Z", "clusters": []}`, "want 1 to"},
		{"another type", strings.Replace(text, `"uid": "u1"`, `"uid": 7`, 1), "cannot unmarshal number"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := Load(strings.NewReader(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("want %q, got %v", test.want, err)
			}
		})
	}
}

func FuzzAnonymizeAndDiff(f *testing.F) {
	var whole bytes.Buffer
	if err := small().Save(&whole); err != nil {
		f.Fatal(err)
	}
	f.Add(whole.Bytes())
	f.Add([]byte(`{"apiVersion":"eastwest.dev/v1alpha1","kind":"Snapshot","clusters":[{"name":"a","istiods":{"value":null}}]}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		s, err := Load(bytes.NewReader(content))
		if err != nil {
			return
		}
		if _, err := Anonymize(s); err != nil {
			t.Errorf("a snapshot that can be read: %v", err)
		}
		if changes := Diff(s, s); len(changes) > 0 {
			t.Errorf("differs from itself: %v", changes)
		}
	})
}

// The same name and address have the same stand-in wherever they occur, and none is left.
func TestAnonymize(t *testing.T) {
	s, err := Anonymize(small())
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := s.Save(&file); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"west", "east\"", "shop", "203.0.113.9", "example.org", "admin@"} {
		if strings.Contains(strings.ReplaceAll(file.String(), "eastwest", ""), name) {
			t.Errorf("%q is left in\n%s", name, file.String())
		}
	}
	secrets, _ := s.Clusters[0].RemoteSecrets.Get()
	other := s.Clusters[1].Name
	if entry := secrets[0].Entries[0]; entry.ID != other || secrets[0].Name != "istio-remote-secret-"+other {
		t.Errorf("want one stand-in for one name (%s), got %+v", other, secrets[0])
	}
	_, why := s.Clusters[1].Identity.Get()
	if !strings.Contains(why.Message, "refused by "+other) || !strings.Contains(secrets[0].Entries[0].Server, "240.0.0.1") || !strings.Contains(why.Message, "240.0.0.1") {
		t.Errorf("want messages with the same stand-ins, got %q and %+v", why.Message, secrets[0].Entries[0])
	}
}

func TestDiff(t *testing.T) {
	change := func(edit func(*Snapshot)) []string {
		after := small()
		edit(after)
		var all []string
		for _, c := range Diff(small(), after) {
			all = append(all, c.String())
		}
		return all
	}
	for _, test := range []struct {
		name string
		edit func(*Snapshot)
		want []string
	}{
		{"nothing", func(*Snapshot) {}, nil},
		{"another time", func(s *Snapshot) { s.Taken = s.Taken.Add(time.Hour) }, nil},
		{"what became readable is no change", func(s *Snapshot) { s.Clusters[0].Istiods = Read([]Istiod{{Revision: "asm-1"}}) }, nil},
		{"a label", func(s *Snapshot) {
			secrets, _ := s.Clusters[0].RemoteSecrets.Get()
			secrets[0].Labelled = false
		}, []string{"west: remoteSecrets istio-system/istio-remote-secret-east labelled: true -> false"}},
		{"a server", func(s *Snapshot) {
			secrets, _ := s.Clusters[0].RemoteSecrets.Get()
			secrets[0].Entries[0].Server = "https://127.0.0.1"
		}, []string{"west: remoteSecrets istio-system/istio-remote-secret-east entries east server: https://203.0.113.9:6443 -> https://127.0.0.1"}},
		{"one that is gone", func(s *Snapshot) { s.Clusters[0].RemoteSecrets = Read([]RemoteSecret{}) }, []string{
			"west: remote secret istio-system/istio-remote-secret-east: gone: for east (at https://203.0.113.9:6443)",
		}},
		{"a cluster", func(s *Snapshot) { s.Clusters[1].Name = "north" }, []string{"east: cluster: gone: east", "north: cluster: new: north"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, change(test.edit)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
