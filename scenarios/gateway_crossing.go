package scenarios

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/probe"
	"github.com/eastwest-mesh/eastwest/framework/run"
	"github.com/eastwest-mesh/eastwest/framework/workload"
)

func gatewayCrossing() run.Scenario {
	return run.Scenario{
		ID:      "gateway-crossing",
		Name:    "Calls cross by the gateways and by nothing else",
		Promise: "calls cross to the other cluster through its east-west gateway and in no other way",
		Source:  "guide, \"Exposing services\" (separate networks need an east-west gateway); Istio pilot/pkg/xds/endpoints/ep_filters.go",
		Needs:   run.Needs{Clusters: 2},
		Bound:   boundSample,
		Run:     on(runGatewayCrossing),
	}
}

// runGatewayCrossing looks at one thing in three ways that cannot all be wrong:
// which endpoints a caller has, what its proxy and the remote gateway counted
// while it called, and whether the remote pod can be reached without them.
func runGatewayCrossing(ctx context.Context, t trial) error {
	if err := separateNetworks(t.Fleet); err != nil {
		return err
	}
	// The callers without a sidecar start while the sample is taken, which they have no part in.
	var outside, sampled error
	var both sync.WaitGroup
	both.Go(func() { outside = t.makeNoSidecars(ctx) })
	both.Go(func() { sampled = t.samples(ctx) })
	both.Wait()
	if err := errors.Join(outside, sampled); err != nil {
		return err
	}
	return t.Fleet.ForEach(ctx, func(ctx context.Context, source *fleet.Cluster) error {
		crossing := crossing{trial: t, source: source}
		var wrong []string
		for _, check := range []func(context.Context) ([]string, error){
			crossing.endpoints, crossing.counters, crossing.directly,
		} {
			found, err := check(ctx)
			if err != nil {
				return fmt.Errorf("from cluster %q: %w", source.Name, err)
			}
			wrong = append(wrong, found...)
		}
		return run.Violated(wrong...)
	})
}

// separateNetworks refuses a flat mesh, where pods call pods and no gateway is wanted.
func separateNetworks(f *fleet.Fleet) error {
	owner := map[string]string{}
	for _, cluster := range f.Clusters {
		if first, twice := owner[cluster.Network]; twice {
			return fmt.Errorf("%w: clusters %s and %s are on one network (%s)", run.ErrUnsupported, first, cluster.Name, cluster.Network)
		}
		owner[cluster.Network] = cluster.Name
	}
	return nil
}

// crossing is what one source cluster's calls to the others are looked at with.
type crossing struct {
	trial
	source *fleet.Cluster
}

// passed is HelloWorld in a gateway that passes TLS through by SNI.
func (c crossing) passed() string {
	return fmt.Sprintf("outbound_.%d_._.%s.svc.cluster.local", workload.HelloWorldPort, workload.Host(c.Namespace))
}

// endpoints wants exactly the source's own pods and the others' gateways.
func (c crossing) endpoints(ctx context.Context) ([]string, error) {
	hosts, err := c.hosts(ctx)
	if err != nil {
		return nil, err
	}
	want, err := c.localEndpoints(ctx)
	if err != nil {
		return nil, err
	}
	for _, other := range c.Fleet.Others(c.source) {
		gateway, err := gatewayEndpoints(ctx, gatewayQuery{of: other, seenBy: c.source})
		if err != nil {
			return nil, err
		}
		for _, endpoint := range gateway {
			want[endpoint] = "the gateway of cluster " + other.Name
		}
	}
	return c.compare(hosts, want), nil
}

// compare tells every endpoint that is missing or that should not be there.
func (c crossing) compare(hosts []istio.Endpoint, want map[string]string) []string {
	var wrong []string
	have := map[string]bool{}
	for _, host := range hosts {
		have[host.Address] = true
		if want[host.Address] == "" {
			wrong = append(wrong, fmt.Sprintf("the caller in cluster %q has the endpoint %s, which is neither a local pod nor a gateway", c.source.Name, host.Address))
		}
	}
	for _, address := range slices.Sorted(mapKeys(want)) {
		if !have[address] {
			wrong = append(wrong, fmt.Sprintf("the caller in cluster %q lacks the endpoint %s, %s", c.source.Name, address, want[address]))
		}
	}
	return wrong
}

func (c crossing) localEndpoints(ctx context.Context) (map[string]string, error) {
	pods, err := probe.ReadyPods(ctx, c.source.Client, c.Namespace, workload.VersionSelector(c.source.Version))
	if err != nil {
		return nil, err
	}
	local := map[string]string{}
	for _, pod := range pods {
		local[hostPort(pod.Status.PodIP, workload.HelloWorldPort)] = "a pod of its own"
	}
	return local, nil
}

// hosts are HelloWorld's endpoints in the caller's proxy.
func (c crossing) hosts(ctx context.Context) ([]istio.Endpoint, error) {
	target, err := c.sleep(c.source).Pick(ctx)
	if err != nil {
		return nil, err
	}
	return istio.Endpoints(ctx, c.source.Client, c.Namespace, target.Pod)
}

// counters makes one batch between two readings: every answer of another
// cluster must have been a request to that cluster's gateway, which must hold
// a connection for HelloWorld, and nothing may have failed behind a retry.
func (c crossing) counters(ctx context.Context) ([]string, error) {
	before, err := c.hosts(ctx)
	if err != nil {
		return nil, err
	}
	calls, err := probe.Measure(ctx, c.sleep(c.source), c.batch(countedCalls))
	if err != nil {
		return nil, err
	}
	after, err := c.hosts(ctx)
	if err != nil {
		return nil, err
	}
	counted := counted{source: c.source.Name, before: before, after: after, calls: calls}
	wrong := counted.failures()
	for _, other := range c.Fleet.Others(c.source) {
		gateway, err := gatewayEndpoints(ctx, gatewayQuery{of: other, seenBy: c.source})
		if err != nil {
			return nil, err
		}
		lacking, err := counted.through(other.Version, gateway)
		if err != nil {
			return nil, err
		}
		wrong = append(wrong, lacking...)
		carried, err := c.carried(ctx, other)
		if err != nil {
			return nil, err
		}
		if !carried && answersOf(calls, other.Version) > 0 {
			wrong = append(wrong, fmt.Sprintf("version %s answered, but no gateway of cluster %q has counted a connection to HelloWorld", other.Version, other.Name))
		}
	}
	return wrong, nil
}

// countedCalls is the size of the batch between two readings of the counters:
// with two versions, all of it stays local with a probability of 2^-20.
const countedCalls = 20

// carried reports whether a gateway of the cluster has carried connections to
// HelloWorld. Connections are kept alive, so the number of requests cannot be
// read here, only that there is or was a connection.
func (c crossing) carried(ctx context.Context, cluster *fleet.Cluster) (bool, error) {
	gateways, err := gatewaysOf(ctx, cluster)
	if err != nil {
		return false, err
	}
	for _, pod := range gateways.Pods {
		if !pod.ProxyReady {
			continue
		}
		hosts, err := istio.EndpointsOf(ctx, cluster.Client, pod, c.passed())
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(hosts, func(h istio.Endpoint) bool { return h.Total.Connections > 0 }) {
			return true, nil
		}
	}
	return false, nil
}

// counted is a batch with the caller's counters before and after.
type counted struct {
	source        string
	before, after []istio.Endpoint
	calls         []probe.Call
}

// failures lists what went wrong behind the answers, where retries hide it.
func (c counted) failures() []string {
	var wrong []string
	grown, ok := istio.Since(c.before, c.after)
	if !ok {
		return nil // through says so
	}
	var during istio.Counters
	for _, host := range grown {
		during.Failed += host.During.Failed
		during.Errors += host.During.Errors
	}
	for _, counter := range []struct {
		name   string
		growth uint64
	}{{"cx_connect_fail", during.Failed}, {"rq_error", during.Errors}} {
		if counter.growth > 0 {
			wrong = append(wrong, fmt.Sprintf("during %d calls from cluster %q the caller's proxy counted %s +%d: retries hide failures", len(c.calls), c.source, counter.name, counter.growth))
		}
	}
	return wrong
}

// through compares the answers of a version with the requests to its cluster's gateway.
func (c counted) through(version string, gateway []string) ([]string, error) {
	grown, ok := istio.Since(c.before, c.after)
	if !ok {
		return nil, fmt.Errorf("the proxy's counters shrank while it was called: it was restarted, so nothing can be concluded")
	}
	var requests uint64
	for _, host := range grown {
		if slices.Contains(gateway, host.Address) {
			requests += host.During.Requests
		}
	}
	got := answersOf(c.calls, version)
	if requests == uint64(got) { //nolint:gosec // a count
		return nil, nil
	}
	return []string{fmt.Sprintf("version %s answered %d calls from cluster %q, but its proxy sent %d requests to %s",
		version, got, c.source, requests, strings.Join(gateway, ", "))}, nil
}

func answersOf(calls []probe.Call, version string) int {
	count := 0
	for _, call := range calls {
		if call.Good() && call.Version == version {
			count++
		}
	}
	return count
}
