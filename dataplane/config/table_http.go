package config

import "github.com/eastwest-mesh/eastwest/dataplane/allow"

func httpTable(t *allow.Table) {
	const (
		h = ext + "filters.network.http_connection_manager.v3."
		f = ext + "filters.http."
	)
	t.Message(h+"HttpConnectionManager", "codec_type stat_prefix rds route_config http_filters server_name "+
		"server_header_transformation forward_client_cert_details set_current_client_cert_details upgrade_configs "+
		"normalize_path merge_slashes path_with_escaped_slashes_action use_remote_address skip_xff_append "+
		"generate_request_id http2_protocol_options http_protocol_options common_http_protocol_options").
		Ignore(whyTelemetry, "tracing access_log access_log_options request_id_extension preserve_external_request_id "+
			"always_set_request_id_in_response via add_user_agent add_proxy_protocol_connection_state access_log_flush_interval").
		Ignore(whyTimeouts, "stream_idle_timeout request_timeout request_headers_timeout delayed_close_timeout drain_timeout stream_flush_timeout").
		Ignore(whyBounds, "max_request_headers_kb").
		Ignore("100-continue is always forwarded", "proxy_100_continue represent_ipv4_remote_address_as_ipv4_mapped_ipv6").
		Ignore("no decision is taken on a caller being internal", "internal_address_config")
	t.Message(h+"HttpConnectionManager.SetCurrentClientCertDetails", "subject dns uri").
		Ignore("the certificate's hash and URI already name the caller", "cert chain")
	t.Message(h+"HttpConnectionManager.UpgradeConfig", "upgrade_type enabled")
	t.Message(h+"Rds", "config_source route_config_name")
	t.Message(h+"HttpFilter", "name typed_config").Ignore("an optional filter is still checked", "is_optional")

	t.Message(f+"router.v3.Router", "").
		Ignore(whyTelemetry, "dynamic_stats start_child_span upstream_log upstream_log_options").
		Ignore("Envoy's own x-envoy headers of answers", "suppress_envoy_headers")
	t.Message(f+"grpc_stats.v3.FilterConfig", "").
		Ignore(whyTelemetry, "emit_filter_state stats_for_all_methods individual_method_stats_allowlist enable_upstream_stats replace_dots_in_grpc_service_name")
	// Only their empty forms, which do nothing without a per-route part; that part is refused on routes.
	t.Message(f+"fault.v3.HTTPFault", "")
	t.Message(f+"cors.v3.Cors", "")
	t.Message("istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig", "alpn_override")
	t.Message("istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig.AlpnOverride", "upstream_protocol alpn_override")
	t.Message("io.istio.http.peer_metadata.Config", "").
		Ignore(whyPeerMeta, "downstream_discovery upstream_discovery downstream_propagation upstream_propagation shared_with_upstream additional_labels")
	t.IgnoreTypedStruct(whyPeerMeta, "type.googleapis.com/io.istio.http.peer_metadata.Config")
	t.Message(f+"compressor.v3.Compressor", "").
		Ignore("answers may always go uncompressed (RFC 9110 section 12.5.3)", "content_length content_type disable_on_etag_header remove_accept_encoding_header "+
			"runtime_enabled compressor_library request_direction_config response_direction_config choose_first")
}

func routeTable(t *allow.Table) {
	const r = "envoy.config.route.v3."
	mutations := " request_headers_to_add request_headers_to_remove response_headers_to_add response_headers_to_remove"
	t.Message(r+"RouteConfiguration", "name virtual_hosts ignore_port_in_host_matching ignore_path_parameters_in_path_matching most_specific_header_mutations_wins"+mutations).
		Ignore("unknown xdsClusters answer 503 at request time", "validate_clusters").
		Ignore(whyBounds, "max_direct_response_body_size_bytes").Ignore(whyTelemetry, "metadata internal_only_headers")
	t.Message(r+"VirtualHost", "name domains routes include_request_attempt_count include_attempt_count_in_response retry_policy"+mutations).
		Ignore(whyTelemetry, "virtual_clusters metadata").Ignore(whyBounds, "per_request_buffer_limit_bytes request_body_buffer_limit")
	t.Message(r+"Route", "name match route redirect direct_response non_forwarding_action"+mutations).
		Ignore(whyTelemetry, "metadata decorator tracing stat_prefix").Ignore(whyBounds, "per_request_buffer_limit_bytes request_body_buffer_limit")
	t.Message(r+"NonForwardingAction", "")
	t.Message(r+"RouteMatch", "prefix path path_separated_prefix safe_regex case_sensitive headers query_parameters grpc")
	t.Message(r+"RouteMatch.GrpcRouteMatchOptions", "")
	t.Message(r+"HeaderMatcher", "name exact_match prefix_match suffix_match contains_match safe_regex_match range_match present_match string_match invert_match treat_missing_header_as_empty")
	t.Message(r+"QueryParameterMatcher", "name string_match present_match")
	t.Message(r+"RouteAction", "cluster weighted_clusters cluster_not_found_response_code timeout retry_policy prefix_rewrite "+
		"regex_rewrite host_rewrite_literal auto_host_rewrite append_x_forwarded_host max_stream_duration").
		Ignore(whyGRPC, "max_grpc_timeout grpc_timeout_offset").Ignore(whyTimeouts, "idle_timeout flush_timeout").Ignore(whyHash, "hash_policy").
		Ignore("one priority of circuit breakers", "priority")
	t.Message(r+"RouteAction.MaxStreamDuration", "max_stream_duration").
		Ignore(whyGRPC, "grpc_timeout_header_max grpc_timeout_header_offset")
	t.Message(r+"WeightedCluster", "clusters").Ignore(whyLabel, "runtime_key_prefix")
	t.Message(r+"WeightedCluster.ClusterWeight", "name weight host_rewrite_literal"+mutations)
	t.Message(r+"RedirectAction", "https_redirect scheme_redirect host_redirect port_redirect path_redirect prefix_rewrite regex_rewrite response_code strip_query")
	t.Message(r+"DirectResponseAction", "status body")
	t.Message(r+"RetryPolicy", "retry_on num_retries per_try_timeout retry_host_predicate host_selection_retry_max_attempts "+
		"retriable_status_codes retry_back_off retriable_headers").Ignore(whyTimeouts, "per_try_idle_timeout")
	t.Message(r+"RetryPolicy.RetryHostPredicate", "name typed_config")
	t.Message(r+"RetryPolicy.RetryBackOff", "base_interval max_interval")
	t.Message(ext+"retry.host.previous_hosts.v3.PreviousHostsPredicate", "")
}
