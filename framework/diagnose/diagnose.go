package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/redact"
	"github.com/eastwest-mesh/eastwest/framework/report"
)

// rung is one link of the chain.
type rung struct {
	name  string
	check func([]Facts) []report.Finding
}

// ladder lists the rungs from the lowest up. The order is that in which a mesh
// is built: a broken rung breaks what stands on it.
func ladder() []rung {
	return []rung{
		{"API", checkAPI},
		{"install", checkInstall},
		{"configuration", checkConfiguration},
		{"network identity", checkNetworkIdentity},
		{"gateway address", checkGatewayAddress},
		{"exposure", checkExposure},
		{"discovery", checkDiscovery},
		{"trust", checkTrust},
		{"injection", checkInjection},
		{"policy", checkPolicy},
		{"traffic", checkTraffic},
	}
}

// Rungs are the names of the rungs from the lowest up.
func Rungs() []string {
	var names []string
	for _, r := range ladder() {
		names = append(names, r.name)
	}
	return names
}

// Diagnosis is what the ladder found.
type Diagnosis struct {
	// Causes are the findings of the lowest broken rung.
	Causes []report.Finding
	// Consequences are the findings of the rungs above it.
	Consequences []report.Finding
	// Unread lists, by cluster, what could not be read.
	Unread []string
	// Notes are facts that a reader should know and that nobody is blamed for.
	Notes []string
}

// Healthy is true when no rung was found broken; with something in Unread that
// does not mean that all are sound.
func (d Diagnosis) Healthy() bool { return len(d.Causes) == 0 }

// Findings returns causes, then consequences; a consequence says what it hangs on.
func (d Diagnosis) Findings() []report.Finding {
	all := slices.Clone(d.Causes)
	for _, finding := range d.Consequences {
		finding.Found += " (probably a consequence of the broken rung \"" + d.Causes[0].Rung + "\": mend that first)"
		all = append(all, finding)
	}
	return all
}

// Judge climbs the ladder over the facts of all clusters.
func Judge(fleet []Facts) Diagnosis {
	fleet = slices.Clone(fleet)
	slices.SortFunc(fleet, func(a, b Facts) int { return cmp.Compare(a.Cluster.Name, b.Cluster.Name) })
	var d Diagnosis
	for _, r := range ladder() {
		found := r.check(fleet)
		for i := range found {
			found[i].Rung = r.name
		}
		if d.Healthy() {
			d.Causes = found
		} else {
			d.Consequences = append(d.Consequences, found...)
		}
	}
	for _, facts := range fleet {
		for _, what := range facts.Unread {
			d.Unread = append(d.Unread, facts.Cluster.Name+": "+what)
		}
		for _, note := range outside(facts, fleet) {
			d.Notes = append(d.Notes, facts.Cluster.Name+": "+note)
		}
	}
	return d
}

// reached returns the clusters whose API answered: the others have no facts.
func reached(fleet []Facts) []Facts {
	var out []Facts
	for _, facts := range fleet {
		if facts.APIError == "" {
			out = append(out, facts)
		}
	}
	return out
}

// Text tells the diagnosis to a reader: the causes with their remedies, then
// the consequences, then what could not be read.
func (d Diagnosis) Text() string {
	var out strings.Builder
	switch {
	case d.Healthy() && len(d.Unread) == 0:
		out.WriteString("Every rung is sound: no broken link was found.\n")
	case d.Healthy():
		out.WriteString("No broken link was found, but not everything could be read, and one may hide there.\n")
	}
	for _, finding := range d.Findings() {
		fmt.Fprintf(&out, "%s\n", redact.Printable(strings.Join(strings.Fields(fmt.Sprintf("%s %s [%s]", finding.Cluster, finding.Cause, finding.Rung)), " ")))
		fmt.Fprintf(&out, "  found:  %s\n", redact.Printable(finding.Found))
		if finding.Want != "" {
			fmt.Fprintf(&out, "  want:   %s\n", redact.Printable(finding.Want))
		}
		if finding.Remedy != "" {
			fmt.Fprintf(&out, "  remedy: %s\n", redact.Printable(finding.Remedy))
		}
	}
	for _, what := range d.Unread {
		fmt.Fprintf(&out, "could not read: %s\n", redact.Printable(what))
	}
	for _, note := range d.Notes {
		fmt.Fprintf(&out, "note: %s\n", redact.Printable(note))
	}
	return out.String()
}
