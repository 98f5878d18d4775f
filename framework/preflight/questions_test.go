package preflight

import (
	"strings"
	"testing"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/checks"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func asked(opts Options, read istio.Cluster) question {
	opts.CA, opts.Namespace = cell.Istio, "sample"
	return question{
		cluster: &fleet.Cluster{ClusterSpec: fleet.ClusterSpec{Name: "west", Kubeconfig: "k", Context: "c", Platform: "gdc-vmware"}}, read: &read, opts: opts,
	}
}

func istiod(revision string, ready bool) istio.Istiod {
	return istio.Istiod{
		Pod: istio.Pod{Name: "istiod-" + revision, Ready: ready, Env: map[string]string{names.EnvCertProvider: "istiod"}}, Revision: revision, Version: "1.28.2",
	}
}

func TestRevision(t *testing.T) {
	two := []istio.Istiod{istiod("asm-1", true), istiod("asm-2", true)}
	tags := istio.Read([]istio.Webhook{{Tag: "stable", Revision: "asm-1"}, {Tag: "gone", Revision: "asm-9"}})
	for _, test := range []struct {
		name   string
		read   istio.Cluster
		want   string
		status Status
		found  string
		// looking is the status where nobody runs anything.
		looking Status
	}{
		{"the only one", istio.Cluster{Istiods: istio.Read([]istio.Istiod{istiod("asm-1", true), istiod("asm-1", true)})}, "asm-1", OK, "uses revision asm-1", OK},
		{"the ready one", istio.Cluster{Istiods: istio.Read([]istio.Istiod{istiod("asm-1", false), istiod("asm-2", true)})}, "asm-2", OK, "uses revision asm-2", OK},
		{"two are ready", istio.Cluster{Istiods: istio.Read(two)}, "", Refused, "asm-1, asm-2", OK},
		{"the one that is wanted", istio.Cluster{Revision: "asm-2", Istiods: istio.Read(two)}, "asm-2", OK, "uses revision asm-2", OK},
		{"a tag", istio.Cluster{Revision: "stable", Istiods: istio.Read(two), Webhooks: tags}, "asm-1", OK, "revision asm-1, to which the tag stable leads", OK},
		{"a tag of a control plane that is gone", istio.Cluster{Revision: "gone", Istiods: istio.Read(two), Webhooks: tags}, "", Refused, `want revision "asm-9"`, Refused},
		{"a tag that cannot be looked for", istio.Cluster{Revision: "stable", Istiods: istio.Read(two)}, "", Refused, `look for a tag "stable"`, Refused},
		{"none", istio.Cluster{Istiods: istio.Read[[]istio.Istiod](nil)}, "", Refused, "no Ready pod", Refused},
		{"istiods that could not be read", istio.Cluster{}, "", Unknown, "not asked", Unknown},
	} {
		t.Run(test.name, func(t *testing.T) {
			q := asked(Options{}, test.read)
			if got := q.revision(); got != test.want {
				t.Errorf("want %q, got %q", test.want, got)
			}
			if row := q.settled(); row.Status != test.status || !strings.Contains(row.Found, test.found) {
				t.Errorf("got %+v", row)
			}
			if row := asked(Options{Looking: true}, test.read).settled(); row.Status != test.looking || !strings.Contains(row.Found, test.found) {
				t.Errorf("looking: got %+v", row)
			}
		})
	}
}

// Where nobody runs anything, each revision is judged.
func TestCertProviderOfEachRevision(t *testing.T) {
	old := istiod("asm-2", true)
	old.Env[names.EnvCertProvider] = "kubernetes"
	read := istio.Cluster{Istiods: istio.Read([]istio.Istiod{istiod("asm-1", true), old})}
	row := asked(Options{Looking: true}, read).certProvider()
	if row.Status != Warning || !strings.Contains(row.Found, "revision asm-2 has pilotCertProvider kubernetes") || strings.Contains(row.Found, "asm-1") {
		t.Errorf("got %+v", row)
	}
	if row := asked(Options{}, read).certProvider(); row.Status != OK {
		t.Errorf("a run is refused for its revision, got %+v", row)
	}
	read.Revision = "asm-1"
	if row := asked(Options{Looking: true}, read).certProvider(); row.Status != OK {
		t.Errorf("another revision than the declared one: got %+v", row)
	}
}

func TestAcceptedFindingsAreNotRefused(t *testing.T) {
	s := &istio.Snapshot{Taken: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)}
	for _, name := range []string{"west", "east"} {
		s.Clusters = append(s.Clusters, istio.Cluster{Name: name, Identity: istio.Read(istio.Identity{UID: "1"})})
	}
	accept := checks.Acceptance{Check: "EW0102", Reason: "known", Owner: "me", Until: s.Taken.Truncate(24 * time.Hour)}
	status := func(accept ...checks.Acceptance) map[string]Status {
		all := map[string]Status{}
		for _, row := range judge(s, accept) {
			all[row.ID] = row.Status
		}
		return all
	}
	if got := status()["EW0102"]; got != Refused {
		t.Fatalf("want one cluster under two names refused, got %s", got)
	}
	if got := status(accept); got["EW0102"] != OK || got[idAccept] != "" {
		t.Errorf("want it accepted, got %v", got)
	}
	const says = "accepted by me until 2026-11-30 (known)"
	if text := newResult(judge(s, []checks.Acceptance{accept})).Text(); !strings.Contains(text, says) {
		t.Errorf("want %q in\n%s", says, text)
	}
	scenario := checks.Acceptance{Scenario: "plaintext-refused", Reason: "known", Owner: "me", Until: s.Taken.AddDate(0, 0, -2)}
	if got := status(accept, scenario); got["EW0102"] != OK || got[idAccept] != Refused {
		t.Errorf("want a scenario's acceptance refused once it has expired, got %v", got)
	}
	accept.Until = accept.Until.AddDate(0, 0, -1)
	if got := status(accept); got["EW0102"] != Refused || got[idAccept] != Refused {
		t.Errorf("want what has expired refused, got %v", got)
	}
}

func TestUnsupportedClustersAreRefused(t *testing.T) {
	s := &istio.Snapshot{Clusters: []istio.Cluster{{
		Name: "west", Identity: istio.Read(istio.Identity{UID: "1"}),
		Istiods: istio.Read[[]istio.Istiod](nil), System: istio.Read(istio.Namespace{Found: true, ControlPlanes: "east"}), Webhooks: istio.Read[[]istio.Webhook](nil),
	}}}
	var about []string
	for _, row := range Judge(s).Checks {
		if row.Cluster == "west" && row.Status == Refused {
			about = append(about, row.ID)
		}
	}
	if strings.Join(about, " ") != idSupported {
		t.Errorf("want west refused as unsupported and for nothing else, got %v", about)
	}
}

// A run does not know what to do with a cluster that another one's control plane serves,
// although it is judged.
func TestServedClustersAreRefused(t *testing.T) {
	istiods := istio.Read([]istio.Istiod{{Pod: istio.Pod{Ready: true}, Revision: "default"}})
	s := &istio.Snapshot{Clusters: []istio.Cluster{
		{Name: "east", Identity: istio.Read(istio.Identity{UID: "1"}), Istiods: istiods},
		{
			Name: "west", Identity: istio.Read(istio.Identity{UID: "2"}), Istiods: istio.Read[[]istio.Istiod](nil),
			System: istio.Read(istio.Namespace{Found: true, ControlPlanes: "east"}), Webhooks: istio.Read[[]istio.Webhook](nil),
		},
	}}
	var found []string
	for _, row := range Judge(s).Checks {
		if row.Status == Refused {
			found = append(found, row.Cluster+" "+row.ID+": "+row.Found)
		}
	}
	if len(found) != 1 || !strings.HasPrefix(found[0], "west "+idSupported) || !strings.Contains(found[0], "istiod of east serves it") {
		t.Errorf("want west refused, because east serves it, and nothing else, got %q", found)
	}
}

func TestExpected(t *testing.T) {
	whole := []string{"east-west gateway", "Gateway", "remote secret"}
	for _, test := range []struct {
		name           string
		opts           Options
		there, lacking []string
		sample         bool
		runs           []string
		status         Status
		found          string
	}{
		{"nothing yet, to install", Options{}, nil, whole, false, nil, OK, "nothing of a mesh is there yet"},
		{"a mesh, to reuse", Options{Reuse: true}, whole, nil, false, nil, OK, "as --setup reuse expects"},
		{"no mesh, to reuse", Options{Reuse: true}, whole[:1], whole[1:], false, nil, Refused, "there is no Gateway, no remote secret"},
		{"a mesh, to install", Options{}, whole, nil, false, nil, OK, "what is right is reused"},
		{"what an earlier run has left", Options{}, whole, nil, false, []string{"run-1"}, Refused, "run-1"},
		{"somebody's namespace", Options{}, nil, whole, true, nil, Refused, "namespace sample exist"},
		{"a namespace made beforehand", Options{Reuse: true, Existing: true}, whole, nil, true, nil, OK, "as --setup reuse expects"},
		{"a namespace that was not made", Options{Reuse: true, Existing: true}, whole, nil, false, nil, Refused, "there is no namespace sample"},
	} {
		t.Run(test.name, func(t *testing.T) {
			row := asked(test.opts, istio.Cluster{}).expected(test.there, test.lacking, test.sample, test.runs)
			if row.Status != test.status || !strings.Contains(row.Found, test.found) {
				t.Errorf("want %s with %q, got %+v", test.status, test.found, row)
			}
			if row.Status == Refused && row.Do == "" {
				t.Errorf("refused without advice: %+v", row)
			}
		})
	}
}

func TestCertProvider(t *testing.T) {
	read := istio.Cluster{Istiods: istio.Read([]istio.Istiod{istiod("asm-1", true)})}
	if row := asked(Options{}, read).certProvider(); row.Status != OK {
		t.Errorf("as the matrix has it: got %+v", row)
	}
	other := istiod("asm-1", true)
	other.Env[names.EnvCertProvider] = "kubernetes"
	read.Istiods = istio.Read([]istio.Istiod{other})
	if row := asked(Options{}, read).certProvider(); row.Status != Warning || !strings.Contains(row.Found, "pilotCertProvider kubernetes") {
		t.Errorf("another: got %+v", row)
	}
}

// Of clusters that cannot be asked nothing is said to be right, and each is named once.
func TestJudgeOfUnreachedClusters(t *testing.T) {
	s := &istio.Snapshot{Clusters: []istio.Cluster{
		{Name: "west", Identity: istio.NotRead[istio.Identity](istio.Unknown{Reason: istio.Unanswered, Message: "no route to host"})},
		{Name: "east", Identity: istio.NotRead[istio.Identity](istio.Unknown{Reason: istio.Forbidden, Message: "Unauthorized"})},
	}}
	result := Judge(s)
	if result.Status != Refused {
		t.Errorf("want credentials that are not taken refused, got %s", result.Status)
	}
	for _, row := range result.Checks {
		if row.Status == OK {
			t.Errorf("nobody could be asked, and this is right: %+v", row)
		}
	}
	if text := result.Text(); strings.Count(text, "no route to host") != 1 || strings.Count(text, "Unauthorized") != 1 {
		t.Errorf("want each named once:\n%s", text)
	}
}

// The checks that a run begins with are in the catalogue.
func TestBeginnings(t *testing.T) {
	if got := beginnings(); len(got) < 20 {
		t.Errorf("got %d checks", len(got))
	}
	for _, check := range beginnings() {
		if _, ok := checks.Find(check.ID); !ok || check.Layer() == "08" {
			t.Errorf("%s does not belong to what a run begins with", check.ID)
		}
	}
}
