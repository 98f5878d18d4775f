package checks

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// What the checks of networks and gateways share: which network a cluster is on, which ways
// lead into it, and for which calls that matters.

// gatewayAPI is the label of pods that istiod makes for a Gateway of the Kubernetes Gateway
// API, whose listeners are no servers of Istio's own Gateway resources.
const gatewayAPI = "gateway.networking.k8s.io/gateway-name"

// answered is true where calls from one cluster to another are known to succeed: the version
// that runs only there answered. What works is not called broken.
func (l *Look) answered(source, destination *istio.Cluster) bool {
	if destination.Version == "" {
		return false
	}
	for i := range l.Clusters {
		if other := &l.Clusters[i]; other.Name != destination.Name && other.Version == destination.Version {
			return false
		}
	}
	caller, _ := source.Caller.Get()
	return slices.ContainsFunc(caller.Calls, func(call istio.Call) bool {
		return call.Good() && call.Version == destination.Version
	})
}

// injected are the networks that the injectors in use give to proxies.
func injected(c *istio.Cluster, injectors []istio.Injector) []string {
	var networks []string
	used := inUse(c)
	for _, injector := range injectors {
		if used(injector.Revision) && injector.Network != "" && !slices.Contains(networks, injector.Network) {
			networks = append(networks, injector.Network)
		}
	}
	return networks
}

// given are these and the networks that the paths of the injection webhooks name.
func given(c *istio.Cluster, injectors []istio.Injector) []string {
	networks := injected(c, injectors)
	used := inUse(c)
	webhooks, _ := c.Webhooks.Get()
	for _, webhook := range webhooks {
		if _, network := webhook.Injects(); used(webhook.Revision) && network != "" {
			networks = append(networks, network)
		}
	}
	return networks
}

// labelOf is the network in the label of the control plane's namespace.
func labelOf(l *Look, c *istio.Cluster) (string, bool) {
	system, ok := Need(l, c, c.System)
	return system.Labels[names.Network], ok
}

// meantNetwork is the network that a cluster is meant to be on. Usually the label of the control
// plane's namespace and the injector agree. Where they do not, the one is right that the
// fleet declares, or else the injector's where gateways and proxies all have it, or else the
// label: istiod takes a pod's label before that of the namespace
// (pilot/pkg/serviceregistry/kube/controller/controller.go, Network).
func meantNetwork(l *Look, c *istio.Cluster) (string, bool) {
	base, ok := network(l, c)
	if !ok {
		return "", false
	}
	injectors, _ := c.Injectors.Get()
	all := append(given(c, injectors), base)
	only, agree := unanimous(c)
	switch {
	case base == "" || !slices.ContainsFunc(all, func(n string) bool { return n != base }):
		if agree && base != "" && only == c.Network {
			return only, true
		}
		return base, true
	case slices.Contains(all, c.Network):
		return c.Network, true
	case agree && slices.Contains(all, only):
		return only, true
	}
	return base, true
}

// unanimous is the network that gateways and proxies name, where all name the same.
func unanimous(c *istio.Cluster) (string, bool) {
	gateways, _ := c.Gateways.Get()
	workloads, _ := c.Workloads.Get()
	var all []string
	for _, service := range gateways.Services {
		all = append(all, service.Network)
	}
	for _, pod := range gateways.Pods {
		all = append(all, pod.Env[names.EnvNetworkView])
	}
	for _, pod := range workloads.Pods {
		all = append(all, pod.Env[names.EnvMetaNetwork])
	}
	all = slices.DeleteFunc(all, func(n string) bool { return n == "" })
	slices.Sort(all)
	all = slices.Compact(all)
	if len(all) != 1 {
		return "", false
	}
	return all[0], true
}

// separate is true where two clusters are known to be on different networks, so that calls
// between them need a gateway.
func separate(l *Look, a, b *istio.Cluster) bool {
	first, okFirst := meantNetwork(l, a)
	second, okSecond := meantNetwork(l, b)
	return okFirst && okSecond && first != "" && second != "" && first != second
}

// crossings calls look for every cluster whose calls to another one need a gateway and are
// not known to succeed.
func (l *Look) crossings(into *istio.Cluster, look func(source *istio.Cluster)) {
	l.others(into, func(source *istio.Cluster) {
		if separate(l, source, into) && !l.answered(source, into) {
			look(source)
		}
	})
}

// crossing are those calls.
func (l *Look) crossing(into *istio.Cluster) []Pair {
	var pairs []Pair
	l.crossings(into, func(source *istio.Cluster) {
		pairs = append(pairs, Pair{Source: source.Name, Destination: into.Name})
	})
	return pairs
}

// waysInto are the ways into a network that the istiods which serve a cluster know; ok is false where
// one of them could not be asked. Port 0 is a way for HBONE only, which sidecars do not use.
func waysInto(l *Look, c *istio.Cluster, network string) (ways []istio.NetworkGateway, ok bool) {
	istiods, ok := istiodsOf(l, c)
	for _, istiod := range istiods {
		known, read := Need(l, istiod.at, istiod.Networks)
		ok = ok && read
		for _, way := range known {
			if way.Network == network && way.Port != 0 && !slices.Contains(ways, way) {
				ways = append(ways, way)
			}
		}
	}
	return ways, ok
}

// shut are the calls into a cluster for which there is no way in at all: no istiod knows
// one, and no gateway's Service in any cluster gives an address for the network. An istiod
// may go on with an address that the Service has lost: what it knows is no way in where
// calls were made in vain.
func (l *Look) shut(c *istio.Cluster, network string) []Pair {
	pairs := l.crossing(c)
	if len(pairs) == 0 {
		return nil
	}
	open := false
	l.each(func(other *istio.Cluster) {
		ways, read := waysInto(l, other, network)
		gateways, ok := Need(l, other, other.Gateways)
		open = open || !read || !ok || len(ways) > 0 && !l.inVain(c) || slices.ContainsFunc(gateways.Services, func(s istio.GatewayService) bool {
			return s.Network == network && len(s.Entrances()) > 0
		})
	})
	if open {
		return nil
	}
	return pairs
}

// inVain is true where callers of other clusters made calls enough, and a cluster answered
// none of them.
func (l *Look) inVain(c *istio.Cluster) bool {
	made := false
	answered := false
	l.others(c, func(source *istio.Cluster) {
		caller, _ := source.Caller.Get()
		sound := soundCalls(caller.Calls)
		made = made || caller.Needed > 0 && len(sound) >= caller.Needed
		answered = answered || slices.ContainsFunc(sound, func(call istio.Call) bool { return call.Good() && call.Version == c.Version })
	})
	return made && !answered
}

func joined(host string, port uint32) string {
	return net.JoinHostPort(host, strconv.FormatUint(uint64(port), 10))
}

func isIP(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// hostNames are the addresses of a Service that istiod has to resolve.
func hostNames(service istio.GatewayService) []string {
	return slices.DeleteFunc(slices.Clone(service.Addresses), isIP)
}

// leading are the Services of a cluster's gateways that are labelled with its network.
func leading(gateways istio.Gateways, network string) []istio.GatewayService {
	return slices.DeleteFunc(slices.Clone(gateways.Services), func(s istio.GatewayService) bool { return s.Network != network })
}

// unlabelled are the Services that look like the way into a network but do not say so: they
// have the port, or the label of some network. Those with an address come first.
func unlabelled(gateways istio.Gateways, network string) []istio.GatewayService {
	all := slices.DeleteFunc(slices.Clone(gateways.Services), func(s istio.GatewayService) bool {
		_, has := s.Entry()
		return s.Network == network || !has && s.Network == ""
	})
	slices.SortStableFunc(all, func(a, b istio.GatewayService) int {
		return cmp.Compare(min(len(b.Entrances()), 1), min(len(a.Entrances()), 1))
	})
	return all
}

// wayIn are the Services that are meant as the way into a cluster's network.
func wayIn(gateways istio.Gateways, network string) []istio.GatewayService {
	if right := leading(gateways, network); len(right) > 0 {
		return right
	}
	return unlabelled(gateways, network)
}

// behind are the pods that a Service selects.
func behind(service istio.GatewayService, gateways istio.Gateways) []istio.Pod {
	var pods []istio.Pod
	for _, pod := range gateways.Pods {
		if len(service.Selector) > 0 && pod.Namespace == service.Namespace && (&istio.WorkloadSelector{MatchLabels: service.Selector}).Selects(pod.Labels) {
			pods = append(pods, pod)
		}
	}
	return pods
}

// serviceName is how findings name a gateway's Service.
func serviceName(service istio.GatewayService) string {
	return "Service " + service.Namespace + "/" + service.Name
}

// onService is a kubectl command about a gateway's Service.
func onService(c *istio.Cluster, verb string, service istio.GatewayService, arguments ...string) string {
	words := append([]string{verb + " service --namespace=" + quote(service.Namespace), quote(service.Name)}, arguments...)
	return kubectl(c, words...)
}

// installGateway generates the gateway and installs it. Not by a pipe: where the script is
// missing or fails, istioctl would read nothing and install its default profile over the
// control plane.
func installGateway(c *istio.Cluster, network string) string {
	generate := "./gen-eastwest-gateway.sh --network " + quote(network)
	istiods, _ := c.Istiods.Get()
	for _, istiod := range serving(c, istiods) {
		if istiod.Revision != "" && istiod.Revision != names.DefaultRevision {
			generate += " --revision " + quote(istiod.Revision)
			break
		}
	}
	return generate + " > eastwest-gateway.yaml && " + istioctl(c, "install -y -f eastwest-gateway.yaml")
}

// gatewayFolder says where gen-eastwest-gateway.sh is.
const gatewayFolder = "gen-eastwest-gateway.sh is in samples/multicluster of Istio's release (asm/istio/expansion of asmcli's output)"

// wordsOf joins words for a sentence.
func wordsOf(words []string) string { return strings.Join(words, ", ") }

// podName is how findings name a pod.
func podName(pod istio.Pod) string { return pod.Namespace + "/" + pod.Name }

// described says of a pod why it is not ready.
func described(pod istio.Pod) string {
	switch {
	case pod.Image == names.AutoImage:
		return podName(pod) + ` was not injected: its image is "auto"`
	case pod.Trouble != nil:
		return fmt.Sprintf("%s: %s", podName(pod), strings.TrimSpace(pod.Trouble.Reason+" "+pod.Trouble.Message))
	case pod.Complaint != "":
		return podName(pod) + ": " + pod.Complaint
	}
	return podName(pod) + " is not ready"
}
