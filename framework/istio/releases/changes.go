package releases

import "github.com/eastwest-mesh/eastwest/framework/istio/names"

// Change is a change of what Istio does, other than by the default of a flag.
type Change struct {
	// Release lists the first release that has it in each branch that got it.
	Release string
	Title   string
	Effect  string // what a mesh notices
	Touches Touch
	Source  string

	since []Version
}

// Changes lists those between two releases, oldest first. Backwards, from newer to older, it
// lists what the older release does not have. The list is what people stumbled over, and is
// not complete.
func Changes(from, to Version) []Change {
	if from.Compare(to) > 0 {
		from, to = to, from
	}
	var between []Change
	for _, c := range changes() {
		if reached(c.since, to) && !reached(c.since, from) {
			c.Release = releases(c.since)
			between = append(between, c)
		}
	}
	return between
}

func changes() []Change {
	return []Change{
		{
			since: versions("1.20"), Touches: EnvoyFilters, Source: "istio/istio#52673",
			Title:  "metadata exchange comes elsewhere among the HTTP filters",
			Effect: "EnvoyFilters that insert before or after a filter may put their own at another place, or nowhere.",
		},
		{
			since: versions("1.20"), Touches: ServiceEntrySeveralDefinitions, Source: "istio/istio#49489, #50041",
			Title:  "several ServiceEntries for one host are merged differently",
			Effect: "A host that several ServiceEntries define may be left without endpoints.",
		},
		{
			since: versions("1.24"), Touches: "", Source: "the release notes of 1.24; GoogleCloudPlatform/anthos-service-mesh-packages#1625",
			Title:  "pilotCertProvider kubernetes is gone",
			Effect: "Upgraded in place, workloads cannot reach istiod until they are restarted.",
		},
		{
			since: versions("1.24"), Touches: GatewayAPI, Source: "istio/istio#54145; repaired in 1.24.3",
			Title:  "Deployments of Gateway API Gateways get another selector",
			Effect: "A selector cannot be changed: until 1.24.3 istiod fails to update the Deployments that are there.",
		},
		{
			since: versions("1.24.3", "1.25"), Touches: GatewayAPI, Source: "istio/istio#55372, #55392, #56321",
			Title:  "the gateway controller honours revision tags",
			Effect: "Without the default tag, a revision ignores Gateways and routes that name no revision: their listeners vanish.",
		},
		{
			since: versions("1.25"), Touches: "", Source: "release note 53402; istio/istio#53402",
			Title:  "Envoy does not count private addresses as internal",
			Effect: "Gateways and proxies strip x-envoy-* headers of calls from private addresses.",
		},
		{
			since: versions("1.26.1"), Touches: IncompleteCA, Source: "release note check-" + names.CASecret + "-completeness",
			Title:  "istiod refuses an incomplete CA",
			Effect: "Where a CA is supplied and a file of it is missing, istiod does not start; before, it made a CA of its own.",
		},
		{
			since: versions("1.29"), Touches: TrustDomains, Source: "istio/istio#59474; pilot/pkg/serviceregistry/kube/controller/multicluster.go",
			Title:  "istiod reads the mesh configuration of remote clusters",
			Effect: "istiod takes a remote cluster's trust domain from the ConfigMap there that has its own revision's name, and its account there needs the right to read it.",
		},
		{
			since: versions("1.29"), Touches: Stats, Source: "release note 48051",
			Title:  "proxies compress metrics",
			Effect: "Metrics are compressed for scrapers that accept it; a pod's annotation statsCompression has no effect.",
		},
		{
			since: versions("1.27.8", "1.28.5", "1.29.1"), Touches: DebugEndpoints, Source: "pilot/pkg/xds/debug.go; upgrade notes of 1.30",
			Title:  "debug requests by XDS need an identity",
			Effect: "Tools that ask istiod's plaintext XDS port for syncz or config_dump, such as istioctl --plaintext, are refused, unless ENABLE_DEBUG_ENDPOINT_AUTH is false.",
		},
		{
			since: versions("1.30"), Touches: NetworkGateways, Source: "release note endpoints-by-network-without-local-network",
			Title:  "proxies without a network call through gateways",
			Effect: "A proxy that names no network is sent to the gateways of networks, not to the pods in them.",
		},
		{
			since: versions("1.30"), Touches: NetworkGateways, Source: "release note eds-gateway-ip-family-filter",
			Title:  "gateways of the wrong IP family are left out",
			Effect: "A proxy with IPv4 only is not sent IPv6 addresses of gateways, and the other way round.",
		},
		{
			since: versions("1.30"), Touches: GatewayAPI, Source: "istio/istio#60357",
			Title:  "TLSRoutes need bundle 1.5 of the Gateway API",
			Effect: "With older CRDs, istiod ignores TLSRoutes without a word: TLS passthrough ends.",
		},
		{
			since: versions("1.31"), Touches: ImageRegistry, Source: "upgrade notes of 1.31",
			Title:  "images and charts are published elsewhere",
			Effect: "gcr.io/istio-release and registry.istio.io get no new images: they come from Docker Hub, and charts from blob.istio.io.",
		},
	}
}
