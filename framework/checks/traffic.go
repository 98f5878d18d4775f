package checks

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// What the checks of calls have in common.

// stall is a latency that no sound call to HelloWorld reaches, and that a connect timeout of
// 10 s (MeshConfig.connectTimeout) behind a retry does.
const stall = 5 * time.Second

const (
	statusOK        = 200
	statusForbidden = 403
)

// soundCalls are the calls of a cluster's Sleep that the probe did not lose track of.
func soundCalls(calls []istio.Call) []istio.Call {
	return slices.DeleteFunc(slices.Clone(calls), func(c istio.Call) bool { return c.Unsound })
}

// calls looks at every caller that made any.
func (l *Look) calls(look func(c *istio.Cluster, caller istio.Caller, calls []istio.Call)) {
	l.each(func(c *istio.Cluster) {
		caller, ok := Need(l, c, c.Caller)
		if calls := soundCalls(caller.Calls); ok && len(calls) > 0 {
			look(c, caller, calls)
		}
	})
}

// these are the calls that something is true for.
func these(calls []istio.Call, is func(istio.Call) bool) []istio.Call {
	return slices.DeleteFunc(slices.Clone(calls), func(c istio.Call) bool { return !is(c) })
}

func isRefused(c istio.Call) bool { return c.Status == statusForbidden }

// isFailed is true for a call that brought no answer of HelloWorld, for no reason that
// another check names.
func isFailed(c istio.Call) bool { return !c.Good() && !isRefused(c) && !c.NameUnknown }

// refused are the calls from a cluster that were answered with 403.
func refused(from *istio.Cluster) []istio.Call {
	caller, _ := from.Caller.Get()
	return these(soundCalls(caller.Calls), isRefused)
}

// callsFail is true where calls from a cluster failed.
func callsFail(from *istio.Cluster) bool {
	caller, _ := from.Caller.Get()
	return slices.ContainsFunc(soundCalls(caller.Calls), isFailed)
}

// answered is true where calls from one cluster were answered by HelloWorld of another.
func answered(from, to *istio.Cluster) bool {
	caller, _ := from.Caller.Get()
	return to.Version != "" && slices.ContainsFunc(caller.Calls, func(c istio.Call) bool { return c.Good() && c.Version == to.Version })
}

// describeCalls says what came back, the good answers first.
func describeCalls(calls []istio.Call) string {
	good, bad := map[string]int{}, map[string]int{}
	for _, call := range calls {
		switch {
		case call.Good():
			good[call.Version]++
		case call.Status == statusOK:
			bad["200 without a version of HelloWorld"]++
		case call.Status != 0:
			bad["status "+strconv.Itoa(call.Status)]++
		case call.Error != "":
			bad[call.Error]++
		default:
			bad["no answer"]++
		}
	}
	var parts []string
	for _, version := range slices.Sorted(maps.Keys(good)) {
		parts = append(parts, fmt.Sprintf("%d answered by %s", good[version], version))
	}
	for _, what := range slices.Sorted(maps.Keys(bad)) {
		parts = append(parts, fmt.Sprintf("%d with %s", bad[what], what))
	}
	return strings.Join(parts, ", ")
}

// owners are the clusters that an endpoint of HelloWorld in a caller's proxy may lead to,
// the caller's own among them; none where that cannot be known. Clusters that share a network
// may share its gateways.
func (l *Look) owners(c *istio.Cluster, endpoint istio.Endpoint) []string {
	if holds(c, endpoint.Address) {
		return []string{c.Name}
	}
	var owners []string
	l.others(c, func(other *istio.Cluster) {
		same, ok := sameNetwork(l, c, other)
		if ok && (same && holds(other, endpoint.Address) || !same && slices.Contains(entries(l, c, other), endpoint.Address)) {
			owners = append(owners, other.Name)
		}
	})
	return owners
}

// holds is true for the address of one of HelloWorld's pods of a cluster.
func holds(c *istio.Cluster, address string) bool {
	host, _, err := net.SplitHostPort(address)
	workloads, _ := c.Workloads.Get()
	return err == nil && slices.ContainsFunc(runs(workloads, helloWorld), func(p istio.Pod) bool { return p.IP == host })
}

// entries are the addresses by which one cluster's callers enter another's network: what its
// istiods say, and those of the other's Services.
func entries(l *Look, c, other *istio.Cluster) []string {
	key := Pair{c.Name, other.Name}
	if known, ok := l.entries[key]; ok {
		return known
	}
	if l.entries == nil {
		l.entries = map[Pair][]string{}
	}
	l.entries[key] = readEntries(l, c, other)
	return l.entries[key]
}

func readEntries(l *Look, c, other *istio.Cluster) []string {
	var addresses []string
	of, _ := network(l, other)
	ids := append(idsIn(l, c, other), other.Name, clusterID(other))
	istiods, _ := istiodsOf(l, c)
	for _, istiod := range istiods {
		ways, _ := istiod.Networks.Get()
		for _, way := range ways {
			if way.Network == of && (way.Cluster == "" || slices.Contains(ids, way.Cluster)) {
				addresses = append(addresses, join(way.Address, way.Port))
			}
		}
	}
	gateways, _ := other.Gateways.Get()
	for _, service := range gateways.Services {
		if service.Network == of {
			addresses = append(addresses, entriesOf(service)...)
		}
	}
	return addresses
}

func entriesOf(service istio.GatewayService) []string {
	var addresses []string
	for _, address := range slices.Concat(service.Addresses, service.ExternalIPs) {
		addresses = append(addresses, join(address, service.Port))
	}
	for _, node := range service.Nodes {
		for _, port := range service.Ports {
			if port.Port == service.Port {
				addresses = append(addresses, join(node, port.NodePort))
			}
		}
	}
	return addresses
}

func join(host string, port uint32) string { return net.JoinHostPort(host, strconv.Itoa(int(port))) }

// towards are the pairs from a caller's cluster to those clusters that some of its endpoints
// lead to; known is false where it cannot be said of any such endpoint where it leads.
func (l *Look) towards(c *istio.Cluster, caller istio.Caller, is func(istio.Endpoint) bool) (pairs []Pair, known bool) {
	endpoints, _ := caller.Endpoints.Get()
	for _, endpoint := range endpoints {
		if !is(endpoint) {
			continue
		}
		for _, owner := range l.owners(c, endpoint) {
			known = true
			pair := Pair{c.Name, owner}
			if owner != c.Name && !slices.Contains(pairs, pair) {
				pairs = append(pairs, pair)
			}
		}
	}
	return pairs, known
}

// unconnected is true for an endpoint to which connections failed and none succeeded: during
// the calls, or, where they did not touch it, since the proxy began.
func unconnected(e istio.Endpoint) bool {
	dead := func(c istio.Counters) bool { return c.Failed > 0 && c.Succeeded == 0 }
	return dead(e.During) || e.During == istio.Counters{} && dead(e.Total)
}

// access is a command that shows what the caller's proxy says of its calls.
func access(l *Look, c *istio.Cluster) string {
	return kubectl(c, "logs deployment/"+sleep, "--namespace="+quote(l.Namespace), "--container="+names.Proxy, "--tail=20")
}

// endpointsOf is a command that shows a caller's endpoints of HelloWorld.
func endpointsOf(l *Look, c *istio.Cluster) string {
	return istioctl(c, "proxy-config endpoints deployment/"+sleep, "--namespace="+quote(l.Namespace),
		"--cluster="+quote(fmt.Sprintf("outbound|%d||%s", helloPort, l.helloHost())))
}
