package rbac_test

import (
	"net/netip"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/eastwest-mesh/eastwest/dataplane/rbac"
)

type headers map[string]string

func (h headers) Header(name string) (string, bool) { v, ok := h[name]; return v, ok }

type (
	perm = rbacv3.Permission
	prin = rbacv3.Principal
)

func exact(s string) *matcherv3.StringMatcher {
	return &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: s}}
}

func header(name, value string) *routev3.HeaderMatcher {
	return &routev3.HeaderMatcher{Name: name, HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{StringMatch: exact(value)}}
}

func named(id string) *prin {
	return &prin{Identifier: &rbacv3.Principal_Authenticated_{Authenticated: &rbacv3.Principal_Authenticated{PrincipalName: exact(id)}}}
}

func cidr(a string, n uint32) *corev3.CidrRange {
	return &corev3.CidrRange{AddressPrefix: a, PrefixLen: wrapperspb.UInt32(n)}
}

var (
	anyPerm = &perm{Rule: &rbacv3.Permission_Any{Any: true}}
	anyPrin = &prin{Identifier: &rbacv3.Principal_Any{Any: true}}
	sleep   = "spiffe://cluster.local/ns/sample/sa/sleep"
)

// request is a GET /hello of sleep, over mutual TLS.
func request() *rbac.Subject {
	return &rbac.Subject{
		Headers: headers{":method": "GET", "x-a": "1"}, Path: "/hello",
		Dst: netip.MustParseAddrPort("10.0.0.1:5000"), Remote: netip.MustParseAddrPort("10.1.0.1:40000"), Trusted: netip.MustParseAddr("192.0.2.1"),
		SNI: "outbound_.5000_._.x", Secure: true, URISANs: []string{sleep},
	}
}

func TestRules(t *testing.T) {
	for _, c := range []struct {
		name string
		perm *perm
		prin *prin
		want bool
	}{
		{"any", anyPerm, anyPrin, true},
		{"not any", &perm{Rule: &rbacv3.Permission_NotRule{NotRule: anyPerm}}, anyPrin, false},
		{"any: false", &perm{Rule: &rbacv3.Permission_Any{}}, anyPrin, false},
		{"method", &perm{Rule: &rbacv3.Permission_Header{Header: header(":method", "GET")}}, anyPrin, true},
		{"other method", &perm{Rule: &rbacv3.Permission_Header{Header: header(":method", "POST")}}, anyPrin, false},
		{"path", &perm{Rule: &rbacv3.Permission_UrlPath{UrlPath: &matcherv3.PathMatcher{Rule: &matcherv3.PathMatcher_Path{Path: exact("/hello")}}}}, anyPrin, true},
		{"other path", &perm{Rule: &rbacv3.Permission_UrlPath{UrlPath: &matcherv3.PathMatcher{Rule: &matcherv3.PathMatcher_Path{Path: exact("/")}}}}, anyPrin, false},
		{"port", &perm{Rule: &rbacv3.Permission_DestinationPort{DestinationPort: 5000}}, anyPrin, true},
		{"other port", &perm{Rule: &rbacv3.Permission_DestinationPort{DestinationPort: 5001}}, anyPrin, false},
		{"port range excludes its end", &perm{Rule: &rbacv3.Permission_DestinationPortRange{DestinationPortRange: &typev3.Int32Range{Start: 4000, End: 5000}}}, anyPrin, false},
		{"destination", &perm{Rule: &rbacv3.Permission_DestinationIp{DestinationIp: cidr("10.0.0.0", 24)}}, anyPrin, true},
		{"other destination", &perm{Rule: &rbacv3.Permission_DestinationIp{DestinationIp: cidr("10.0.1.0", 24)}}, anyPrin, false},
		{"server name", &perm{Rule: &rbacv3.Permission_RequestedServerName{RequestedServerName: exact("outbound_.5000_._.x")}}, anyPrin, true},
		{"and", &perm{Rule: &rbacv3.Permission_AndRules{AndRules: &rbacv3.Permission_Set{Rules: []*perm{anyPerm, {Rule: &rbacv3.Permission_DestinationPort{DestinationPort: 1}}}}}}, anyPrin, false},
		{"or", &perm{Rule: &rbacv3.Permission_OrRules{OrRules: &rbacv3.Permission_Set{Rules: []*perm{{Rule: &rbacv3.Permission_DestinationPort{DestinationPort: 1}}, anyPerm}}}}, anyPrin, true},

		{"identity", anyPerm, named(sleep), true},
		{"other identity", anyPerm, named(sleep + "x"), false},
		{"not other identity", anyPerm, &prin{Identifier: &rbacv3.Principal_NotId{NotId: named("x")}}, true},
		{"any certificate", anyPerm, &prin{Identifier: &rbacv3.Principal_Authenticated_{Authenticated: &rbacv3.Principal_Authenticated{}}}, true},
		{"and of ids", anyPerm, &prin{Identifier: &rbacv3.Principal_AndIds{AndIds: &rbacv3.Principal_Set{Ids: []*prin{anyPrin, named("x")}}}}, false},
		{"or of ids", anyPerm, &prin{Identifier: &rbacv3.Principal_OrIds{OrIds: &rbacv3.Principal_Set{Ids: []*prin{named("x"), named(sleep)}}}}, true},
		{"direct address", anyPerm, &prin{Identifier: &rbacv3.Principal_DirectRemoteIp{DirectRemoteIp: cidr("10.1.0.1", 32)}}, true},
		{"direct address is not the forwarded one", anyPerm, &prin{Identifier: &rbacv3.Principal_DirectRemoteIp{DirectRemoteIp: cidr("192.0.2.1", 32)}}, false},
		{"forwarded address", anyPerm, &prin{Identifier: &rbacv3.Principal_RemoteIp{RemoteIp: cidr("192.0.2.0", 24)}}, true},
		{"header of the caller", anyPerm, &prin{Identifier: &rbacv3.Principal_Header{Header: header("x-a", "1")}}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			rules := &rbacv3.RBAC{Policies: map[string]*rbacv3.Policy{"p": {Permissions: []*perm{c.perm}, Principals: []*prin{c.prin}}}}
			for action, want := range map[rbacv3.RBAC_Action]bool{rbacv3.RBAC_ALLOW: c.want, rbacv3.RBAC_DENY: !c.want} {
				rules.Action = action
				e, err := rbac.Compile(rules)
				if err != nil {
					t.Fatal(err)
				}
				if got, _ := e.Allowed(request()); got != want {
					t.Errorf("%s: allowed %t, want %t", action, got, want)
				}
			}
		})
	}
}

func TestWithoutACertificateNobodyIsAnybody(t *testing.T) {
	for _, p := range []*prin{named(sleep), named(""), {Identifier: &rbacv3.Principal_Authenticated_{Authenticated: &rbacv3.Principal_Authenticated{}}}} {
		e, err := rbac.Compile(&rbacv3.RBAC{Policies: map[string]*rbacv3.Policy{"p": {Permissions: []*perm{anyPerm}, Principals: []*prin{p}}}})
		if err != nil {
			t.Fatal(err)
		}
		s := request()
		s.Secure = false // what a caller in plaintext is, whatever SANs it claims
		if ok, _ := e.Allowed(s); ok {
			t.Errorf("%v allows a caller in plaintext", p)
		}
	}
}

func TestEmptyAndMissingRules(t *testing.T) {
	for _, c := range []struct {
		name  string
		rules *rbacv3.RBAC
		want  bool
	}{
		{"only shadow rules", nil, true},
		{"allow nothing", &rbacv3.RBAC{}, false},
		{"deny nothing", &rbacv3.RBAC{Action: rbacv3.RBAC_DENY}, true},
		{"a policy without principals fits nobody", &rbacv3.RBAC{Policies: map[string]*rbacv3.Policy{"p": {Permissions: []*perm{anyPerm}}}}, false},
	} {
		e, err := rbac.Compile(c.rules)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := e.Allowed(request()); got != c.want {
			t.Errorf("%s: allowed %t, want %t", c.name, got, c.want)
		}
	}
}

func TestHeaderRulesDoNotFitConnections(t *testing.T) {
	e, err := rbac.Compile(&rbacv3.RBAC{Policies: map[string]*rbacv3.Policy{"p": {
		Permissions: []*perm{{Rule: &rbacv3.Permission_Header{Header: &routev3.HeaderMatcher{Name: "x", HeaderMatchSpecifier: &routev3.HeaderMatcher_PresentMatch{}}}}},
		Principals:  []*prin{anyPrin},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	s := request()
	s.Headers = nil
	if ok, _ := e.Allowed(s); ok {
		t.Error("a header rule allowed a connection")
	}
}

func TestUnknownRulesDoNotCompile(t *testing.T) {
	policy := func(p *perm, i *prin) *rbacv3.RBAC {
		return &rbacv3.RBAC{Policies: map[string]*rbacv3.Policy{"p": {Permissions: []*perm{p}, Principals: []*prin{i}}}}
	}
	for name, rules := range map[string]*rbacv3.RBAC{
		"log":             {Action: rbacv3.RBAC_LOG},
		"no rule":         policy(&perm{}, anyPrin),
		"no id":           policy(anyPerm, &prin{}),
		"empty and":       policy(&perm{Rule: &rbacv3.Permission_AndRules{AndRules: &rbacv3.Permission_Set{}}}, anyPrin),
		"metadata":        policy(&perm{Rule: &rbacv3.Permission_Metadata{}}, anyPrin),
		"bad prefix":      policy(&perm{Rule: &rbacv3.Permission_DestinationIp{DestinationIp: cidr("x", 8)}}, anyPrin),
		"prefix too long": policy(&perm{Rule: &rbacv3.Permission_DestinationIp{DestinationIp: cidr("10.0.0.0", 64)}}, anyPrin),
	} {
		if _, err := rbac.Compile(rules); err == nil {
			t.Errorf("%s: compiled, want an error", name)
		}
	}
}
