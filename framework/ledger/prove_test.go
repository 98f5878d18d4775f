package ledger

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// What others do meanwhile must neither fail a run nor be advised against, and what the
// run left must be found whatever others do.
func TestProve(t *testing.T) {
	began := time.Date(2026, 11, 28, 20, 0, 0, 0, time.UTC)
	during, earlier := began.Add(10*time.Second), began.Add(-time.Hour)
	by := func(name, subresource string, at time.Time) kube.Manager {
		return kube.Manager{Name: name, Subresource: subresource, Time: at}
	}
	object := func(uid, content string, managers ...kube.Manager) *Item {
		return &Item{Ref: kube.Ref{APIVersion: "v1", Kind: "Namespace", Name: "n", UID: types.UID(uid)}, Content: content, Managers: managers}
	}
	labelled := object("1", "x", by("eastwest", "", during))
	labelled.Run = "r"
	ofAnotherRun := object("1", "x", by("eastwest", "", during))
	ofAnotherRun.Run = "another"
	tests := map[string]struct {
		before, after *Item
		want          string // left, touched, others or nothing
	}{
		"nothing":                               {object("1", "x", by("kubectl", "", earlier)), object("1", "x", by("kubectl", "", earlier)), ""},
		"left, by its label":                    {nil, labelled, "left"},
		"left, by its UID":                      {nil, object("made", "x", by("istio-operator", "", during)), "left"},
		"made by another team":                  {nil, object("1", "x", by("kubectl-create", "", during)), "others"},
		"made by another run":                   {nil, ofAnotherRun, "others"},
		"made by a sync":                        {nil, object("1", "x", by("kustomize-controller", "", during)), ""},
		"removed by another team":               {object("1", "x"), nil, "others"},
		"replaced by another team":              {object("1", "x"), object("2", "x", by("kubectl-create", "", during)), "others"},
		"changed by another team":               {object("1", "x", by("kubectl", "", earlier)), object("1", "y", by("kubectl-edit", "", during)), "others"},
		"changed by the run":                    {object("1", "x", by("kubectl", "", earlier)), object("1", "y", by("kubectl", "", earlier), by("eastwest", "", during)), "touched"},
		"changed by the run of yesterday":       {object("1", "x"), object("1", "y", by("eastwest", "", earlier), by("kubectl-edit", "", during)), "others"},
		"scaled by an autoscaler":               {object("1", "x", by("kubectl", "", earlier)), object("1", "y", by("kubectl", "", earlier), by("kube-controller-manager", "scale", during)), ""},
		"scaled by somebody, by the API for it": {object("1", "x"), object("1", "y", by("kubectl", "scale", during)), ""},
		"status":                                {object("1", "x"), object("1", "y", by("anything", "status", during)), ""},
		"a CA bundle injected":                  {object("1", "x"), object("1", "y", by("pilot-discovery", "", during)), ""},
		"put back by a sync":                    {object("1", "x"), object("1", "y", by("argocd-controller", "", during)), ""},
		"by a sync and by somebody":             {object("1", "x"), object("1", "y", by("argocd-controller", "", during), by("kubectl-edit", "", during)), "others"},
		"by nobody who tells":                   {object("1", "x"), object("1", "y"), "others"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			journal := &Journal{
				Header:  Header{Run: "r", Clusters: []Cluster{{Name: "west", Kubeconfig: "/home/me/kube config", Context: "arn:aws:eks:c"}}},
				entries: []Entry{{Event: EventMade, Cluster: "west", Ref: kube.Ref{UID: "made"}}},
			}
			proof := journal.Prove([]Inventory{inventoryOf(began, test.before)}, []Inventory{inventoryOf(during, test.after)}, nil)
			got := map[string]int{"left": len(proof.Left), "touched": len(proof.Touched), "others": len(proof.Others)}
			for what, n := range got {
				if wanted := what == test.want; wanted != (n == 1) || n > 1 {
					t.Errorf("want %q alone, got %v", test.want, got)
				}
			}
			if sound := test.want == "" || test.want == "others"; proof.Sound() != sound {
				t.Errorf("sound: %t, want %t", proof.Sound(), sound)
			}
			for _, left := range proof.Left {
				if want := "kubectl --kubeconfig='/home/me/kube config' --context=arn:aws:eks:c delete namespace n"; !strings.Contains(left.String(), want) {
					t.Errorf("want %q reported, got %s", want, left)
				}
			}
			for _, change := range proof.Others {
				if strings.Contains(change.String(), "kubectl") {
					t.Errorf("want no advice about what is others', got %s", change)
				}
			}
		})
	}
}

func inventoryOf(taken time.Time, item *Item) Inventory {
	inventory := Inventory{Cluster: "west", Taken: taken}
	if item != nil {
		inventory.Items = []Item{*item}
	}
	return inventory
}

// A right that was taken or given during the run makes objects come and go for the user
// alone: nobody made or removed them. What the run made is left all the same.
func TestProveKnowsWhatItMayNotSee(t *testing.T) {
	where := place{namespace: "n"}
	theirs, ours := &Item{Ref: kube.Ref{Kind: "Secret", Name: "a"}, place: where}, &Item{Ref: kube.Ref{Kind: "Secret", Name: "a"}, Run: "r", place: where}
	blind := Inventory{Cluster: "west", forbidden: map[place]bool{where: true}}
	journal := &Journal{Header: Header{Run: "r"}}
	for name, proof := range map[string]Proof{
		"taken": journal.Prove([]Inventory{inventoryOf(time.Time{}, theirs)}, []Inventory{blind}, nil),
		"given": journal.Prove([]Inventory{blind}, []Inventory{inventoryOf(time.Time{}, theirs)}, nil),
	} {
		if len(proof.Others) > 0 || !proof.Sound() {
			t.Errorf("%s: want nobody accused, got %+v", name, proof)
		}
	}
	if proof := journal.Prove([]Inventory{blind}, []Inventory{inventoryOf(time.Time{}, ours)}, nil); len(proof.Left) != 1 {
		t.Errorf("want what the run left, got %+v", proof)
	}
	if text := blind.NotSeen(); !strings.Contains(text, "list them: 1 in n;") {
		t.Errorf("got %q", text)
	}
}

// What stays has been reported, and must not be reported again.
func TestProveLeavesOutWhatStays(t *testing.T) {
	ref := kube.Ref{APIVersion: "v1", Kind: "Namespace", Name: "n", UID: "made"}
	journal := &Journal{Header: Header{Run: "r"}, entries: []Entry{{Event: EventMade, Cluster: "west", Ref: ref}}}
	after := inventoryOf(time.Time{}, &Item{Ref: ref})
	proof := journal.Prove([]Inventory{inventoryOf(time.Time{}, nil)}, []Inventory{after}, []Stay{{Cluster: "west", Ref: ref}})
	if !proof.Sound() || len(proof.Others) > 0 {
		t.Errorf("got %+v", proof)
	}
}
