package diagnose

import (
	"cmp"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/checks"
	"github.com/eastwest-mesh/eastwest/framework/istio"
)

// Diagnosis is what the checks found.
type Diagnosis struct {
	// Causes are the errors that nothing else explains, the one that explains most first.
	Causes []Cause
	// Warnings and Notes are what is found beside them.
	Warnings, Notes []checks.Finding
	// Unread is what could not be read, once each.
	Unread []checks.Unread
	// Unanswered are the IDs of checks of severity error that could not look everywhere.
	Unanswered []string
	// Silent are the clusters that could be asked and from which no calls were made.
	Silent []string
	// Unsupported are the clusters that are not judged: nothing is found about them, nor about
	// calls from or to them.
	Unsupported []checks.Unsupported
	// Accepted are findings that the fleet's owners live with, whatever their severity. Expired
	// are acceptances that have ended, each as bad as an error, and Unmatched those that no
	// finding needed.
	Accepted           []checks.Accepted
	Expired, Unmatched []checks.Acceptance
	// Asked is how many checks were asked, Clusters about how many clusters, Calls how many
	// calls they rest on.
	Asked, Clusters, Calls int
}

// Cause is an error and what follows from it.
type Cause struct {
	checks.Finding
	// Accepted is what explains it and is accepted; nil for nothing.
	Accepted     *checks.Accepted
	Consequences []checks.Finding
}

// Healthy is true when no error was found and no acceptance has expired. It is not known to be true of the mesh unless the
// diagnosis is Complete.
func (d Diagnosis) Healthy() bool { return len(d.Causes)+len(d.Expired) == 0 }

// Complete is true when every check of severity error could look everywhere.
func (d Diagnosis) Complete() bool { return len(d.Unanswered)+len(d.Unsupported) == 0 }

// Judge asks checks about a snapshot. A finding that is accepted, as of when the snapshot was
// taken, is set aside; what follows from it is not.
func Judge(s *istio.Snapshot, all []checks.Check, accepted ...checks.Acceptance) Diagnosis {
	d := Diagnosis{Asked: len(all), Clusters: len(s.Clusters), Calls: calls(s), Unsupported: checks.FindUnsupported(s)}
	var errs []checks.Finding
	acceptances := checks.NewAcceptances(accepted, s.Taken)
	for _, answer := range checks.Run(s, all) {
		for _, finding := range checks.Judged(answer.Findings, d.Unsupported) {
			if finding.Severity == checks.Error && !answer.Check.Firm && carried(s, finding) {
				finding.Severity = checks.Warning
			}
			if acceptances.Take(finding) {
				continue
			}
			switch finding.Severity {
			case checks.Error:
				errs = append(errs, finding)
			case checks.Warning:
				d.Warnings = append(d.Warnings, finding)
			case checks.Info:
				d.Notes = append(d.Notes, finding)
			}
		}
		d.keepUnread(answer)
	}
	d.Causes = order(errs, all)
	markAccepted(d.Causes, acceptances.Accepted, all)
	d.Accepted, d.Expired, d.Unmatched = acceptances.Accepted, acceptances.Expired(), acceptances.Unmatched()
	for i := range s.Clusters {
		if caller, why := s.Clusters[i].Caller.Get(); why == nil && len(caller.Calls) == 0 {
			d.Silent = append(d.Silent, s.Clusters[i].Name)
		}
	}
	return d
}

func (d *Diagnosis) keepUnread(answer checks.Answer) {
	if len(answer.Unread) > 0 && answer.Check.Severity == checks.Error {
		d.Unanswered = append(d.Unanswered, answer.Check.ID)
	}
	for _, unread := range answer.Unread {
		if !slices.Contains(d.Unread, unread) {
			d.Unread = append(d.Unread, unread)
		}
	}
}

func calls(s *istio.Snapshot) int {
	sum := 0
	for i := range s.Clusters {
		caller, _ := s.Clusters[i].Caller.Get()
		sum += len(caller.Calls)
	}
	return sum
}

// carried is true for a finding about calls that were all seen to work.
func carried(s *istio.Snapshot, f checks.Finding) bool {
	return len(f.Pairs) > 0 && !slices.ContainsFunc(f.Pairs, func(p checks.Pair) bool { return !works(s, p) })
}

// slow is how long no sound call takes.
const slow = 5e9 // nanoseconds

// works is true for a pair where the destination answered, and no call of the source went
// wrong: of one that did nobody knows where it went.
func works(s *istio.Snapshot, p checks.Pair) bool {
	source, destination := cluster(s, p.Source), cluster(s, p.Destination)
	if source == nil || destination == nil || destination.Version == "" {
		return false
	}
	caller, why := source.Caller.Get()
	if why != nil {
		return false
	}
	answered := false
	for _, call := range caller.Calls {
		if call.Unsound {
			continue
		}
		if !call.Good() || call.Latency >= slow {
			return false
		}
		answered = answered || call.Version == destination.Version
	}
	return answered
}

func cluster(s *istio.Snapshot, name string) *istio.Cluster {
	i := slices.IndexFunc(s.Clusters, func(c istio.Cluster) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return &s.Clusters[i]
}

// order puts each error below the one that explains it. Of several that do, the one of the
// lowest layer counts.
func order(errs []checks.Finding, all []checks.Check) []Cause {
	explains := explained(all)
	under := make([]int, len(errs)) // the index of what explains it; itself for nothing
	for i, f := range errs {
		under[i] = i
		for k, g := range errs {
			if i == k || !covers(explains[g.Check], g, f) {
				continue
			}
			if under[i] == i || g.Check < errs[under[i]].Check {
				under[i] = k
			}
		}
	}
	// Should two explain each other, neither is lost.
	for i := range errs {
		if root(under, i) < 0 {
			under[i] = i
		}
	}
	causes := map[int]*Cause{}
	var roots []int
	for i := range errs {
		if under[i] == i {
			causes[i] = &Cause{Finding: errs[i]}
			roots = append(roots, i)
		}
	}
	for i, f := range errs {
		if at := root(under, i); at != i {
			causes[at].Consequences = append(causes[at].Consequences, f)
		}
	}
	ordered := make([]Cause, 0, len(roots))
	for _, i := range roots {
		ordered = append(ordered, *causes[i])
	}
	slices.SortStableFunc(ordered, func(a, b Cause) int {
		return cmp.Or(cmp.Compare(len(b.Consequences), len(a.Consequences)), cmp.Compare(a.Check, b.Check), cmp.Compare(a.Cluster, b.Cluster))
	})
	return ordered
}

// markAccepted notes of each cause what explains it and is accepted.
func markAccepted(causes []Cause, accepted []checks.Accepted, all []checks.Check) {
	explains := explained(all)
	for i := range causes {
		k := slices.IndexFunc(accepted, func(a checks.Accepted) bool { return covers(explains[a.Check], a.Finding, causes[i].Finding) })
		if k >= 0 {
			causes[i].Accepted = &accepted[k]
		}
	}
}

// explained is what each check explains.
func explained(all []checks.Check) map[string][]string {
	explains := map[string][]string{}
	for _, check := range all {
		explains[check.ID] = check.Explains
	}
	return explains
}

// root is what a chain of explanations ends at; -1 where it has no end.
func root(under []int, i int) int {
	for range under {
		if under[i] == i {
			return i
		}
		i = under[i]
	}
	return -1
}

// traffic begins the IDs of what is seen of calls.
const traffic = "EW08"

// covers is true where a finding explains another: the checks say so, and it is about the
// same pairs. What concerns one of several pairs, nobody knows which, is explained by a
// finding about any of them.
func covers(explains []string, by, f checks.Finding) bool {
	// A whole layer, or all of them, is explained by what is below it; a single check also by
	// what is above.
	named := slices.ContainsFunc(explains, func(prefix string) bool {
		return prefix == f.Check || strings.HasPrefix(f.Check, prefix) && by.Check < f.Check
	})
	if !named {
		return false
	}
	if len(f.Pairs) == 0 {
		// Calls that stayed within a cluster.
		return strings.HasPrefix(f.Check, traffic) && f.Cluster == by.Cluster
	}
	about := func(p checks.Pair) bool { return slices.Contains(by.Pairs, p) }
	if f.Any {
		return slices.ContainsFunc(f.Pairs, about)
	}
	return !slices.ContainsFunc(f.Pairs, func(p checks.Pair) bool { return !about(p) })
}
