package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	alpnv3 "github.com/envoyproxy/go-control-plane/contrib/envoy/extensions/filters/http/alpn/v3"
	httprbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"

	"github.com/eastwest-mesh/eastwest/dataplane/rbac"
)

// XFCC says what becomes of x-forwarded-client-cert.
type XFCC int

// The modes of forward_client_cert_details.
const (
	XFCCSanitize XFCC = iota
	XFCCForwardOnly
	XFCCAppend
	XFCCSanitizeSet
	XFCCAlwaysForward
)

// HTTP is a compiled http_connection_manager.
type HTTP struct {
	StatPrefix string
	ServerName string // of the "server" header of answers
	KeepServer bool   // leave the upstream's "server" header

	RouteName string      // RDS; "" when Routes is set
	Routes    *RouteTable // inline

	RBAC []*rbac.Engine
	alpn map[alpnv3.FilterConfig_Protocol][]string

	XFCC                            XFCC
	XFCCSubject, XFCCDNS, XFCCURI   bool
	NormalizePath, MergeSlashes     bool
	RejectEscapedSlashes            bool
	UseRemoteAddress, SkipXFFAppend bool
	GenerateRequestID               bool
	upgrades                        []string
}

// ALPN returns what to offer an upstream in place of its xdsCluster's own list
// (the istio.alpn filter), or nil.
func (h *HTTP) ALPN(version HTTPVersion) []string {
	if version == HTTP2 {
		return h.alpn[alpnv3.FilterConfig_HTTP2]
	}
	return h.alpn[alpnv3.FilterConfig_HTTP11]
}

// Upgrade reports whether requests may switch to protocol.
func (h *HTTP) Upgrade(protocol string) bool {
	return slices.Contains(h.upgrades, strings.ToLower(protocol))
}

func compileHTTP(in *hcmv3.HttpConnectionManager) (*HTTP, error) {
	if in.GetCodecType() == hcmv3.HttpConnectionManager_HTTP3 {
		return nil, errors.New("codec_type: HTTP3 is not supported")
	}
	out := &HTTP{
		StatPrefix: strings.TrimSuffix(in.GetStatPrefix(), ";"), ServerName: in.GetServerName(),
		KeepServer:       in.GetServerHeaderTransformation() == hcmv3.HttpConnectionManager_PASS_THROUGH,
		NormalizePath:    in.GetNormalizePath().GetValue(),
		MergeSlashes:     in.GetMergeSlashes(),
		UseRemoteAddress: in.GetUseRemoteAddress().GetValue(), SkipXFFAppend: in.GetSkipXffAppend(),
		GenerateRequestID: in.GetGenerateRequestId() == nil || in.GetGenerateRequestId().GetValue(),
		XFCCSubject:       in.GetSetCurrentClientCertDetails().GetSubject().GetValue(),
		XFCCDNS:           in.GetSetCurrentClientCertDetails().GetDns(),
		XFCCURI:           in.GetSetCurrentClientCertDetails().GetUri(),
	}
	if out.ServerName == "" {
		// Envoy would say "envoy". No answer may let a reader believe that.
		out.ServerName = "eastwest-dataplane"
	}
	for _, step := range []func(*hcmv3.HttpConnectionManager) error{
		out.escapedSlashes, out.clientCert, out.upgrade, out.routing, out.filters,
	} {
		if err := step(in); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (h *HTTP) escapedSlashes(in *hcmv3.HttpConnectionManager) error {
	switch a := in.GetPathWithEscapedSlashesAction(); a {
	case hcmv3.HttpConnectionManager_IMPLEMENTATION_SPECIFIC_DEFAULT, hcmv3.HttpConnectionManager_KEEP_UNCHANGED:
	case hcmv3.HttpConnectionManager_REJECT_REQUEST:
		h.RejectEscapedSlashes = true
	default:
		return fmt.Errorf("path_with_escaped_slashes_action: %s is not supported", a)
	}
	return nil
}

func (h *HTTP) clientCert(in *hcmv3.HttpConnectionManager) error {
	switch m := in.GetForwardClientCertDetails(); m {
	case hcmv3.HttpConnectionManager_SANITIZE:
		h.XFCC = XFCCSanitize
	case hcmv3.HttpConnectionManager_FORWARD_ONLY:
		h.XFCC = XFCCForwardOnly
	case hcmv3.HttpConnectionManager_APPEND_FORWARD:
		h.XFCC = XFCCAppend
	case hcmv3.HttpConnectionManager_SANITIZE_SET:
		h.XFCC = XFCCSanitizeSet
	case hcmv3.HttpConnectionManager_ALWAYS_FORWARD_ONLY:
		h.XFCC = XFCCAlwaysForward
	default:
		return fmt.Errorf("forward_client_cert_details: %s is not supported", m)
	}
	return nil
}

func (h *HTTP) upgrade(in *hcmv3.HttpConnectionManager) error {
	for i, u := range in.GetUpgradeConfigs() {
		if strings.EqualFold(u.GetUpgradeType(), "CONNECT") {
			return fmt.Errorf("upgrade_configs[%d]: CONNECT is not supported", i)
		}
		if u.GetEnabled() == nil || u.GetEnabled().GetValue() {
			h.upgrades = append(h.upgrades, strings.ToLower(u.GetUpgradeType()))
		}
	}
	return nil
}

func (h *HTTP) routing(in *hcmv3.HttpConnectionManager) error {
	switch r := in.GetRouteSpecifier().(type) {
	case *hcmv3.HttpConnectionManager_Rds:
		if r.Rds.GetConfigSource().GetAds() == nil {
			return errors.New("rds.config_source: want ads")
		}
		if h.RouteName = r.Rds.GetRouteConfigName(); h.RouteName == "" {
			return errors.New("rds.route_config_name is missing")
		}
		return nil
	case *hcmv3.HttpConnectionManager_RouteConfig:
		t, err := compileRoutes(r.RouteConfig)
		if err != nil {
			return fmt.Errorf("route_config: %w", err)
		}
		h.Routes = t
		return nil
	default:
		return fmt.Errorf("route_specifier: %T is not supported", r)
	}
}

func (h *HTTP) filters(in *hcmv3.HttpConnectionManager) error {
	routed := false
	for i, f := range in.GetHttpFilters() {
		if routed {
			return fmt.Errorf("http_filters[%d](%s): it follows the router", i, f.GetName())
		}
		m, err := decode(f.GetTypedConfig())
		if err != nil {
			return fmt.Errorf("http_filters[%d](%s): %w", i, f.GetName(), err)
		}
		switch m := m.(type) {
		case *routerv3.Router:
			routed = true
		case *alpnv3.FilterConfig:
			h.alpn = map[alpnv3.FilterConfig_Protocol][]string{}
			for _, o := range m.GetAlpnOverride() {
				h.alpn[o.GetUpstreamProtocol()] = o.GetAlpnOverride()
			}
		case *httprbacv3.RBAC:
			e, err := rbac.Compile(m.GetRules())
			if err != nil {
				return fmt.Errorf("http_filters[%d](%s).rules: %w", i, f.GetName(), err)
			}
			h.RBAC = append(h.RBAC, e)
		default:
			if !passive[string(m.ProtoReflect().Descriptor().FullName())] {
				return fmt.Errorf("http_filters[%d](%s): type %q is not supported", i, f.GetName(), f.GetTypedConfig().GetTypeUrl())
			}
		}
	}
	if !routed {
		return errors.New("http_filters: want the router as the last one")
	}
	return nil
}
