package rbac

import (
	"fmt"
	"net/netip"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/eastwest-mesh/eastwest/dataplane/match"
)

func permission(m *rbacv3.Permission) (predicate, error) {
	switch r := m.GetRule().(type) {
	case *rbacv3.Permission_Any:
		return always(r.Any), nil
	case *rbacv3.Permission_AndRules:
		return combine("and_rules", r.AndRules.GetRules(), permission, allOf)
	case *rbacv3.Permission_OrRules:
		return combine("or_rules", r.OrRules.GetRules(), permission, anyOf)
	case *rbacv3.Permission_NotRule:
		return negate("not_rule", r.NotRule, permission)
	case *rbacv3.Permission_Header:
		return header(r.Header)
	case *rbacv3.Permission_UrlPath:
		return urlPath(r.UrlPath)
	case *rbacv3.Permission_DestinationIp:
		return cidr(r.DestinationIp, func(s *Subject) netip.Addr { return s.Dst.Addr() })
	case *rbacv3.Permission_DestinationPort:
		port := uint16(r.DestinationPort)
		return func(s *Subject) bool { return s.Dst.Port() == port }, nil
	case *rbacv3.Permission_DestinationPortRange:
		start, end := r.DestinationPortRange.GetStart(), r.DestinationPortRange.GetEnd()
		return func(s *Subject) bool { p := int32(s.Dst.Port()); return p >= start && p < end }, nil
	case *rbacv3.Permission_RequestedServerName:
		c, err := match.CompileString(r.RequestedServerName)
		return func(s *Subject) bool { return c.Match(s.SNI) }, err
	default:
		return nil, fmt.Errorf("permission %T is not supported", r)
	}
}

func principal(m *rbacv3.Principal) (predicate, error) {
	switch r := m.GetIdentifier().(type) {
	case *rbacv3.Principal_Any:
		return always(r.Any), nil
	case *rbacv3.Principal_AndIds:
		return combine("and_ids", r.AndIds.GetIds(), principal, allOf)
	case *rbacv3.Principal_OrIds:
		return combine("or_ids", r.OrIds.GetIds(), principal, anyOf)
	case *rbacv3.Principal_NotId:
		return negate("not_id", r.NotId, principal)
	case *rbacv3.Principal_Header:
		return header(r.Header)
	case *rbacv3.Principal_UrlPath:
		return urlPath(r.UrlPath)
	case *rbacv3.Principal_Authenticated_:
		return authenticated(r.Authenticated.GetPrincipalName())
	case *rbacv3.Principal_DirectRemoteIp:
		return cidr(r.DirectRemoteIp, remote)
	case *rbacv3.Principal_RemoteIp:
		return cidr(r.RemoteIp, func(s *Subject) netip.Addr { return s.Trusted })
	case *rbacv3.Principal_SourceIp:
		return cidr(r.SourceIp, remote) //nolint:staticcheck // older istiods send it
	default:
		return nil, fmt.Errorf("principal %T is not supported", r)
	}
}

func always(v bool) predicate { return func(*Subject) bool { return v } }

func combine[M any](field string, in []M, one func(M) (predicate, error), join func([]predicate) predicate) (predicate, error) {
	out := make([]predicate, 0, len(in))
	for i, m := range in {
		p, err := one(m)
		if err != nil {
			return nil, fmt.Errorf("%s[%d]: %w", field, i, err)
		}
		out = append(out, p)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s: it is empty, want at least one rule", field)
	}
	return join(out), nil
}

func negate[M any](field string, in M, one func(M) (predicate, error)) (predicate, error) {
	p, err := one(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", field, err)
	}
	return not(p), nil
}

func header(m *routev3.HeaderMatcher) (predicate, error) {
	h, err := match.CompileHeader(m)
	if err != nil {
		return nil, err
	}
	return func(s *Subject) bool { return s.Headers != nil && h.Match(s.Headers) }, nil
}

func urlPath(m *matcherv3.PathMatcher) (predicate, error) {
	if m.GetPath() == nil {
		return nil, fmt.Errorf("url_path: rule %T is not supported", m.GetRule())
	}
	c, err := match.CompileString(m.GetPath())
	if err != nil {
		return nil, fmt.Errorf("url_path: %w", err)
	}
	return func(s *Subject) bool { return s.Headers != nil && c.Match(s.Path) }, nil
}

// authenticated fits a caller with a verified certificate. With a name, its URI
// SANs are tried, else its DNS SANs, else its subject (Principal.Authenticated).
func authenticated(m *matcherv3.StringMatcher) (predicate, error) {
	if m == nil {
		return func(s *Subject) bool { return s.Secure }, nil
	}
	c, err := match.CompileString(m)
	if err != nil {
		return nil, fmt.Errorf("authenticated.principal_name: %w", err)
	}
	return func(s *Subject) bool {
		if !s.Secure {
			return false
		}
		names := s.URISANs
		if len(names) == 0 {
			names = s.DNSSANs
		}
		if len(names) == 0 {
			names = []string{s.SubjectDN}
		}
		for _, n := range names {
			if c.Match(n) {
				return true
			}
		}
		return false
	}, nil
}

func remote(s *Subject) netip.Addr { return s.Remote.Addr() }

func cidr(m *corev3.CidrRange, of func(*Subject) netip.Addr) (predicate, error) {
	addr, err := netip.ParseAddr(m.GetAddressPrefix())
	if err != nil {
		return nil, fmt.Errorf("address_prefix: %w", err)
	}
	prefix, err := addr.Prefix(int(m.GetPrefixLen().GetValue()))
	if err != nil {
		return nil, fmt.Errorf("prefix_len: %w", err)
	}
	return func(s *Subject) bool { return prefix.Contains(of(s).Unmap()) }, nil
}
