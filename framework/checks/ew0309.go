package checks

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0309() Check {
	return Check{
		ID: "EW0309", Severity: Error, Firm: true,
		Title:    "A proxy rejects its configuration",
		Question: "Do all proxies take the configuration that istiod sends?",
		Why:      "The proxy keeps what it had: new endpoints and routes do not reach it, and one that never had any does not become ready.",
		Source:   "https://istio.io/latest/docs/ops/diagnostic-tools/proxy-cmd/",
		Explains: []string{"EW0308", "EW08"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				rejections, ok := Need(l, c, c.Rejections)
				if ok && len(rejections) > 0 {
					l.Find(rejected(l, c, rejections))
				}
			})
		},
	}
}

// rejected tells in one finding what all proxies of a cluster reject: one cause has as many
// reasons as it has kinds of resources.
func rejected(l *Look, c *istio.Cluster, rejections []istio.Rejection) Finding {
	var proxies, versions, reasons, filters []string
	for _, r := range rejections {
		proxies, versions = append(proxies, r.Proxy), append(versions, proxyVersion(r))
		if filter := istioFilter(r.Reason); filter != "" {
			filters = append(filters, filter)
		}
	}
	for _, same := range sameReason(rejections) {
		reasons = append(reasons, fmt.Sprintf("%s%s: %s", same.Kind, resourceNames(same.Resources), same.Reason))
	}
	f := Finding{
		Cluster: c.Name, Pairs: l.callsOf(c, podsOf(c, proxies)),
		Found: fmt.Sprintf("the proxy of %s rejects what istiod sends: %s (istiod %s, proxy %s)",
			listed(proxies), strings.Join(reasons, "; "), istiodVersions(l, c), listed(versions)),
		Want: "proxies that take the configuration that their istiod sends",
		Fix: Fix{
			Text:     "the reason names the resource and what is wrong with it: look for an EnvoyFilter or Telemetry that makes it, or for a proxy older than istiod, which a restart of its Deployment replaces:",
			Commands: []string{kubectl(c, "get envoyfilters,telemetries --all-namespaces")},
		},
	}
	if len(filters) > 0 {
		f.Found += "; this Envoy was not built for Istio: it has no " + listed(filters)
		f.Fix.Text = "run Istio's own proxy image (proxyv2 of istiod's version), or let nothing ask for that filter (metrics of the provider prometheus need istio.stats):"
	}
	return f
}

// podsOf are the pods of a cluster with these names (NAMESPACE/NAME).
func podsOf(c *istio.Cluster, proxies []string) []istio.Pod {
	gateways, _ := c.Gateways.Get()
	workloads, _ := c.Workloads.Get()
	var pods []istio.Pod
	for _, name := range distinct(proxies) {
		namespace, pod, _ := strings.Cut(name, "/")
		found := istio.Pod{Labels: map[string]string{appLabel: names.Istiod}} // of which nothing is known: all calls
		for _, known := range slices.Concat(gateways.Pods, workloads.Pods) {
			if known.Namespace == namespace && known.Name == pod {
				found = known
			}
		}
		pods = append(pods, found)
	}
	return pods
}

// sameReason puts together what is rejected for the same reason, whoever rejects it.
func sameReason(all []istio.Rejection) []istio.Rejection {
	var groups []istio.Rejection
	for _, r := range all {
		at := slices.IndexFunc(groups, func(g istio.Rejection) bool { return g.Reason == r.Reason && g.Kind == r.Kind })
		if at < 0 {
			groups = append(groups, istio.Rejection{Kind: r.Kind, Reason: r.Reason})
			at = len(groups) - 1
		}
		groups[at].Resources = append(groups[at].Resources, r.Resources...)
	}
	return groups
}

// mostResources is how many names of listeners or clusters a finding has: there is one for
// each port of each service.
const mostResources = 3

func resourceNames(resources []string) string {
	resources = distinct(resources)
	if len(resources) == 0 {
		return ""
	}
	if more := len(resources) - mostResources; more > 1 {
		return fmt.Sprintf(" %s and %d more", strings.Join(resources[:mostResources], ", "), more)
	}
	return " " + strings.Join(resources, ", ")
}

func listed(all []string) string { return strings.Join(distinct(all), ", ") }

func distinct(all []string) []string { return slices.Compact(slices.Sorted(slices.Values(all))) }

func proxyVersion(r istio.Rejection) string {
	switch {
	case r.Envoy == "" && r.Agent == "":
		return "of unknown version"
	case r.Envoy == "":
		return r.Agent
	case r.Agent == "":
		return "with Envoy " + r.Envoy
	default:
		return r.Agent + " with Envoy " + r.Envoy
	}
}

func istiodVersions(l *Look, c *istio.Cluster) string {
	istiods, _ := istiodsOf(l, c)
	var versions []string
	for _, istiod := range istiods {
		if istiod.Version != "" {
			versions = append(versions, istiod.Version)
		}
	}
	if len(versions) == 0 {
		return "of unknown version"
	}
	return listed(versions)
}

// istioFilter names the filter that only Istio's build of Envoy has, if a reason is that it
// is missing: by its name or by its type (istio/proxy; envoyproxy/envoy contrib/istio since
// 1.37).
func istioFilter(reason string) string {
	unregistered := regexp.MustCompile(`Didn't find a registered implementation for '([^']*)' with type URL: '([^']*)'`)
	found := unregistered.FindStringSubmatch(reason)
	if found == nil {
		return ""
	}
	name, typeURL := found[1], strings.TrimPrefix(found[2], "type.googleapis.com/")
	for _, own := range []string{"istio.", "io.istio.", "stats.PluginConfig", "envoy.tcp.metadataexchange."} {
		if strings.HasPrefix(name, own) || strings.HasPrefix(typeURL, own) {
			return name
		}
	}
	return ""
}
