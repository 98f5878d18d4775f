package releases

import (
	"slices"
	"testing"
)

// mayRead tells whether the rules let somebody list objects of the core group.
func mayRead(rules []Rule, resource string) bool {
	return slices.ContainsFunc(rules, func(r Rule) bool {
		return slices.Contains(r.Groups, "") && slices.Contains(r.Resources, resource) && slices.Contains(r.Verbs, "list")
	})
}

func TestReaderRules(t *testing.T) {
	rows := []struct {
		version           string
		known, configMaps bool
	}{
		{"1.27.5", false, false},
		{"1.28.0", true, false},
		{"1.28.2", true, false},
		{"1.29.0", true, true},
		{"1.30.2", true, true},
		{"1.31.0", true, true},
		{"1.32.0", false, false},
	}
	for _, row := range rows {
		rules, known := ReaderRules(parse(t, row.version))
		if known != row.known || mayRead(rules, "configmaps") != row.configMaps || mayRead(rules, "services") != row.known {
			t.Errorf("%s: known %t, reads ConfigMaps %t", row.version, known, mayRead(rules, "configmaps"))
		}
	}
}

func TestMinimums(t *testing.T) {
	rows := []struct {
		version    string
		kubernetes int
		tlsRoutes  string
	}{
		{"1.27.0", 0, ""}, {"1.28.2", 30, ""}, {"1.29.4", 30, ""}, {"1.30.0", 32, "1.5.0"}, {"1.31.3", 32, "1.5.0"}, {"1.32.0", 0, ""},
	}
	for _, row := range rows {
		v := parse(t, row.version)
		minor, known := MinKubernetes(v)
		if minor != row.kubernetes || known != (row.kubernetes > 0) {
			t.Errorf("%s: Kubernetes 1.%d, known %t", v, minor, known)
		}
		byCRD, known := MinGatewayAPI(v)
		if byCRD["tlsroutes.gateway.networking.k8s.io"] != row.tlsRoutes || known != (row.kubernetes > 0) {
			t.Errorf("%s: bundles %v, known %t", v, byCRD, known)
		}
	}
	if byCRD, _ := MinGatewayAPI(parse(t, "1.30.0")); byCRD["tcproutes.gateway.networking.k8s.io"] != "" {
		t.Errorf("1.30 has a bound for TCPRoutes that only 1.31 was seen to have: %v", byCRD)
	}
}

func TestReadsRemoteMeshConfig(t *testing.T) {
	for version, want := range map[string]bool{"1.28.9": false, "1.29.0": true, "1.31.0": true} {
		if got := ReadsRemoteMeshConfig(parse(t, version)); got != want {
			t.Errorf("%s: %t", version, got)
		}
	}
}

func TestDefects(t *testing.T) {
	const unread, notThere = "istio/istio#59474", "pilot/pkg/serviceregistry/kube/controller/multicluster.go"
	rows := []struct {
		version        string
		has, hasNot    []string
		nothingAtAllIs bool
	}{
		{version: "1.28.9", nothingAtAllIs: true},
		{version: "1.29.0", has: []string{unread, notThere}},
		{version: "1.29.1", has: []string{unread, notThere}, hasNot: []string{"istio/istio#61043", "istio/istio#60505"}},
		{version: "1.29.2", has: []string{notThere, "istio/istio#60505"}, hasNot: []string{unread}},
		{version: "1.30.3", has: []string{notThere, "istio/istio#61043"}, hasNot: []string{"istio/istio#60612"}},
		{version: "1.30.4", has: []string{notThere}, hasNot: []string{"istio/istio#61043", "istio/istio#60806", "istio/istio#59959"}},
		{version: "1.29.9", has: []string{notThere}, hasNot: []string{"istio/istio#59875", "istio/istio#60806", "istio/istio#60505"}},
		{version: "1.31.0", has: []string{notThere}, hasNot: []string{unread, "istio/istio#61043"}},
	}
	for _, row := range rows {
		var ids []string
		for _, d := range Defects(parse(t, row.version)) {
			ids = append(ids, d.ID)
		}
		for _, id := range row.has {
			if !slices.Contains(ids, id) {
				t.Errorf("%s: %s is missing in %v", row.version, id, ids)
			}
		}
		for _, id := range row.hasNot {
			if slices.Contains(ids, id) {
				t.Errorf("%s has %s", row.version, id)
			}
		}
		if row.nothingAtAllIs && len(ids) > 0 {
			t.Errorf("%s has %v", row.version, ids)
		}
	}
}

func TestChanges(t *testing.T) {
	rows := []struct {
		from, to string
		want     int
	}{
		{"1.28.2", "1.29.0", 2},
		{"1.28.2", "1.29.1", 3},
		{"1.28.5", "1.29.1", 2},
		{"1.29.1", "1.30.0", 3},
		{"1.30.0", "1.29.1", 3},
		{"1.30.0", "1.31.0", 1},
		{"1.24.2", "1.24.3", 1},
		{"1.24.3", "1.25.0", 1},
		{"1.26.0", "1.26.1", 1},
	}
	for _, row := range rows {
		got := Changes(parse(t, row.from), parse(t, row.to))
		if len(got) != row.want {
			t.Errorf("%s to %s: %d changes, want %d: %+v", row.from, row.to, len(got), row.want, got)
		}
		for _, c := range got {
			if c.Release == "" {
				t.Errorf("%q has no release", c.Title)
			}
		}
	}
}
