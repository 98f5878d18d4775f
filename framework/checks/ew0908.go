package checks

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/istio/releases"
)

func ew0908() Check {
	return Check{
		ID: "EW0908", Severity: Warning,
		Title:    "Settings of the control plane in use are not those of the new one",
		Question: "Are istiod's feature flags that somebody has set repeated for the new revision, and does it still read them?",
		Why:      "What the flag was set for comes back with the first proxy that moves.",
		Source:   "https://istio.io/latest/docs/reference/commands/pilot-discovery/#envvars",
		Judge: func(l *Look) {
			l.moving(func(m move, c *istio.Cluster) {
				before, after, ok := l.versions(m, c)
				planes, read := Need(l, c, c.ControlPlanes)
				if !ok || !read {
					return
				}
				told := slices.Concat(deadPins(before, after, flagsOf(planes, m.from)), unrepeated(m, planes))
				if len(told) == 0 {
					return
				}
				l.Find(Finding{
					Cluster: c.Name,
					Found:   fmt.Sprintf("on %s: %s", c.Name, strings.Join(told, "; ")),
					Want:    "the flags of the revision in use, as far as the new one reads them",
					Fix: Fix{
						Text:     "repeat what is still wanted in the new revision's values (pilot.env). What is set now:",
						Commands: []string{inSystem(c, "get deployments", "--selector=app="+names.Istiod, `--output='jsonpath={range .items[*]}{.metadata.name}{"\t"}{.spec.template.spec.containers[0].env}{"\n"}{end}'`)},
					},
				})
			})
		},
	}
}

func flagsOf(planes []istio.ControlPlane, revision string) map[string]string {
	return planeOf(planes, revision).Flags
}

// planeOf is how a revision is set up; zero for one that is not there.
func planeOf(planes []istio.ControlPlane, revision string) istio.ControlPlane {
	at := slices.IndexFunc(planes, func(p istio.ControlPlane) bool { return p.Revision == revision })
	if at < 0 {
		return istio.ControlPlane{}
	}
	return planes[at]
}

// deadPins are flags that are set and that the new release does not read.
func deadPins(before, after releases.Version, set map[string]string) []string {
	flips, _ := releases.Flips(before, after)
	var dead []string
	for _, flip := range flips {
		value, pinned := set[flip.Flag]
		// What is set to what Istio then does anyhow is without effect, and without harm.
		if pinned && flip.Program == releases.Istiod && flip.Kind == releases.Removed && value != flip.Last {
			dead = append(dead, fmt.Sprintf("%s=%s is set, and Istio %s does not read it (gone in %s)", flip.Flag, value, after, flip.Release))
		}
	}
	return dead
}

// unrepeated are the flags that both revisions could have and have differently.
func unrepeated(m move, planes []istio.ControlPlane) []string {
	if !slices.ContainsFunc(planes, func(p istio.ControlPlane) bool { return p.Revision == m.to }) {
		return nil
	}
	before, after := flagsOf(planes, m.from), flagsOf(planes, m.to)
	var all []string
	for _, flag := range slices.Sorted(maps.Keys(before)) {
		value, set := after[flag]
		switch {
		case slices.Contains(names.OwnEnvironment(), flag), set && value == before[flag]:
		case set:
			all = append(all, fmt.Sprintf("%s is %s in %s and %s in %s", flag, before[flag], m.from, value, m.to))
		default:
			all = append(all, fmt.Sprintf("%s=%s of %s is not set in %s", flag, before[flag], m.from, m.to))
		}
	}
	return all
}
