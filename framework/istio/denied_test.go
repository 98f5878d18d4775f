package istio

import (
	"slices"
	"testing"
)

// What istiod would not see with a remote secret's token is asked with that token, where it
// is wanted, and counts at the cluster that is asked.
func TestRemoteSecretsDenied(t *testing.T) {
	mesh := newMesh(t)
	second := mesh.servers[1]
	look := func() RemoteEntry {
		c := Look(t.Context(), mesh.clusters[0], PartDenied, mesh.clusters[1])
		if !c.Istiods.IsZero() || !c.System.IsZero() {
			t.Errorf("want nothing else read, got %+v", c)
		}
		return value(t, c.RemoteSecrets)[0].Entries[0]
	}
	before := mesh.clusters[1].Client.Traffic().Requests
	entry := look()
	if denied := value(t, entry.Denied); len(denied) > 0 || value(t, entry.UID) != "uid-cluster2" {
		t.Errorf("got %+v", entry)
	}
	if got, want := mesh.clusters[1].Client.Traffic().Requests-before, int64(1+len(istiodReads())); got != want {
		t.Errorf("want %d requests of cluster2 counted, got %d", want, got)
	}
	second.denied = []string{"endpointslices", "nodes"}
	if denied := value(t, look().Denied); !slices.Equal(denied, []string{"nodes", "endpointslices"}) {
		t.Errorf("got %v", denied)
	}
	// A token that may not read namespaces hides only where it leads.
	second.forbidden = forbid("namespaces")
	entry = look()
	if denied := value(t, entry.Denied); len(denied) != 2 || why(t, entry.UID).Right == "" {
		t.Errorf("got %+v", entry)
	}
	second.name = "another" // nobody's token is accepted
	entry = look()
	if got := why(t, entry.Denied); got.Reason != Forbidden || why(t, entry.UID).Right != "" {
		t.Errorf("got %s", got)
	}
	if entry := value(t, mesh.take(t, "sample").Clusters[0].RemoteSecrets)[0].Entries[0]; !entry.Denied.IsZero() {
		t.Errorf("want a snapshot without it, got %+v", entry.Denied)
	}
}
