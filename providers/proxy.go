package providers

import (
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/lab/parts/envoy"
)

// upstreamEnvoy are the settings with which istiod asks nothing of a proxy that only
// Istio's own build of Envoy has: upstream's would reject every listener. They are
// for what is built here, and reach nobody's mesh.
func upstreamEnvoy() []string {
	return []string{
		// The HTTP and TCP filters by which peers tell each other who they are
		// (istio pilot/pkg/features/telemetry.go).
		"values.pilot.env.PILOT_ENABLE_METADATA_EXCHANGE=false",
		"values.pilot.env.PILOT_DISABLE_MX_ALPN=true",
		// Made a setting for Envoys without Istio's filters (istio/istio#37950).
		"values.pilot.env.PILOT_ENABLE_ALPN_FILTER=false",
		// The filter istio.stats, which profile minimal asks for.
		"values.telemetry.enabled=false",
		// One worker thread a proxy, as there are many on this machine.
		"meshConfig.defaultConfig.concurrency=1",
	}
}

// nativeNFTables is for the proxy image that is built here: it has nft, which needs no
// kernel module of iptables.
const nativeNFTables = "values.global.nativeNftables=true"

// lacks is what a mesh with upstreamEnvoy cannot do.
const lacks = "istiod runs with Istio's own Envoy filters switched off, since upstream's Envoy does not have them. There are no istio_* metrics, and HTTP on a port whose protocol is detected travels between sidecars as TCP, so that HTTP policies and routes do not apply to it."

// proxyImage describes the proxies' image that was built here.
func proxyImage(e envoy.Binary, digests []string) fleet.ProxyImage {
	return fleet.ProxyImage{Envoy: e.Name(), Digests: digests, Lacks: lacks}
}
