package upgrade

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/releases"
)

// UseError says that the question itself is wrong: the revision is in use, is a tag, or is
// nowhere.
type UseError struct{ text string }

func (e UseError) Error() string { return e.text }

// Settle finds out which revision the fleet would leave, unless the snapshot says it, and
// refuses a question that has no answer, with a UseError. The snapshot must have been taken
// for an upgrade.
func Settle(s *istio.Snapshot) error {
	asked := s.Asked.Upgrade
	if asked == nil {
		return wrong("the snapshot was not taken for an upgrade; take it with \"eastwest upgrade check --to REVISION --save FILE\"")
	}
	if asked.Version != "" {
		if _, err := releases.ParseVersion(asked.Version); err != nil {
			return wrong("--version %q: want a version of Istio such as 1.29.1", asked.Version)
		}
	}
	if err := refuseTag(s, "--to", asked.To); err != nil {
		return err
	}
	if asked.From != "" {
		if err := refuseTag(s, "--from", asked.From); err != nil {
			return err
		}
	} else if err := settleFrom(s); err != nil {
		return err
	}
	switch {
	case asked.From == asked.To:
		return wrong("--to %s: the fleet uses this revision already; name the one that it is to move to", asked.To)
	case len(where(s, asked.From)) == 0 && everyIstiodRead(s):
		return wrong("--from %s: no cluster has an istiod of this revision; there are %s", asked.From, there(s))
	case len(where(s, asked.To)) == 0 && asked.Version == "" && everyIstiodRead(s):
		return wrong("--to %s: no cluster has an istiod of this revision; there are %s. If it is yet to be installed, say with --version which Istio it will be, such as 1.29.1", asked.To, there(s))
	}
	return nil
}

func wrong(format string, arguments ...any) error {
	return UseError{fmt.Sprintf(format, arguments...)}
}

// refuseTag refuses the name of a tag: what a tag leads to changes in the middle of a move.
func refuseTag(s *istio.Snapshot, flag, name string) error {
	for i := range s.Clusters {
		c := &s.Clusters[i]
		if revision, found := c.Resolve(name); found && revision != name {
			return wrong("%s %s: on %s this is a tag, which leads to revision %s; name the revision", flag, name, c.Name, revision)
		}
	}
	return nil
}

// settleFrom takes the one revision, beside the new, that proxies were injected by, or else the
// only one that runs.
func settleFrom(s *istio.Snapshot) error {
	asked := s.Asked.Upgrade
	used, running := map[string][]string{}, map[string][]string{}
	moved := false
	for i := range s.Clusters {
		c := &s.Clusters[i]
		note := func(in map[string][]string, revision string) {
			if revision != "" && revision != asked.To && !slices.Contains(in[revision], c.Name) {
				in[revision] = append(in[revision], c.Name)
			}
		}
		proxies, _ := c.Proxies.Get()
		for _, p := range proxies {
			note(used, p.InjectedBy)
			moved = moved || p.InjectedBy == asked.To
		}
		istiods, _ := c.Istiods.Get()
		for _, istiod := range istiods {
			note(running, istiod.Revision)
		}
	}
	if len(used) == 0 && moved {
		return wrong("--to %s: every proxy of the fleet is of this revision already. To judge what is left to do, name the revision that is to go with --from; there are %s", asked.To, there(s))
	}
	for _, found := range []map[string][]string{used, running} {
		switch len(found) {
		case 0:
			continue
		case 1:
			for revision := range found {
				asked.From = revision
			}
			return nil
		}
		return wrong("the fleet uses several revisions beside %s: %s. Say with --from which is to go", asked.To, told(found))
	}
	if !everyIstiodRead(s) {
		return nil // nothing is known; the checks say so
	}
	return wrong("no cluster has a control plane beside %s: there is nothing to move from", asked.To)
}

// told lists revisions with their clusters.
func told(found map[string][]string) string {
	var all []string
	for _, revision := range slices.Sorted(maps.Keys(found)) {
		all = append(all, fmt.Sprintf("%s (%s)", revision, strings.Join(found[revision], ", ")))
	}
	return strings.Join(all, ", ")
}

// where are the clusters that have an istiod of a revision.
func where(s *istio.Snapshot, revision string) []string {
	var all []string
	for i := range s.Clusters {
		if s.Clusters[i].Runs(revision) {
			all = append(all, s.Clusters[i].Name)
		}
	}
	return all
}

// there lists the revisions that run.
func there(s *istio.Snapshot) string {
	found := map[string][]string{}
	for i := range s.Clusters {
		istiods, _ := s.Clusters[i].Istiods.Get()
		for _, istiod := range istiods {
			if !slices.Contains(found[istiod.Revision], s.Clusters[i].Name) {
				found[istiod.Revision] = append(found[istiod.Revision], s.Clusters[i].Name)
			}
		}
	}
	if len(found) == 0 {
		return "none"
	}
	return told(found)
}

// everyIstiodRead is true where a revision that was not found is not there.
func everyIstiodRead(s *istio.Snapshot) bool {
	return !slices.ContainsFunc(s.Clusters, func(c istio.Cluster) bool {
		_, why := c.Istiods.Get()
		return why != nil
	})
}
