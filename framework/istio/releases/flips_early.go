package releases

// The defaults of 1.21 to 1.28, entered by hand from Istio's release notes and release
// branches. Each list has those of a few releases; what a release removed is in removals.

func upTo123() []change {
	return []change{
		of(Istiod, "ENABLE_AUTO_SNI", Changed, "false", "true").in("1.21").note(
			"release note enable-auto-sni", DestinationRuleTLS,
			"Where a DestinationRule starts TLS and names no SNI, the proxy sends the Host header as SNI; before, it sent none."),
		of(Istiod, "ENABLE_EXTERNAL_NAME_ALIAS", Changed, "false", "true").in("1.21").note(
			"release note external-name-on", ExternalNames,
			"A Service of type ExternalName is an alias of the host it names: it has no route, listener or cluster of its own any more."),
		of(Istiod, "VERIFY_CERTIFICATE_AT_CLIENT", Changed, "false", "true").in("1.21").note(
			"release note enable-verify-certificate-at-client", DestinationRuleTLS,
			"Where a DestinationRule starts TLS and names no CA, the proxy verifies the server with the system's CAs; before, it verified nothing."),
		of(Istiod, "PILOT_MAX_REQUESTS_PER_SECOND", Changed, "25", "0").in("1.21").note(
			branch+"1.21", "", "istiod sets the limit of XDS requests by the number of its CPUs."),
		of(Istiod, "PILOT_PUSH_THROTTLE", Changed, "100", "0").in("1.21").note(
			branch+"1.21", "", "istiod sets the number of simultaneous pushes by the number of its CPUs."),

		of(Istiod, "ENABLE_ENHANCED_RESOURCE_SCOPING", Changed, "false", "true").in("1.22").note(
			"release note enable-enhanced-scope; istio/istio#48306", DiscoverySelectors,
			"Where discoverySelectors are set, istiod ignores configuration in namespaces that they do not select, and puts no root certificate there."),
		of(Istiod, "ISTIO_DELTA_XDS", Changed, "false", "true").in("1.22").note(
			"release note delta-xds-default; istio/istio#51612", "",
			"Proxies are sent what changed, instead of all their configuration at each push."),
		of(Istiod, "ENABLE_VTPROTOBUF", Changed, "false", "true").in("1.22").same(branch + "1.22"),
		of(Istiod, "ENABLE_RESOLUTION_NONE_TARGET_PORT", New, "", "true").in("1.22").note(
			branch+"1.22", ServiceEntryNoResolution, "A ServiceEntry with resolution NONE honours targetPort; before, it was ignored."),

		of(Istiod, "PILOT_MULTI_NETWORK_DISCOVER_GATEWAY_API", Changed, "false", "true").in("1.23").note(
			branch+"1.23", NetworkGateways, "A Gateway of the Gateway API with a network label counts as a gateway of that network."),
		of(Istiod, "ENABLE_100_CONTINUE_HEADERS", New, "", "true").in("1.23").note(
			"release note 36278", "", "Proxies pass answers with status 100 on."),
		of(Agent, "ENABLE_DEFERRED_CLUSTER_CREATION", New, "", "true").in("1.23").note(
			"release note deferred_cluster_creation", "", "Envoy makes a cluster on each worker thread when it is first called."),
		of(Agent, "ENABLE_DELIMITED_STATS_TAG_REGEX", New, "", "true").in("1.23").note(
			"release note 51761", Stats, "The full names of Envoy's cluster statistics end the cluster's name with a semicolon."),
	}
}

func upTo125() []change {
	return []change{
		of(Istiod, "ENABLE_INBOUND_RETRY_POLICY", Changed, "false", "true").in("1.24").note(
			"release note 52055", Retries, "The proxy in front of an application repeats requests that were reset before the application saw them."),
		of(Istiod, "EXCLUDE_UNSAFE_503_FROM_DEFAULT_RETRY", New, "", "true").in("1.24").note(
			"release note 50506", Retries, "Without a retry policy of its own, a request that was answered with status 503 is not repeated any more."),
		of(Istiod, "PILOT_UNIFIED_SIDECAR_SCOPE", New, "", "true").in("1.24").note(
			"release note sidecar-scope-unit", SameHost,
			"Of a host that several namespaces define, a proxy takes the one in its own namespace, then a Kubernetes Service, whether it has a Sidecar or not."),
		of(Istiod, "PREFER_DESTINATIONRULE_TLS_FOR_EXTERNAL_SERVICES", New, "", "true").in("1.24").note(
			"release note 52597", DestinationRuleTLS, "For hosts outside the mesh, certificates of a DestinationRule win over those in the proxy's metadata."),
		of(Istiod, "ENABLE_ENHANCED_DESTINATIONRULE_MERGE", New, "", "true").in("1.24").note(
			"release note 52519", "", "DestinationRules for one host whose exportTo differ are not merged any more."),
		of(Agent, "ENABLE_DEFERRED_STATS_CREATION", New, "", "true").in("1.24").note(
			"release note deferred_stats_creation", Stats, "Envoy makes part of its statistics when they are first used."),
		of(Agent, "BYPASS_OVERLOAD_MANAGER_FOR_STATIC_LISTENERS", New, "", "true").in("1.24").note(
			"release note 52663", "", "Envoy's static listeners, for probes and statistics, answer while it is overloaded."),

		of(Istiod, "PILOT_ENABLE_IP_AUTOALLOCATE", Changed, "false", "true").in("1.25").note(
			"release note ip-allocation-v2-default", ServiceEntryNoAddress,
			"istiod writes an address into the status of a ServiceEntry that has none; proxies that capture DNS answer with it, not with the one they used before."),
		of(CNI, "AMBIENT_USE_SCOPED_XTABLES_LOCKING", New, "", "true").in("1.25").note(branch+"1.25", AmbientMode, ""),
		of(Agent, "ENVOY_SKIP_DEPRECATED_LOGS", New, "", "true").in("1.25").note(
			"release note 54738", "", "Envoy does not log the use of deprecated fields."),
	}
}

func upTo128() []change {
	return []change{
		of(Istiod, "ENABLE_GATEWAY_API_MANUAL_DEPLOYMENT", New, "", "true").in("1.26").same("release note gw-manual-deployment"),
		of(Istiod, "ENABLE_PROXY_FIND_POD_BY_IP", New, "", "true").in("1.26").same("release note pod-controller-avoid-ip-search"),

		of(Istiod, "ENABLE_PROXY_FIND_POD_BY_IP", Changed, "true", "false").in("1.27").note(
			"release note pod-controller-avoid-ip-search", "",
			"istiod does not look for a proxy's pod by address any more; a customised proxy that does not name its pod is not matched with one."),
		of(Istiod, "ENABLE_NATIVE_SIDECARS", Changed, "false", "auto").in("1.27").note(
			"release note native-sidecar-default; istio/istio#48794", NativeSidecars,
			"Where the nodes can, injection puts istio-proxy among the init containers; webhooks and tools that look for it among the containers do not find it."),
		of(Istiod, "ENABLE_DEBUG_ENDPOINT_AUTH", New, "", "true").in("1.27.6", "1.28.4", "1.29").note(
			"release note debug-endpoint-authorization", DebugEndpoints,
			"From outside istiod's namespace only config_dump, ndsz and edsz are answered, and only for proxies of the caller's namespace."),
		of(Istiod, "ENABLE_LAZY_SIDECAR_EVALUATION", New, "", "true").in("1.27").note(
			"release note lazy-sidecar-init", Sidecars, "istiod computes what a Sidecar selects when a proxy first uses it."),
		of(Istiod, "PILOT_ENABLE_CA_CRL", New, "", "true").in("1.27").note(
			branch+"1.27", "", "Where the CA's files have a revocation list, istiod hands it to every namespace."),
		of(Istiod, "PILOT_ENABLE_GATEWAY_API_COPY_LABELS_ANNOTATIONS", New, "", "true").in("1.27").same(branch + "1.27"),

		of(Istiod, "PILOT_SPAWN_UPSTREAM_SPAN_FOR_GATEWAY", Changed, "false", "true").in("1.28").note(
			"release note spawn-upstream-span-for-gateway", Tracing, "A gateway makes a span of its own for each request that it sends on."),
		of(Istiod, "DISABLE_SHADOW_HOST_SUFFIX", New, "", "true").in("1.28").note(
			"release note 57530", MirroredRoutes, "Mirrored requests keep their Host header; before, it got the suffix -shadow."),
		of(CNI, "AMBIENT_ENABLE_AWS_BRANCH_ENI_PROBE", New, "", "true").in("1.28.7", "1.29.3", "1.30").note(
			"release notes of 1.28.7 and 1.29.3", AmbientMode,
			"On AWS, the CNI agent sends probes of pods with their own security groups through the pod's interface."),
	}
}
