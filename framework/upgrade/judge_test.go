package upgrade

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/checks"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

// ran is the report of a run that compared the two revisions, with cells of these outcomes.
func ran(t *testing.T, change func(*report.Run), outcomes ...report.CellOutcome) []byte {
	t.Helper()
	compared := &report.Compared{Old: "old", New: "new", Margin: 0.005}
	for _, outcome := range outcomes {
		compared.Cells = append(compared.Cells, report.ComparedCell{
			Source: report.CellSide{Cluster: "a", Arm: "new", Revision: "new"}, Destination: report.CellSide{Cluster: "b", Arm: "old", Revision: "old"},
			Service: "there-b", Sent: 100, Failed: map[report.CellOutcome]int{report.CellWorse: 100}[outcome], Outcome: outcome,
		})
	}
	run := report.Run{
		ID: "r1", Outcome: verdict.Conformant, Started: taken.Add(-10 * time.Minute), Ended: taken, Clusters: []report.Cluster{{Name: "a"}, {Name: "b"}},
		Cases: []report.Case{{ID: "revisions", Kind: report.KindScenario, Status: report.Passed, Compared: compared}},
	}
	if change != nil {
		change(&run)
	}
	document, err := report.WriteJSON(run)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func measure(t *testing.T, s *istio.Snapshot, document []byte) *Measured {
	t.Helper()
	m, err := ReadMeasured(bytes.NewReader(document), s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func settled(t *testing.T, clusters, begun int) *istio.Snapshot {
	t.Helper()
	s := fleet(clusters, begun)
	if err := Settle(s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestJudge(t *testing.T) {
	tests := []struct {
		name    string
		begun   int
		change  func(*istio.Snapshot)
		cells   []report.CellOutcome
		stale   bool
		want    []Outcome // of each step, in order
		wantWhy string    // of the second step
	}{
		{name: "nothing is installed yet", want: []Outcome{Go, CouldNotTell, CouldNotTell, CouldNotTell, NoGo}, wantWhy: "no call between proxies of both revisions was made"},
		{name: "installed everywhere, looked at only", begun: 2, want: []Outcome{Go, CouldNotTell, CouldNotTell, CouldNotTell, NoGo}, wantWhy: "no call between proxies"},
		{name: "and measured", begun: 2, cells: []report.CellOutcome{report.CellBaseline, report.CellNoWorse}, want: []Outcome{Go, Go, CouldNotTell, CouldNotTell, NoGo}, wantWhy: "200 calls in 2 cells (run r1)"},
		{name: "a cell is worse", begun: 2, cells: []report.CellOutcome{report.CellNoWorse, report.CellWorse}, want: []Outcome{Go, NoGo, NoGo, NoGo, NoGo}, wantWhy: "services that run only in b"},
		{name: "a cell tells nothing", begun: 2, cells: []report.CellOutcome{report.CellNoWorse, report.CellCouldNotTell}, want: []Outcome{Go, CouldNotTell, CouldNotTell, CouldNotTell, NoGo}, wantWhy: "could not be judged"},
		{name: "measured before istiod was restarted", begun: 2, stale: true, cells: []report.CellOutcome{report.CellNoWorse}, want: []Outcome{Go, CouldNotTell, CouldNotTell, CouldNotTell, NoGo}, wantWhy: "started after the calls were made"},
		{name: "one cluster lacks the mesh configuration", begun: 1, cells: []report.CellOutcome{report.CellNoWorse}, want: []Outcome{Go, NoGo, NoGo, NoGo, NoGo}, wantWhy: "EW0912 b: b has no ConfigMap"},
		{name: "Kubernetes is too old", begun: 2, change: func(s *istio.Snapshot) {
			s.Clusters[1].Identity = istio.Read(istio.Identity{UID: "b", Kubernetes: "v1.30.1"})
		}, want: []Outcome{NoGo, NoGo, NoGo, NoGo, NoGo}, wantWhy: "EW0902 b"},
		{name: "namespaces may not be read", begun: 2, change: func(s *istio.Snapshot) {
			s.Clusters[1].Namespaces = istio.NotRead[[]istio.MeshNamespace](istio.Unknown{What: "namespaces", Reason: istio.Forbidden, Right: "list namespaces"})
		}, cells: []report.CellOutcome{report.CellNoWorse}, want: []Outcome{Go, CouldNotTell, CouldNotTell, CouldNotTell, NoGo}, wantWhy: "could not read: b: namespaces: forbidden (the user may not list namespaces)"},
		{name: "room is not known", begun: 2, change: func(s *istio.Snapshot) {
			s.Clusters[0].Rooms = istio.NotRead[[]istio.NodeRoom](istio.Unknown{What: "room", Reason: istio.Forbidden})
		}, want: []Outcome{CouldNotTell, CouldNotTell, CouldNotTell, CouldNotTell, NoGo}, wantWhy: "could not read: a: room: forbidden"},
		{name: "everything has moved", begun: 2, change: func(s *istio.Snapshot) {
			s.Asked.Upgrade.From = "old"
			for i := range s.Clusters {
				s.Clusters[i].Proxies = istio.Read([]istio.ProxySet{{Namespace: "shop", Name: "cart", InjectedBy: "new", Version: "1.31.2", Pods: 2}})
				s.Clusters[i].Namespaces = istio.Read([]istio.MeshNamespace{{Name: "shop", Labels: map[string]string{"istio.io/rev": "new"}, Roots: []string{"aa"}}})
			}
		}, want: []Outcome{Go, CouldNotTell, CouldNotTell, CouldNotTell, CouldNotTell}, wantWhy: "no call between"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := fleet(2, tt.begun)
			if tt.change != nil {
				tt.change(s)
			}
			if err := Settle(s); err != nil {
				t.Fatal(err)
			}
			var measured *Measured
			if tt.cells != nil {
				measured = measure(t, s, ran(t, func(r *report.Run) {
					if tt.stale {
						r.Started = taken.Add(-3 * time.Hour)
					}
				}, tt.cells...))
			}
			v := Judge(s, measured)
			var got []Outcome
			for _, step := range v.Steps {
				got = append(got, step.Outcome)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("outcomes, -want +got:\n%s%s", diff, v.Text())
			}
			at := 1
			if tt.want[0] == NoGo {
				at = 0
			}
			if why := strings.Join(v.Steps[at].Why, "\n"); !strings.Contains(why, tt.wantWhy) {
				t.Errorf("want %q in\n%s", tt.wantWhy, why)
			}
		})
	}
}

// A finding that the fleet file accepts stops no step and is told; after its day it counts
// again, and nothing else is GO either.
func TestAcceptedFindings(t *testing.T) {
	s := settled(t, 2, 1) // the second cluster lacks the mesh configuration
	of := func(check string, until time.Time) checks.Acceptance {
		return checks.Acceptance{Check: check, Reason: "b follows", Owner: "mesh@example.com", Until: until}
	}
	cells := ran(t, nil, report.CellBaseline, report.CellNoWorse)
	var all []checks.Acceptance
	for _, f := range Judge(s, measure(t, s, cells)).Findings {
		if f.Severity == checks.Error {
			all = append(all, of(f.Check, taken))
		}
	}
	if len(all) == 0 {
		t.Fatal("want errors to accept")
	}
	v := Judge(s, measure(t, s, cells), all...)
	step := v.Of(Namespace)
	if step.Outcome != Go || len(v.Accepted) != len(all) || !strings.Contains(step.Why[0], "found no error but what the fleet file accepts (") {
		t.Errorf("got %s, %d accepted of %d: %v", step.Outcome, len(v.Accepted), len(all), step.Why)
	}
	if install := v.Of(Install); strings.Contains(install.Why[0], "accepts") {
		t.Errorf("a step that does not need the check: %v", install.Why)
	}
	const by = "accepted by mesh@example.com until 2026-11-29 (b follows)"
	for name, text := range map[string]string{"text": v.Text(), "ticket": v.Ticket()} {
		if !strings.Contains(text, by) {
			t.Errorf("%s: want %q in\n%s", name, by, text)
		}
	}
	page, err := v.Assessment("").HTML()
	if err != nil || !strings.Contains(string(page), by) {
		t.Errorf("page: want %q, got error %v", by, err)
	}
	for i := range all {
		all[i].Until = taken.AddDate(0, 0, -2)
	}
	if got := Judge(s, measure(t, s, cells), all...).Of(Namespace).Outcome; got != NoGo {
		t.Errorf("expired: got %s", got)
	}
	sound := settled(t, 2, 2)
	step = Judge(sound, measure(t, sound, cells), of("EW0413", taken.AddDate(0, 0, -2))).Of(Install)
	if step.Outcome != CouldNotTell || !strings.Contains(step.Why[0], "has expired") {
		t.Errorf("an expired acceptance of something else: got %s, %v", step.Outcome, step.Why)
	}
}

// A look alone says GO for no step but the first, whatever it finds.
func TestALookSaysGoForTheFirstStepOnly(t *testing.T) {
	for _, step := range Judge(settled(t, 3, 3), nil).Steps {
		if step.Outcome == Go && step.Step != Install {
			t.Errorf("%s is GO without a call", step.Step)
		}
	}
}

// Every check for upgrades is asked for by exactly one step.
func TestStepsHaveAllChecks(t *testing.T) {
	for _, check := range checks.All() {
		if check.Layer() != checks.LayerUpgrade {
			continue
		}
		steps := 0
		for _, step := range Steps() {
			if slices.Contains(step.Checks, check.ID) || slices.Contains(step.Blocks, check.ID) {
				steps++
			}
		}
		if steps != 1 {
			t.Errorf("%s is required by %d steps, want 1", check.ID, steps)
		}
	}
}

func TestReadMeasured(t *testing.T) {
	tests := []struct {
		name   string
		change func(*report.Run)
		want   string
	}{
		{"another move", func(r *report.Run) { r.Cases[0].Compared.New = "other" }, "compared old with other"},
		{"other clusters", func(r *report.Run) { r.Clusters = r.Clusters[:1] }, "the run was on a, and this is about a, b"},
		{"nothing was compared", func(r *report.Run) { r.Cases[0].Compared = nil }, "compared nothing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ReadMeasured(bytes.NewReader(ran(t, tt.change, report.CellNoWorse)), settled(t, 2, 2))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestChanged(t *testing.T) {
	before, now := settled(t, 2, 2), settled(t, 2, 2)
	restarted, _ := now.Clusters[0].Istiods.Get()
	restarted[0].Created = taken
	now.Clusters[0].Rooms = istio.Read([]istio.NodeRoom{{Name: "node", CPU: 1, Memory: 1, Pods: 1}})
	if changes, err := Changed(before, now); err != nil || len(changes) > 0 {
		t.Errorf("got %v, %v; want nothing for what changes by itself", changes, err)
	}
	now.Clusters[1].Labelled = istio.Read([]istio.Labelled{{Kind: "VirtualService", Meta: istio.Meta{Namespace: "shop", Name: "cart", Revision: "old"}}})
	changes, err := Changed(before, now)
	if err != nil || len(changes) != 1 || !strings.Contains(changes[0].String(), "shop/cart") {
		t.Errorf("got %v, %v; want the resource that is new", changes, err)
	}
	now.Asked.Upgrade.To = "newest"
	if _, err := Changed(before, now); err == nil {
		t.Error("want an error for another move")
	}
}

// All renderings tell the same verdict.
func TestRenderings(t *testing.T) {
	s := settled(t, 2, 1)
	v := Judge(s, measure(t, s, ran(t, nil, report.CellBaseline, report.CellWorse)))
	document, errJSON := json.Marshal(v)
	page, errHTML := v.Assessment("").HTML()
	junit, errJUnit := v.Assessment("").JUnit()
	if errJSON != nil || errHTML != nil || errJUnit != nil {
		t.Fatal(errJSON, errHTML, errJUnit)
	}
	for form, text := range map[string]string{"text": v.Text(), "ticket": v.Ticket(), "json": string(document), "html": string(page), "junit": string(junit)} {
		for _, want := range []string{"EW0912", "Move a first namespace", "services that run only in b"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q:\n%s", form, want, text)
			}
		}
		if form != "json" && !strings.Contains(text, "NO-GO") {
			t.Errorf("%s lacks NO-GO", form)
		}
	}
	junit, err := v.Assessment(Install).JUnit()
	if err != nil || strings.Contains(string(junit), "Move a first namespace") {
		t.Errorf("JUnit up to the first step has the second, %v", err)
	}
}

func TestPlan(t *testing.T) {
	s := settled(t, 2, 1)
	proxies, _ := s.Clusters[1].Proxies.Get()
	s.Clusters[1].Proxies = istio.Read(append(slices.Clone(proxies), istio.ProxySet{Namespace: "shop", Name: "door-istio", InjectedBy: "old", Gateway: true, Pods: 1}))
	s.Clusters[1].GatewayAPI = istio.Read(istio.GatewayAPI{Gateways: []istio.GatewayObject{{Meta: istio.Meta{Namespace: "shop", Name: "door"}, Class: "istio"}}})
	got := Plan(s)
	for _, want := range []string{
		"kubectl --kubeconfig=fleet.yaml --context=b --namespace=shop label gateways.gateway.networking.k8s.io door istio.io/rev=new --overwrite\n",
		"# a has it.\n",
		"# b: as old was installed, with the same overlays, values and CA, and with the revision new:\n",
		"kubectl --kubeconfig=fleet.yaml --context=b --namespace=istio-system rollout status deployment/istiod-new --timeout=5m\n",
		"# a: the smallest namespace is shop, with 2 pods.\n",
		"kubectl --kubeconfig=fleet.yaml --context=a label namespace shop istio.io/rev=new istio-injection- --overwrite\n",
		"--namespace=shop patch deployment front --type=merge",
		"istioctl --kubeconfig=fleet.yaml --context=b uninstall --revision=old\n",
		"# 1. Install the new control planes in all clusters. Now: new runs in 1 of 2 clusters.\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("want %q in\n%s", want, got)
		}
	}
	if strings.Index(got, "install") > strings.Index(got, "label namespace") {
		t.Error("a namespace moves before the control planes are there")
	}
}
