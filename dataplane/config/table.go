package config

import (
	"sync"

	"github.com/eastwest-mesh/eastwest/dataplane/allow"
)

// Reasons why a field may be left out. Each says why neither security nor the
// choice of an upstream changes.
const (
	whyTelemetry = "telemetry: observes traffic, changes none of it"
	whyTuning    = "tuning of buffers, sockets and timers that Go's runtime does its own way"
	whyLabel     = "a label for people and statistics"
	whyShadow    = "shadow rules are evaluated for statistics and never enforced"
	whyTimeouts  = "idle time-outs only end connections that nobody uses; closing later is safe"
	whyCrypto    = "crypto/tls chooses among suites and curves that it holds to be secure"
	whyGRPC      = "the gRPC caller keeps its own deadline"
	whyHash      = "read only by hash balancers, which are rejected"
	whyPeerMeta  = "peer metadata feeds telemetry; istio-peer-exchange is never negotiated"
	whyBounds    = "bounds on sizes; this program has its own"
	whySource    = "xDS resources come from ADS and secrets from SDS whatever the details say"
	whyForced    = "this program never resumes or renegotiates TLS"
)

// Table is the allow-list for listeners, xdsClusters, endpoints, routes and
// bootstrap parts.
var Table = sync.OnceValue(func() *allow.Table {
	t := allow.NewTable()
	coreTable(t)
	listenerTable(t)
	httpTable(t)
	routeTable(t)
	clusterTable(t)
	tlsTable(t)
	rbacTable(t)
	return t
})

const (
	core = "envoy.config.core.v3."
	ext  = "envoy.extensions."
)

func coreTable(t *allow.Table) {
	t.Message(core+"Address", "socket_address pipe")
	t.Message(core+"SocketAddress", "address port_value protocol ipv4_compat")
	t.Message(core+"Pipe", "path").Ignore(whyTuning, "mode")
	t.Message(core+"CidrRange", "address_prefix prefix_len")
	t.Message(core+"Metadata", "filter_metadata").Ignore(whyTelemetry, "typed_filter_metadata")
	t.Message(core+"TransportSocket", "name typed_config")
	t.Message(core+"ConfigSource", "ads api_config_source initial_fetch_timeout").
		Ignore(whySource, "resource_api_version self authorities")
	t.Message(core+"AggregatedConfigSource", "")
	t.Message(core+"ApiConfigSource", "api_type grpc_services").
		Ignore(whySource, "transport_api_version set_node_on_first_message_only request_timeout rate_limit_settings cluster_names")
	t.Message(core+"GrpcService", "envoy_grpc").Ignore(whySource, "timeout initial_metadata")
	t.Message(core+"GrpcService.EnvoyGrpc", "cluster_name").Ignore(whySource, "authority")
	t.Message(core+"HeaderValueOption", "header append append_action keep_empty_value")
	t.Message(core+"HeaderValue", "key value")
	t.Message(core+"DataSource", "inline_string inline_bytes")
	t.Message(core+"TypedExtensionConfig", "name typed_config")
	t.Message("envoy.type.v3.Int32Range", "start end")
	t.Message("envoy.type.v3.Int64Range", "start end")
	t.Message("envoy.type.v3.Percent", "value")
	t.Message("envoy.type.matcher.v3.StringMatcher", "exact prefix suffix contains safe_regex ignore_case")
	t.Message("envoy.type.matcher.v3.RegexMatcher", "regex").Ignore("RE2 is the only engine, and Go's", "google_re2")
	t.Message("envoy.type.matcher.v3.RegexMatchAndSubstitute", "pattern substitution")
	t.Message("envoy.type.matcher.v3.PathMatcher", "path")
}

func listenerTable(t *allow.Table) {
	const l = "envoy.config.listener.v3."
	t.Message(l+"Listener", "name address additional_addresses filter_chains default_filter_chain use_original_dst "+
		"listener_filters listener_filters_timeout continue_on_listener_filters_timeout bind_to_port traffic_direction").
		Ignore(whyTelemetry, "access_log stat_prefix metadata").
		Ignore(whyTuning, "connection_balance_config max_connections_to_accept_per_socket_event per_connection_buffer_limit_bytes "+
			"tcp_backlog_size tcp_keepalive enable_reuse_port reuse_port socket_options drain_type ignore_global_conn_limit bypass_overload_manager")
	t.Message(l+"AdditionalAddress", "address").Ignore(whyTuning, "socket_options tcp_keepalive")
	t.Message(l+"FilterChain", "filter_chain_match filters transport_socket transport_socket_connect_timeout name").
		Ignore(whyTelemetry, "metadata")
	t.Message(l+"FilterChainMatch", "destination_port prefix_ranges server_names transport_protocol application_protocols")
	t.Message(l+"Filter", "name typed_config")
	t.Message(l+"ListenerFilter", "name typed_config filter_disabled")
	t.Message(l+"ListenerFilterChainMatchPredicate", "or_match and_match not_match any_match destination_port_range")
	t.Message(l+"ListenerFilterChainMatchPredicate.MatchSet", "rules")
	t.Message(ext+"filters.listener.original_dst.v3.OriginalDst", "")
	t.Message(ext+"filters.listener.tls_inspector.v3.TlsInspector", "").
		Ignore(whyTuning, "initial_read_buffer_size").Ignore(whyTelemetry, "enable_ja3_fingerprinting enable_ja4_fingerprinting")
	t.Message(ext+"filters.listener.http_inspector.v3.HttpInspector", "")
	t.Message(ext+"filters.network.tcp_proxy.v3.TcpProxy", "cluster weighted_clusters stat_prefix max_connect_attempts").
		Ignore(whyTelemetry, "access_log access_log_options access_log_flush_interval flush_access_log_on_connected").
		Ignore(whyTimeouts, "idle_timeout max_downstream_connection_duration").
		Ignore(whyHash, "hash_policy")
	t.Message(ext+"filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster", "clusters")
	t.Message(ext+"filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster.ClusterWeight", "name weight")
	t.Message("envoy.tcp.metadataexchange.config.MetadataExchange", "").
		Ignore(whyPeerMeta, "protocol enable_discovery additional_labels")
	t.IgnoreTypedStruct(whyPeerMeta, "type.googleapis.com/envoy.tcp.metadataexchange.config.MetadataExchange")
	t.IgnoreTypedStruct(whyTelemetry, "type.googleapis.com/stats.PluginConfig")
	t.Message("stats.PluginConfig", "").Ignore(whyTelemetry, "disable_host_header_fallback tcp_reporting_duration metrics definitions reporter rotation_interval graceful_deletion_interval")
}

func clusterTable(t *allow.Table) {
	const c = "envoy.config.cluster.v3."
	t.Message(c+"Cluster", "name type eds_cluster_config connect_timeout lb_policy load_assignment circuit_breakers "+
		"transport_socket transport_socket_matches common_lb_config outlier_detection upstream_bind_config "+
		"typed_extension_protocol_options max_requests_per_connection least_request_lb_config dns_lookup_family filters "+
		"http2_protocol_options original_dst_lb_config").
		Ignore(whyTelemetry, "alt_stat_name metadata track_cluster_stats track_timeout_budgets").
		Ignore(whyTuning, "cleanup_interval upstream_connection_options per_connection_buffer_limit_bytes dns_refresh_rate "+
			"dns_jitter respect_dns_ttl dns_failure_refresh_rate preconnect_policy wait_for_warm_on_init")
	t.Message(c+"Cluster.EdsClusterConfig", "eds_config service_name")
	t.Message(c+"Cluster.CommonLbConfig", "healthy_panic_threshold locality_weighted_lb_config").
		Ignore(whyTuning, "update_merge_window ignore_new_hosts_until_first_hc")
	t.Message(c+"Cluster.CommonLbConfig.LocalityWeightedLbConfig", "")
	t.Message(c+"Cluster.LeastRequestLbConfig", "choice_count")
	t.Message(c+"Cluster.OriginalDstLbConfig", "")
	t.Message(c+"Cluster.TransportSocketMatch", "name match transport_socket")
	t.Message(c+"CircuitBreakers", "thresholds")
	t.Message(c+"CircuitBreakers.Thresholds", "priority max_connections max_pending_requests max_requests max_retries").
		Ignore(whyTelemetry, "track_remaining")
	t.Message(c+"OutlierDetection", "consecutive_5xx interval base_ejection_time max_ejection_percent enforcing_consecutive_5xx "+
		"enforcing_success_rate consecutive_gateway_failure enforcing_consecutive_gateway_failure "+
		"split_external_local_origin_errors consecutive_local_origin_failure enforcing_consecutive_local_origin_failure "+
		"enforcing_local_origin_success_rate max_ejection_time").
		Ignore("read only by success-rate ejection, which is rejected when it is on", "success_rate_minimum_hosts success_rate_request_volume success_rate_stdev_factor")
	t.Message(c+"Filter", "name typed_config")
	t.Message(core+"BindConfig", "source_address")
	t.Message(ext+"upstreams.http.v3.HttpProtocolOptions", "explicit_http_config use_downstream_protocol_config common_http_protocol_options")
	t.Message(ext+"upstreams.http.v3.HttpProtocolOptions.ExplicitHttpConfig", "http_protocol_options http2_protocol_options")
	t.Message(ext+"upstreams.http.v3.HttpProtocolOptions.UseDownstreamHttpConfig", "http_protocol_options http2_protocol_options")
	t.Message(core+"HttpProtocolOptions", "max_requests_per_connection").
		Ignore(whyTimeouts, "idle_timeout max_connection_duration").Ignore(whyBounds, "max_headers_count max_response_headers_kb")
	t.Message(core+"Http1ProtocolOptions", "").
		Ignore("Go's client and server keep HTTP/1's framing rules", "allow_absolute_url accept_http_10 default_host_for_http_10 header_key_format override_stream_error_on_invalid_http_message")
	t.Message(core+"Http2ProtocolOptions", "").
		Ignore(whyTuning, "max_concurrent_streams initial_stream_window_size initial_connection_window_size connection_keepalive allow_connect override_stream_error_on_invalid_http_message")

	const e = "envoy.config.endpoint.v3."
	t.Message(e+"ClusterLoadAssignment", "cluster_name endpoints policy")
	t.Message(e+"ClusterLoadAssignment.Policy", "overprovisioning_factor").
		Ignore(whyTuning, "endpoint_stale_after")
	t.Message(e+"LocalityLbEndpoints", "locality lb_endpoints load_balancing_weight priority").
		Ignore(whyTelemetry, "metadata").Ignore(whyTuning, "proximity")
	t.Message(core+"Locality", "region zone sub_zone")
	t.Message(e+"LbEndpoint", "endpoint health_status metadata load_balancing_weight")
	t.Message(e+"Endpoint", "address hostname").
		Ignore("health checks are configured on the xdsCluster, and rejected there", "health_check_config").
		Ignore("other addresses of the same endpoint, for happy eyeballs", "additional_addresses")
}

func tlsTable(t *allow.Table) {
	const x = ext + "transport_sockets."
	t.Message(x+"raw_buffer.v3.RawBuffer", "")
	t.Message(x+"tls.v3.DownstreamTlsContext", "common_tls_context require_client_certificate").
		Ignore(whyForced, "session_ticket_keys session_ticket_keys_sds_secret_config disable_stateless_session_resumption disable_stateful_session_resumption session_timeout")
	t.Message(x+"tls.v3.UpstreamTlsContext", "common_tls_context sni").
		Ignore(whyForced, "max_session_keys allow_renegotiation")
	t.Message(x+"tls.v3.CommonTlsContext", "tls_params tls_certificate_sds_secret_configs combined_validation_context "+
		"validation_context_sds_secret_config alpn_protocols")
	t.Message(x+"tls.v3.CommonTlsContext.CombinedCertificateValidationContext", "default_validation_context validation_context_sds_secret_config")
	t.Message(x+"tls.v3.CertificateValidationContext", "match_subject_alt_names match_typed_subject_alt_names")
	t.Message(x+"tls.v3.SubjectAltNameMatcher", "san_type matcher")
	t.Message(x+"tls.v3.SdsSecretConfig", "name sds_config")
	t.Message(x+"tls.v3.TlsParameters", "tls_minimum_protocol_version tls_maximum_protocol_version").
		Ignore(whyCrypto, "cipher_suites ecdh_curves signature_algorithms")
}

func rbacTable(t *allow.Table) {
	const r = "envoy.config.rbac.v3."
	for _, filter := range []string{ext + "filters.http.rbac.v3.RBAC", ext + "filters.network.rbac.v3.RBAC"} {
		t.Message(filter, "rules").
			Ignore(whyShadow, "shadow_rules shadow_matcher shadow_rules_stat_prefix").
			Ignore(whyTelemetry, "stat_prefix rules_stat_prefix track_per_rule_stats").
			Ignore("checked before the first byte is forwarded; later bytes have the same facts", "enforcement_type")
	}
	t.Message(r+"RBAC", "action policies").Ignore(whyTelemetry, "audit_logging_options")
	t.Message(r+"Policy", "permissions principals")
	t.Message(r+"Permission", "any and_rules or_rules not_rule header url_path destination_ip destination_port destination_port_range requested_server_name")
	t.Message(r+"Permission.Set", "rules")
	t.Message(r+"Principal", "any and_ids or_ids not_id header url_path authenticated direct_remote_ip remote_ip source_ip")
	t.Message(r+"Principal.Set", "ids")
	t.Message(r+"Principal.Authenticated", "principal_name")
}
