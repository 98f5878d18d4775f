package releases

import (
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// branch begins the source of what was read in a release branch of github.com/istio/istio.
const branch = "branch release-"

// The defaults of 1.29 to 1.31, entered by hand: those whose release and effect no table tells.
func upTo131() []change {
	return []change{
		of(Istiod, "DISABLE_TRACK_REMAINING_CB_METRICS", New, "", "true").in("1.29").note(
			"release note disable-track-remaining-cb-metrics", CircuitBreakerMetrics,
			"Envoy does not count what its circuit breakers have left: the gauges remaining_* are gone."),
		of(Istiod, "PILOT_CRL_CONFIGMAP", New, "", names.RevocationConfigMap).in("1.29").same(branch + "1.29"),
		of(Istiod, "ENABLE_XDS_API_GENERATOR_AUTH", New, "", "true").in("1.29.7", "1.30.4", "1.31").note(
			"release notes of 1.29.7, 1.30.4 and 1.31.0", MCPConsumers,
			"Clients that read Istio's configuration from istiod by XDS are refused outside its namespace."),

		of(Istiod, "PILOT_SIDECAR_PICK_BEST_SERVICE_NAMESPACE", New, "", "true").in("1.30").note(
			"release note sidecar-pick-best-service-namespace", SameHost,
			"Of a host that several namespaces define, a Sidecar takes a Kubernetes Service, then the oldest; before, the first by alphabet."),
		of(Istiod, "PILOT_AGENT_MERGE_ENVOY_STATS", New, "", "true").in("1.30.2", "1.31").same("release notes of 1.30.2"),
		of(Istiod, "PILOT_GATEWAY_TRANSPORT_SOCKET_CONNECT_TIMEOUT", New, "", "15s").in("1.30").same("release notes of 1.30.0"),
		of(Istiod, "ISTIO_WASM_MAX_BINARY_SIZE_BYTES", New, "", "268435456").in("1.30").same("release note wasm-configurable-size-limit"),
		of(Istiod, "AMBIENT_SCOPED_ADDRESS_PUSHES", New, "", "true").in("1.30.3", "1.31").note(
			"release note releasenote-waypoint-xds-scoping", AmbientMode,
			"A changed address is pushed to the waypoints that it concerns, not to all proxies."),
		of(Istiod, "PILOT_NODE_UNTAINT_CONTROLLERS_TAINT_NAME", New, "", "cni.istio.io/not-ready").in("1.30.3", "1.31").same("release notes of 1.30.3"),

		of(Istiod, "PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS", New, "", "true").in("1.31").note(
			"release note 60690", OutlierDetection,
			"istiod sends unhealthy endpoints too, marked as such, unless an OutlierDetection sets minHealthPercent."),
		of(Istiod, "PILOT_ENABLE_STRICT_GATEWAY_MERGING", New, "", "true").in("1.31").note(
			"release note strict-gateway-merging", GatewayAPI,
			"Servers of an Istio Gateway in another namespace are not merged into a proxy that Istio deployed for a Gateway API Gateway."),
		of(Istiod, "PILOT_ENABLE_REMOTE_CREDENTIALS_CONTROLLER", New, "", "true").in("1.31").same("release note remote-credentials-opt-out"),
		of(Istiod, "PILOT_ALLOW_ANY_DYNAMIC_DNS_MAX_HOSTS", New, "", "1024").in("1.31").same("pilot/pkg/features/pilot.go: a limit of ALLOW_ANY_DYNAMIC_DNS, which is new"),
		of(Agent, "DNS_FORWARD_TIMEOUT", New, "", "5s").in("1.31").same("release note dns-forward-timeout"),
	}
}

// removals are the flags that a release reads no more, with their last defaults.
func removals() []change {
	gone := []struct {
		release string
		program Program
		flags   string
	}{
		{"1.21", Istiod, "PILOT_ENABLE_INBOUND_PASSTHROUGH=true"},
		{"1.21", Agent, "BOOTSTRAP_XDS_AGENT=false HOST_IP="},
		{"1.22", Istiod, "NATIVE_METADATA_EXCHANGE=true PILOT_ENABLE_AMBIENT_CONTROLLERS=false PILOT_ENABLE_HBONE=false PILOT_ENABLE_HEADLESS_SERVICE_POD_LISTENERS=true PILOT_XDS_SEND_TIMEOUT=0s VERIFY_SDS_CERTIFICATE=true"},
		{"1.22", Agent, "CITADEL_AGENT_TESTING_UDS_PATH=unix:///var/run/sds/uds_path"},
		{"1.23", Istiod, "ENABLE_OPTIMIZED_CONFIG_REBUILD=true ENABLE_OTEL_BUILTIN_RESOURCE_LABELS=false ISTIO_ENABLE_OPTIMIZED_SERVICE_PUSH=true PILOT_DISTRIBUTION_HISTORY_RETENTION=1m0s PILOT_ENABLE_CONFIG_DISTRIBUTION_TRACKING=false STACKDRIVER_AUDIT_LOG=false"},
		{"1.23", Agent, "GKE_CLUSTER_URL= USE_EXTERNAL_WORKLOAD_SDS=false"},
		{"1.24", Istiod, "ENABLE_EXTERNAL_NAME_ALIAS=true PERSIST_OLDEST_FIRST_HEURISTIC_FOR_VIRTUAL_SERVICE_HOST_MATCHING=false PILOT_ENABLE_STATUS=false REQUIRE_3P_TOKEN=false VERIFY_CERTIFICATE_AT_CLIENT=true"},
		{"1.25", Istiod, "ENABLE_ENHANCED_RESOURCE_SCOPING=true ENABLE_RESOLUTION_NONE_TARGET_PORT=true"},
		{"1.25", Agent, "PROXY_XDS_DEBUG_VIA_AGENT=true PROXY_XDS_DEBUG_VIA_AGENT_PORT=15004"},
		{"1.26", Istiod, "ENABLE_AUTO_SNI=true"},
		{"1.26", Agent, "ENABLE_DEFERRED_CLUSTER_CREATION=true ENABLE_DELIMITED_STATS_TAG_REGEX=true IPTABLES_TRACE_LOGGING=false"},
		{"1.27", Istiod, "ENABLE_INBOUND_RETRY_POLICY=true EXCLUDE_UNSAFE_503_FROM_DEFAULT_RETRY=true PILOT_STATUS_BURST=500 PILOT_STATUS_QPS=100 PILOT_STATUS_UPDATE_INTERVAL=500ms"},
		{"1.27", Agent, "BYPASS_OVERLOAD_MANAGER_FOR_STATIC_LISTENERS=true ENABLE_DEFERRED_STATS_CREATION=true"},
		{"1.28", Istiod, "METRIC_GRACEFUL_DELETION_INTERVAL=5m0s METRIC_ROTATION_INTERVAL=0s"},
		{"1.31", Istiod, "PILOT_SPAWN_UPSTREAM_SPAN_FOR_GATEWAY=true UNSAFE_PILOT_ENABLE_DELTA_TEST=false"},
	}
	var changes []change
	for _, g := range gone {
		for _, flag := range strings.Fields(g.flags) {
			name, last, _ := strings.Cut(flag, "=")
			changes = append(changes, of(g.program, name, Removed, last, "").in(g.release).note(branch+g.release, "", ""))
		}
	}
	return changes
}

// of begins an entry.
func of(program Program, name string, kind Kind, was, is string) change {
	return change{flagName: flagName{program, name}, kind: kind, was: was, is: is}
}

// in sets the first release of each branch that has it.
func (c change) in(since ...string) change {
	c.since = versions(since...)
	return c
}

func versions(releases ...string) []Version {
	parsed := make([]Version, len(releases))
	for i, name := range releases {
		parsed[i], _ = ParseVersion(name) // TestByHandAgreesWithWhatWasRead finds what is none
	}
	return parsed
}

func (c change) note(source string, touches Touch, effect string) change {
	c.source, c.touches, c.effect = source, touches, effect
	return c
}

// same marks a default that leaves things as they were.
func (c change) same(source string) change {
	c.source, c.neutral = source, true
	return c
}
