package diagnose

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/probe"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

// needed is how many calls a caller must make before a version that did not answer is
// evidence.
func (r reader) needed(hosts []probe.Host) int {
	n, err := verdict.RequiredSize(verdict.Expectation{
		Shares: sharesOf(hosts, r.opts.versions), Sources: r.opts.sources,
		ErrorProbability: cmp.Or(r.opts.ErrorProbability, DefaultErrorProbability),
	})
	r.unread("number of calls", err)
	return n
}

// firstCalls is the size of the first batch. Each is as large as all before it: where calls
// fail or stall for seconds the first few tell, and nobody has to wait for the rest.
const firstCalls = 2

// calls makes so many calls from a Sleep pod, or fewer if they run into trouble.
func (r reader) calls(ctx context.Context, pod Pod, count int) []probe.Call {
	target := kube.Target{Namespace: pod.Namespace, Pod: pod.Name, Container: "sleep"}
	var all []probe.Call
	for len(all) < count {
		calls, err := probe.Run(ctx, r.exec, target, probe.Batch{
			URL: fmt.Sprintf("http://helloworld.%s:%d/hello", r.opts.Namespace, helloPort), UserAgent: "diagnose",
			Count: min(max(firstCalls, len(all)), count-len(all)),
		})
		r.unread("calls", err)
		all = append(all, calls...)
		if err != nil || slices.ContainsFunc(calls, troubled) {
			break
		}
	}
	return all
}

func troubled(c probe.Call) bool { return !c.Good() || c.Latency >= stall }

// sharesOf are the parts of the calls that each endpoint of the caller's proxy gets: of
// clusters outside of the fleet too, which take their part. Every endpoint that is seen
// is more than every version. Without endpoints each of so many versions has the same.
func sharesOf(hosts []probe.Host, versions int) []verdict.Share {
	var total uint64
	for _, host := range hosts {
		if host.Healthy {
			total += host.Weight
		}
	}
	var shares []verdict.Share
	for _, host := range hosts {
		if host.Healthy {
			shares = append(shares, verdict.Share{Version: host.Address, Part: float64(host.Weight) / float64(total)})
		}
	}
	if len(shares) >= versions {
		return shares
	}
	var names []string
	for i := range versions {
		names = append(names, fmt.Sprintf("v%d", i+1))
	}
	return verdict.EqualShares(names...)
}
