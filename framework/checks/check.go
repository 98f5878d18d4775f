package checks

import (
	"cmp"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

// Severity is how much a finding means.
type Severity string

// The severities. Nothing that a sound mesh can show is an Error.
const (
	// Error: calls fail, or will as soon as something restarts.
	Error Severity = "error"
	// Warning: calls work, and something will break them, or part of them, later.
	Warning Severity = "warning"
	// Info: worth knowing.
	Info Severity = "info"
)

// rank orders severities, the worst first.
func (s Severity) rank() int { return slices.Index([]Severity{Error, Warning, Info}, s) }

// Check is one question.
type Check struct {
	// ID is EW, two digits of the layer and two more: 01 access, 02 install, 03 revision and
	// injection, 04 network and gateway, 05 discovery, 06 trust, 07 policy and routing, 08
	// traffic, 09 upgrade. It is never used for another question.
	ID       string
	Severity Severity
	// Title says what is wrong, Question what is asked.
	Title, Question string
	// Why is what follows for whoever calls, in a sentence or two.
	Why string
	// Related are codes of other tools for the same: "IST0101", "KIA0201".
	Related []string
	// Source is where this can be read: a link, an issue, a file in Istio.
	Source string
	// Firm is true where the finding stands although calls are seen to work: they work
	// with what proxies still know, and will not once something restarts.
	Firm bool
	// Explains are IDs, or beginnings of IDs, of checks whose findings about the same pair
	// of clusters follow from this one's.
	Explains []string
	// Judge looks and reports what it finds.
	Judge func(*Look)
}

// LayerUpgrade is the layer of the checks that only an upgrade wants.
const LayerUpgrade = "09"

// Layer is the part of the ID that says where in the mesh the check looks.
func (c Check) Layer() string { return c.ID[2:4] }

// Pair is calls from one cluster to another.
type Pair struct {
	Source      string `json:"source"`
	Destination string `json:"destination"`
}

// String is SOURCE -> DESTINATION.
func (p Pair) String() string { return p.Source + " -> " + p.Destination }

// Finding is something that is wrong.
type Finding struct {
	// Check is the ID.
	Check    string   `json:"check"`
	Severity Severity `json:"severity"`
	Title    string   `json:"title"`
	// Cluster is where it is and where it is mended.
	Cluster string `json:"cluster,omitempty"`
	// Pairs are the calls between clusters that it concerns; none where it concerns no calls.
	Pairs []Pair `json:"pairs,omitempty"`
	// Any is true where it concerns some of the pairs and nobody can tell which.
	Any   bool   `json:"any,omitempty"`
	Found string `json:"found"`
	Want  string `json:"want,omitempty"`
	Fix   Fix    `json:"fix,omitzero"`
}

// Fix is what to do.
type Fix struct {
	Text string `json:"text,omitempty"`
	// Commands can be pasted, in their order.
	Commands []string `json:"commands,omitempty"`
}

// Unread is something that a check needed and that is not known.
type Unread struct {
	Cluster string `json:"cluster"`
	istio.Unknown
}

// Answer is what became of one check.
type Answer struct {
	Check    Check
	Findings []Finding
	// Unread is why the check could not look everywhere; with it, no finding does not mean
	// that all is well.
	Unread []Unread
}

// Look is a snapshot as one check sees it.
type Look struct {
	*istio.Snapshot

	check    Check
	findings []Finding
	unread   []Unread
	// entries keeps what is asked for again for every endpoint of a large fleet.
	entries map[Pair][]string
}

// Need returns what a section of a cluster holds. Where it is not known that is noted, and
// ok is false: the check must then find nothing that rests on it.
func Need[T any](l *Look, c *istio.Cluster, section istio.Section[T]) (value T, ok bool) {
	value, why := section.Get()
	if why == nil {
		return value, true
	}
	unread := Unread{Cluster: c.Name, Unknown: *why}
	if !slices.Contains(l.unread, unread) {
		l.unread = append(l.unread, unread)
	}
	return value, false
}

// Find reports a finding about a cluster. Check, title and, where it is not given, severity
// are the check's.
func (l *Look) Find(f Finding) {
	f.Check, f.Title, f.Severity = l.check.ID, l.check.Title, cmp.Or(f.Severity, l.check.Severity)
	l.findings = append(l.findings, f)
}

// Run asks checks about a snapshot. The answers are in the order of the checks, findings
// in that of the clusters.
func Run(snapshot *istio.Snapshot, all []Check) []Answer {
	answers := make([]Answer, 0, len(all))
	for _, check := range all {
		look := &Look{Snapshot: snapshot, check: check}
		check.Judge(look)
		answers = append(answers, Answer{Check: check, Findings: look.findings, Unread: look.unread})
	}
	return answers
}
