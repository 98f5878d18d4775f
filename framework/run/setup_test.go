package run

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/ledger"
)

func TestOfRevision(t *testing.T) {
	var entries []ledger.Entry
	made := func(cluster, kind, name string) {
		entries = append(entries, ledger.Entry{Event: ledger.EventMade, Cluster: cluster, Ref: kube.Ref{Kind: kind, Name: name, UID: "1"}})
	}
	made("west", "Namespace", "istio-system")
	made("west", "ServiceAccount", "istio-reader-service-account")
	for _, name := range []string{"istiod", "istiod-canary", "istiod-canary2"} {
		made("west", "Deployment", name)
	}
	made("west", "ClusterRole", "istio-reader-clusterrole-istio-system")
	made("west", "ClusterRole", "istio-reader-clusterrole-canary-istio-system")
	made("west", "Service", "istiod-canary") // of which there is none without the revision
	made("east", "Deployment", "istiod-canary")
	tests := map[string][]string{
		"canary":  {"istiod-canary", "istio-reader-clusterrole-canary-istio-system"},
		"canary2": {"istiod-canary2"},
		"system":  nil,
		"reader":  nil,
		"istio":   nil,
	}
	for revision, want := range tests {
		var got []string
		for _, ref := range ofRevision(entries, "west", revision) {
			got = append(got, ref.Name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", revision, diff)
		}
	}
}

func TestSetupOfAnUnknownCluster(t *testing.T) {
	_, _, err := Setup{Cluster: "north"}.meshOf(t.Context(), &fleet.Fleet{})
	if err == nil || !strings.Contains(err.Error(), `"north"`) {
		t.Errorf("want the cluster named, got %v", err)
	}
}
