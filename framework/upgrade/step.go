package upgrade

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

// StepID names a step.
type StepID string

// The steps, in their order.
const (
	Install    StepID = "install"
	Namespace  StepID = "namespace"
	MoveGates  StepID = "gateways"
	MoveTag    StepID = "tag"
	RemovePast StepID = "remove"
)

// Step is a part of a move.
type Step struct {
	ID    StepID
	Title string
	// Checks are the IDs of those that must find no error before it, beside those of the
	// steps before.
	Checks []string
	// Blocks are those whose findings stand in its way whatever their severity.
	Blocks []string
	// Unmeasured is what nobody has measured of it, for a step that needs more than a look;
	// empty where a look is enough.
	Unmeasured string
	// state says how far the fleet is.
	state func(s *istio.Snapshot) string
}

// Steps are the parts of a move in the order in which they are taken: all control planes before
// any proxy, since a new istiod needs what only its own installation brings to other clusters.
func Steps() []Step {
	return []Step{
		{
			ID: Install, Title: "Install the new control planes in all clusters",
			Checks: []string{"EW0901", "EW0902", "EW0903", "EW0904", "EW0905", "EW0906", "EW0919", "EW0941"},
			state:  installed,
		},
		{
			ID: Namespace, Title: "Move a first namespace",
			Checks:     []string{"EW0907", "EW0908", "EW0909", "EW0910", "EW0911", "EW0912", "EW0913", "EW0914", "EW0915", "EW0916", "EW0917", "EW0918"},
			Unmeasured: "no call between proxies of both revisions was made",
			state:      namespacesMoved,
		},
		{
			ID: MoveGates, Title: "Move the gateways",
			Checks:     []string{"EW0920"},
			Unmeasured: "no call through a gateway of the new revision was made",
			state:      gatewaysMoved,
		},
		{
			ID: MoveTag, Title: "Move the tags",
			Checks:     []string{"EW0930"},
			Unmeasured: "no call through a gateway of the new revision was made",
			state:      tagsMoved,
		},
		{
			ID: RemovePast, Title: "Remove the old control planes",
			Blocks:     []string{"EW0940"},
			Unmeasured: "whether the way back is still needed is not for a program to say",
			state:      oldLeft,
		},
	}
}

// FindStep finds a step by its name.
func FindStep(name string) (Step, error) {
	all := Steps()
	i := slices.IndexFunc(all, func(s Step) bool { return string(s.ID) == name })
	if i < 0 {
		return Step{}, wrong("--step %q: want install, namespace, gateways, tag or remove", name)
	}
	return all[i], nil
}

func installed(s *istio.Snapshot) string {
	return fmt.Sprintf("%s runs in %d of %d clusters", s.Asked.Upgrade.To, len(where(s, s.Asked.Upgrade.To)), len(s.Clusters))
}

func namespacesMoved(s *istio.Snapshot) string {
	moved, waiting := workloads(s, false)
	return fmt.Sprintf("%d of %d workloads have proxies of %s", moved, moved+waiting, s.Asked.Upgrade.To)
}

func gatewaysMoved(s *istio.Snapshot) string {
	moved, waiting := workloads(s, true)
	return fmt.Sprintf("%d of %d gateways are of %s", moved, moved+waiting, s.Asked.Upgrade.To)
}

// workloads counts those with proxies of the new revision and those of the old.
func workloads(s *istio.Snapshot, gateways bool) (moved, waiting int) {
	for i := range s.Clusters {
		proxies, _ := s.Clusters[i].Proxies.Get()
		for _, p := range proxies {
			switch {
			case p.Gateway != gateways:
			case p.InjectedBy == s.Asked.Upgrade.To:
				moved++
			case p.InjectedBy == s.Asked.Upgrade.From:
				waiting++
			}
		}
	}
	return moved, waiting
}

func tagsMoved(s *istio.Snapshot) string {
	moved, waiting := 0, 0
	for i := range s.Clusters {
		webhooks, _ := s.Clusters[i].Webhooks.Get()
		seen := map[string]bool{}
		for _, w := range webhooks {
			if w.Tag == "" || seen[w.Tag] {
				continue
			}
			seen[w.Tag] = true
			switch w.Revision {
			case s.Asked.Upgrade.To:
				moved++
			case s.Asked.Upgrade.From:
				waiting++
			}
		}
	}
	return fmt.Sprintf("%d of %d tags lead to %s", moved, moved+waiting, s.Asked.Upgrade.To)
}

func oldLeft(s *istio.Snapshot) string {
	return fmt.Sprintf("%s runs in %d of %d clusters", s.Asked.Upgrade.From, len(where(s, s.Asked.Upgrade.From)), len(s.Clusters))
}
