package diagnose

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/report"
)

// checkConfiguration finds proxies that refuse what their istiod sends them.
func checkConfiguration(fleet []Facts) []report.Finding {
	var found []report.Finding
	for _, facts := range reached(fleet) {
		if len(facts.Rejections) > 0 {
			found = append(found, refused(facts))
		}
	}
	return found
}

// refused tells in one finding what all proxies of a cluster refuse: one cause has as
// many reasons as it has kinds of resources.
func refused(facts Facts) report.Finding {
	var proxies, versions, reasons, filters []string
	for _, rejected := range facts.Rejections {
		proxies = append(proxies, rejected.Proxy)
		versions = append(versions, proxyVersions(rejected))
		if filter := istioFilter(rejected.Reason); filter != "" {
			filters = append(filters, filter)
		}
	}
	for _, same := range sameReason(facts.Rejections) {
		reasons = append(reasons, fmt.Sprintf("%s%s: %s", same.Kind, named(same.Resources), same.Reason))
	}
	finding := report.Finding{
		Cluster: facts.Cluster.Name, Cause: "F-33",
		Found: fmt.Sprintf("the proxy of %s rejects what istiod sends: %s (istiod %s, proxy %s)",
			listed(proxies), strings.Join(reasons, "; "), istiodVersions(facts), listed(versions)),
		Want: "every proxy takes the configuration that its istiod sends", Remedy: remedyRejected(facts.Cluster),
	}
	if len(filters) > 0 {
		finding.Found += "; this Envoy was not built for Istio: it has no " + listed(filters)
		finding.Remedy = remedyIstioFilter(facts.Cluster)
	}
	return finding
}

// sameReason puts together what is refused for the same reason, whoever refuses it.
func sameReason(all []Rejection) []Rejection {
	var groups []Rejection
	for _, rejected := range all {
		at := slices.IndexFunc(groups, func(g Rejection) bool { return g.Reason == rejected.Reason && g.Kind == rejected.Kind })
		if at < 0 {
			groups = append(groups, Rejection{Kind: rejected.Kind, Reason: rejected.Reason})
			at = len(groups) - 1
		}
		groups[at].Resources = append(groups[at].Resources, rejected.Resources...)
	}
	return groups
}

// rejects says whether what a pod's proxy refuses is known, so that nothing else needs
// to explain why it is not ready.
func rejects(facts Facts, pod Pod) bool {
	return slices.ContainsFunc(facts.Rejections, func(r Rejection) bool { return r.Proxy == pod.Namespace+"/"+pod.Name })
}

// mostResources is how many names of listeners or clusters a finding has: there is
// one for each port of each service.
const mostResources = 3

func named(resources []string) string {
	resources = distinct(resources)
	if len(resources) == 0 {
		return ""
	}
	if more := len(resources) - mostResources; more > 1 {
		return fmt.Sprintf(" %s and %d more", strings.Join(resources[:mostResources], ", "), more)
	}
	return " " + strings.Join(resources, ", ")
}

func listed(names []string) string { return strings.Join(distinct(names), ", ") }

func distinct(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return slices.Compact(names)
}

func proxyVersions(rejected Rejection) string {
	switch {
	case rejected.Envoy == "" && rejected.Agent == "":
		return "of unknown version"
	case rejected.Envoy == "":
		return rejected.Agent
	case rejected.Agent == "":
		return "with Envoy " + rejected.Envoy
	default:
		return rejected.Agent + " with Envoy " + rejected.Envoy
	}
}

func istiodVersions(facts Facts) string {
	var versions []string
	for _, istiod := range facts.Istiods {
		versions = append(versions, istiod.Version)
	}
	if told := listed(slices.DeleteFunc(versions, func(v string) bool { return v == "" })); told != "" {
		return told
	}
	return "of unknown version"
}

// unregistered is how Envoy refuses what it was built without.
var unregistered = regexp.MustCompile(`Didn't find a registered implementation for '([^']*)' with type URL: '([^']*)'`)

// istioFilter names the filter that only Istio's build of Envoy has, if a reason is
// that it is missing: by its name or by its type (istio/proxy; envoyproxy/envoy
// contrib/istio since 1.37).
func istioFilter(reason string) string {
	found := unregistered.FindStringSubmatch(reason)
	if found == nil {
		return ""
	}
	name, typeURL := found[1], found[2]
	for _, own := range []string{"istio.", "io.istio.", "stats.PluginConfig", "envoy.tcp.metadataexchange."} {
		if strings.HasPrefix(name, own) || strings.HasPrefix(strings.TrimPrefix(typeURL, "type.googleapis.com/"), own) {
			return name
		}
	}
	return ""
}
