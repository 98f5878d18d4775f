package checks

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0104() Check {
	return Check{
		ID: "EW0104", Severity: Warning,
		Title:    "The clock of an API server is far off",
		Question: "Do the clocks of all API servers agree with each other?",
		Why:      "A certificate or token that was just made on one cluster is not valid yet on another, or not valid any more. istiod dates certificates back by two minutes only.",
		Source:   "istio: security/pkg/pki/util/generate_cert.go, ClockSkewGracePeriod",
		Judge:    clocks,
	}
}

const (
	// clockWarning is more than requests and NTP explain.
	clockWarning = 30 * time.Second
	// clockGrace is by how much istiod dates certificates back.
	clockGrace = 2 * time.Minute
)

func clocks(l *Look) {
	var all []time.Duration
	for i := range l.Clusters {
		c := &l.Clusters[i]
		if _, ok := Need(l, c, c.Identity); ok {
			all = append(all, ahead(c))
		}
	}
	if ownClock(all) {
		l.Find(Finding{
			Severity: Info,
			Found:    fmt.Sprintf("the clocks of all API servers that answered are %s the clock of the machine that asked", apart(all[0])),
			Fix:      Fix{Text: "set the clock of the machine on which eastwest runs"},
		})
		return
	}
	l.each(func(c *istio.Cluster) {
		if ahead(c).Abs() <= clockWarning {
			return
		}
		l.Find(Finding{
			Cluster: c.Name, Pairs: l.around(c),
			Found: fmt.Sprintf("the clock of the API server of %s is %s that of the machine that asked%s", c.Name, apart(ahead(c)), consequence(ahead(c))),
			Want:  fmt.Sprintf("clocks that differ by less than %s", clockWarning),
			Fix: Fix{
				Text:     "have the nodes of the cluster, and the machine on which eastwest runs, set their clocks by NTP. The time by the API server is in the header Date:",
				Commands: []string{kubectl(c, "get --raw /version --v=8")},
			},
		})
	})
}

// ownClock is true where all clusters agree with each other, and not with us: it is then
// our clock that is wrong, or nobody can tell.
func ownClock(all []time.Duration) bool {
	return len(all) > 0 && slices.Max(all)-slices.Min(all) <= clockWarning &&
		!slices.ContainsFunc(all, func(d time.Duration) bool { return d.Abs() <= clockWarning })
}

func apart(ahead time.Duration) string {
	direction := "ahead of"
	if ahead < 0 {
		direction = "behind"
	}
	return fmt.Sprintf("%s %s", ahead.Abs().Round(time.Second), direction)
}

// consequence says what follows from a large difference.
func consequence(ahead time.Duration) string {
	if ahead.Abs() <= clockGrace {
		return ""
	}
	minutes := int(math.Floor(ahead.Abs().Minutes()))
	if ahead > 0 {
		return fmt.Sprintf(": where clocks are right, certificates that its istiod signs are not valid until %d minutes later", minutes-int(clockGrace.Minutes()))
	}
	return fmt.Sprintf(": certificates and tokens made elsewhere are not valid there until %d minutes later", minutes-int(clockGrace.Minutes()))
}
