package diagnose

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/probe"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

// Options say what is measured.
type Options struct {
	// Namespace is that of the workloads.
	Namespace string
	// Calls is the number of calls from the Sleep pod of each cluster; 0 makes none, and
	// Sized as many as a missing answer needs to be evidence.
	Calls int
	// ErrorProbability is the chance that the calls of all clusters together blame a
	// sound mesh, for Sized; 0 means DefaultErrorProbability.
	ErrorProbability float64
}

// Sized has the number of calls follow from who can answer.
const Sized = -1

// DefaultErrorProbability is one in a million, as that of a verdict.
const DefaultErrorProbability = 1e-6

// Take reads a snapshot of the clusters, has every Sleep pod call HelloWorld and resolve the
// names of the other clusters' gateways, and adds what came of it. It changes nothing and
// never fails: what could not be read or tried is noted in the snapshot.
func Take(ctx context.Context, clusters []*fleet.Cluster, opts Options) *istio.Snapshot {
	s := istio.Take(ctx, clusters, istio.Options{Namespace: opts.Namespace})
	var group sync.WaitGroup
	for i, cluster := range clusters {
		caller, why := s.Clusters[i].Caller.Get()
		if why != nil || caller.Pod == "" || s.Clusters[i].Unanswered != "" {
			continue
		}
		m := measurement{exec: cluster.Client, opts: opts, clusters: len(clusters), names: hostNames(s, i), caller: caller}
		group.Go(func() {
			if err := m.run(ctx); err != nil {
				s.Clusters[i].Caller = istio.NotRead[istio.Caller](istio.Unknown{What: "calls of " + caller.Pod, Reason: istio.Unanswered, Message: err.Error()})
				return
			}
			s.Clusters[i].Caller = istio.Read(m.caller)
		})
	}
	group.Wait()
	s.Count(clusters)
	return s
}

// hostNames are those of the gateways of all clusters but one.
func hostNames(s *istio.Snapshot, but int) []string {
	var found []string
	for i := range s.Clusters {
		gateways, _ := s.Clusters[i].Gateways.Get()
		for _, service := range gateways.Services {
			for _, address := range service.Addresses {
				if i != but && net.ParseIP(address) == nil && service.Network != "" {
					found = append(found, address)
				}
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// measurement is what is tried from one Sleep pod.
type measurement struct {
	exec     probe.Execer
	opts     Options
	clusters int
	names    []string
	caller   istio.Caller
}

func (m *measurement) target() kube.Target {
	namespace, pod, _ := strings.Cut(m.caller.Pod, "/")
	return kube.Target{Namespace: namespace, Pod: pod, Container: "sleep"}
}

func (m *measurement) run(ctx context.Context) error {
	before, _ := m.caller.Endpoints.Get()
	if err := m.size(before); err != nil {
		return err
	}
	count := m.opts.Calls
	if count == Sized {
		count = m.caller.Needed
	}
	if err := m.call(ctx, count); err != nil {
		return err
	}
	if m.caller.Proxy && len(m.caller.Calls) > 0 {
		m.count(ctx, before)
	}
	return m.lookUp(ctx)
}

// count reads the counters of the caller's proxy again: what the calls have added.
func (m *measurement) count(ctx context.Context, before []istio.Endpoint) {
	target := m.target()
	after, err := istio.Endpoints(ctx, m.exec, target.Namespace, target.Pod)
	if err != nil {
		return // what was read before is still true
	}
	if grown, ok := istio.Since(before, after); ok {
		m.caller.Endpoints = istio.Read(grown)
	}
}

// size is how many calls must be made before a version that did not answer is evidence.
func (m *measurement) size(endpoints []istio.Endpoint) (err error) {
	m.caller.Needed, err = verdict.RequiredSize(verdict.Expectation{
		Shares: shares(endpoints, m.clusters), Sources: m.clusters,
		ErrorProbability: cmp.Or(m.opts.ErrorProbability, DefaultErrorProbability),
	})
	return err
}

// firstCalls is the size of the first batch. Each is as large as all before it: where calls
// fail or stall for seconds the first few tell, and nobody has to wait for the rest.
const firstCalls = 2

// call makes so many calls, or fewer if they run into trouble.
func (m *measurement) call(ctx context.Context, count int) error {
	for len(m.caller.Calls) < count {
		made, err := probe.Run(ctx, m.exec, m.target(), probe.Batch{
			URL: fmt.Sprintf("http://helloworld.%s:5000/hello", m.opts.Namespace), UserAgent: "diagnose",
			Count: min(max(firstCalls, len(m.caller.Calls)), count-len(m.caller.Calls)),
		})
		if err != nil {
			return err
		}
		for _, call := range made {
			m.caller.Calls = append(m.caller.Calls, istio.Call{
				Status: call.Status, Version: call.Version, Latency: call.Latency, Address: call.Address, Error: call.Err, NameUnknown: call.NameUnknown, Unsound: call.Unsound,
			})
		}
		if slices.ContainsFunc(made, func(c probe.Call) bool { return !c.Good() || c.Latency >= slow }) {
			return nil
		}
	}
	return nil
}

// resolveLimit bounds one lookup: a resolver's usual time-out is 5 s.
const resolveLimit = 6 * time.Second

// lookUp resolves names where the calls come from. Only the lookup counts, so that it does
// not matter that the pod's sidecar takes the connection.
func (m *measurement) lookUp(ctx context.Context) error {
	if len(m.names) == 0 {
		return nil
	}
	addresses := make([]probe.Address, 0, len(m.names))
	for _, name := range m.names {
		addresses = append(addresses, probe.Address{URL: "http://" + net.JoinHostPort(name, strconv.Itoa(names.CrossPort)), Limit: resolveLimit})
	}
	attempts, err := probe.Dial(ctx, m.exec, m.target(), addresses)
	if err != nil {
		return err
	}
	for i, attempt := range attempts {
		if resolves, known := attempt.Resolves(); known {
			m.caller.Lookups = append(m.caller.Lookups, istio.Lookup{Name: m.names[i], Resolves: resolves})
		}
	}
	return nil
}

// shares are the parts of the calls that each endpoint of the caller's proxy gets: of
// clusters outside of the fleet too, which take their part. Every endpoint that is seen
// is more than every version. Without endpoints each of so many versions has the same.
func shares(endpoints []istio.Endpoint, versions int) []verdict.Share {
	var total uint64
	for _, endpoint := range endpoints {
		if endpoint.Healthy {
			total += endpoint.Weight
		}
	}
	var all []verdict.Share
	for _, endpoint := range endpoints {
		if endpoint.Healthy && endpoint.Weight > 0 {
			all = append(all, verdict.Share{Version: endpoint.Address, Part: float64(endpoint.Weight) / float64(total)})
		}
	}
	if len(all) >= versions {
		return all
	}
	equal := make([]string, versions)
	for i := range equal {
		equal[i] = fmt.Sprintf("v%d", i+1)
	}
	return verdict.EqualShares(equal...)
}
