package istio

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// describer says what an object is, and what it means for calls, in a line.
type describer struct {
	kind  string
	means func(document []byte) string
}

// means describes objects of a type.
func means[T any](kind string, say func(T) string) describer {
	return describer{kind, func(document []byte) string {
		var object T
		if err := json.Unmarshal(document, &object); err != nil {
			return "" // it was of that type when it was loaded
		}
		return say(object)
	}}
}

// describers are those of a snapshot's lists, by the path to these without names.
func describers() map[string]describer {
	root := func(kind string) describer { return means(kind, meansCertificate) }
	return map[string]describer{
		"istiods": means("istiod", func(i Istiod) string {
			return fmt.Sprintf("revision %s, version %s, %s", i.Revision, cmp.Or(i.Version, "unknown"), readiness(i.Pod))
		}),
		"istiods remotes":       means("remote cluster", func(r Remote) string { return r.Status + ", by Secret " + r.Secret }),
		"istiods networks":      means("way into network", meansNetworkGateway),
		"meshConfigs":           means("mesh configuration", func(m MeshConfig) string { return "trust domain " + cmp.Or(m.TrustDomain, "cluster.local") }),
		"injectors":             means("injector", func(i Injector) string { return fmt.Sprintf("network %q, cluster %q", i.Network, i.Cluster) }),
		"webhooks":              means("injection webhook", meansWebhook),
		"roots":                 root("root certificate that istiod publishes"),
		"caRoots":               root("root certificate of the CA"),
		"caCertificates":        root("certificate of the CA"),
		"gateways services":     means("gateway's Service", meansGatewayService),
		"gateways pods":         means("gateway's pod", readiness),
		"remoteSecrets":         means("remote secret", meansRemoteSecret),
		"remoteSecrets entries": means("its entry", meansRemoteEntry),
		"servers":               means("Gateway", meansServer),
		"peerAuthentications":   means("PeerAuthentication", meansPeerAuthentication),
		"authorizationPolicies": means("AuthorizationPolicy", meansAuthorization),
		"destinationRules":      means("DestinationRule", meansDestinationRule),
		"virtualServices":       means("VirtualService", meansVirtualService),
		"sidecars":              means("Sidecar", meansSidecar),
		"networkPolicies":       means("NetworkPolicy", meansNetworkPolicy),
		"workloads services":    means("Service", func(s Service) string { return strings.Join(portsText(s.Ports), ", ") }),
		"workloads deployments": means("Deployment", func(d Deployment) string { return fmt.Sprintf("%d of %d pods available", d.Available, d.Wanted) }),
		"workloads pods":        means("pod", readiness),
		"namespaces": means("namespace", func(n MeshNamespace) string {
			return cmp.Or(pairsText(chooses(n.Labels)), "without a label of Istio's")
		}),
		"proxies": means("workload with proxies", func(p ProxySet) string {
			return fmt.Sprintf("injected by %s, version %s", cmp.Or(p.InjectedBy, "unknown"), cmp.Or(p.Version, "unknown"))
		}),
		"labelled":                 means("resource of one revision", func(o Labelled) string { return o.Kind + ", read by " + o.Revision }),
		"validators":               means("validating webhook", func(w Webhook) string { return "calls " + w.Service }),
		"envoyFilters":             means("EnvoyFilter", func(EnvoyFilter) string { return "" }),
		"serviceEntries":           means("ServiceEntry", func(e ServiceEntry) string { return "hosts " + strings.Join(e.Hosts, " ") }),
		"controlPlanes":            means("control plane", func(p ControlPlane) string { return "revision " + p.Revision }),
		"rejections":               means("configuration refused by the proxy", func(r Rejection) string { return r.Kind + ": " + r.Reason }),
		"destinationRules subsets": means("subset", func(s Subset) string { return "pods with " + pairsText(s.Labels) }),
	}
}

// describe names an object of a list and says what it means; ok is false for what has no
// name of its own.
func describe(path []string, key string, item any) (title, meaning string, ok bool) {
	place := path[0]
	if len(path) > 1 {
		place += " " + path[len(path)-1]
	}
	d, known := describers()[place]
	document, err := json.Marshal(item)
	if !known || err != nil {
		return "", "", false
	}
	within := ""
	if len(path) > 2 {
		within = path[1] + ": " // the object that has the list
	}
	return within + d.kind + " " + brief(key), brief(cmp.Or(d.means(document), "it is there")), true
}

func readiness(p Pod) string {
	switch {
	case p.Ready:
		return "Ready"
	case p.Trouble != nil:
		return "not Ready: " + strings.TrimSpace(p.Trouble.Reason+" "+p.Trouble.Message)
	}
	return "not Ready"
}

func meansNetworkGateway(g NetworkGateway) string {
	return fmt.Sprintf("%s of cluster %s", net.JoinHostPort(g.Address, strconv.FormatUint(uint64(g.Port), 10)), cmp.Or(g.Cluster, "unknown"))
}

func meansWebhook(w Webhook) string {
	text := "injects for revision " + w.Revision
	if w.Tag != "" {
		text += ", to which the tag " + w.Tag + " leads"
	}
	if w.Service != "" && !w.ServiceFound {
		text += ", and its Service " + w.Service + " is not there"
	}
	return text
}

func meansCertificate(c Certificate) string { return "valid until " + c.NotAfter.Format(time.DateOnly) }

func meansGatewayService(s GatewayService) string {
	network := "in no network, so that istiod does not use it"
	if s.Network != "" {
		network = "into network " + s.Network
	}
	if at := s.Entrances(); len(at) > 0 {
		return network + ", entered at " + strings.Join(at, ", ")
	}
	return network + ", without an address"
}

func meansRemoteSecret(s RemoteSecret) string {
	clusters := make([]string, 0, len(s.Entries))
	for _, entry := range s.Entries {
		clusters = append(clusters, fmt.Sprintf("%s (%s)", entry.ID, meansRemoteEntry(entry)))
	}
	text := "for " + cmp.Or(strings.Join(clusters, ", "), "no cluster")
	if !s.Labelled {
		text += "; without the label by which istiod would read it"
	}
	return text
}

func meansRemoteEntry(e RemoteEntry) string {
	if e.Broken != "" {
		return e.Broken
	}
	text := "at " + e.Server
	if uid, why := e.UID.Get(); why == nil {
		text += ", where cluster " + uid + " answers"
	}
	return text
}

func meansServer(s Server) string {
	return fmt.Sprintf("port %d, TLS %s, hosts %s, on %s", s.Port, cmp.Or(s.Mode, "none"), strings.Join(s.Hosts, " "), podsText(s.Selector))
}

func meansPeerAuthentication(p PeerAuthentication) string {
	mode := "UNSET"
	if p.Spec.MTLS != nil {
		mode = cmp.Or(p.Spec.MTLS.Mode, mode)
	}
	text := "mutual TLS " + mode
	for _, port := range sorted(p.Spec.PortLevelMTLS) {
		text += fmt.Sprintf(", %s on port %s", p.Spec.PortLevelMTLS[port].Mode, port)
	}
	return text + " for " + selectedText(p.Spec.Selector)
}

func meansAuthorization(p AuthorizationPolicy) string {
	action, rules := cmp.Or(p.Spec.Action, "ALLOW"), fmt.Sprintf("by %d rules", len(p.Spec.Rules))
	switch {
	case len(p.Spec.Rules) == 0 && action == "ALLOW":
		rules = "without rules, which denies all calls,"
	case len(p.Spec.Rules) == 0:
		rules = "without rules, which means no calls,"
	case len(p.Spec.Rules) == 1:
		rules = "by 1 rule"
	}
	text := action + " " + rules + " to " + selectedText(p.Spec.Selector)
	if p.DryRun {
		text += "; a dry run, which changes nothing"
	}
	return text
}

func meansDestinationRule(d DestinationRule) string {
	text := "calls of " + d.Spec.Host
	if policy := d.Spec.TrafficPolicy; policy != nil {
		if policy.TLS != nil {
			text += ", TLS " + cmp.Or(policy.TLS.Mode, "DISABLE")
		}
		if policy.OutlierDetection != nil {
			text += ", outlier detection"
		}
		if policy.LoadBalancer != nil {
			text += ", load balancing of its own"
		}
	}
	for _, subset := range d.Spec.Subsets {
		text += fmt.Sprintf(", subset %s: %s", subset.Name, pairsText(subset.Labels))
	}
	return text
}

func meansVirtualService(v VirtualService) string {
	var to []string
	for _, route := range slices.Concat(v.Spec.HTTP, v.Spec.TCP) {
		for _, one := range route.Route {
			way := one.Destination.Host
			if one.Destination.Subset != "" {
				way += " subset " + one.Destination.Subset
			}
			if !slices.Contains(to, way) {
				to = append(to, way)
			}
		}
	}
	return fmt.Sprintf("calls of %s go to %s", strings.Join(v.Spec.Hosts, " "), cmp.Or(strings.Join(to, ", "), "no destination"))
}

func meansSidecar(s Sidecar) string {
	var hosts []string
	for _, egress := range s.Spec.Egress {
		hosts = append(hosts, egress.Hosts...)
	}
	return fmt.Sprintf("%s know %s", selectedText(s.Spec.WorkloadSelector), cmp.Or(strings.Join(hosts, " "), "all hosts"))
}

func meansNetworkPolicy(p NetworkPolicy) string {
	var closed []string
	if p.Ingress {
		closed = append(closed, fmt.Sprintf("what comes in but for %d rules", p.IngressRules))
	}
	if p.Egress {
		closed = append(closed, fmt.Sprintf("what goes out but for %d rules", p.EgressRules))
	}
	pods := "all pods of the namespace"
	if !p.PodSelector.IsZero() {
		pods = "pods with " + metav1.FormatLabelSelector(&p.PodSelector.LabelSelector)
	}
	return fmt.Sprintf("%s: closes %s", pods, cmp.Or(strings.Join(closed, " and "), "nothing"))
}

func selectedText(s *WorkloadSelector) string {
	if s.All() {
		return podsText(nil)
	}
	return podsText(merged(s.MatchLabels, s.Labels))
}

// podsText are the pods that labels select.
func podsText(labels map[string]string) string {
	if len(labels) == 0 {
		return "all pods"
	}
	return "pods with " + pairsText(labels)
}

func pairsText(labels map[string]string) string {
	pairs := make([]string, 0, len(labels))
	for _, key := range sorted(labels) {
		pairs = append(pairs, key+"="+labels[key])
	}
	return strings.Join(pairs, ",")
}

func portsText(ports []ServicePort) []string {
	all := make([]string, 0, len(ports))
	for _, port := range ports {
		all = append(all, fmt.Sprintf("port %d", port.Port))
	}
	return all
}
