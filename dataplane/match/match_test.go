package match_test

import (
	"net/netip"
	"testing"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"

	"github.com/eastwest-mesh/eastwest/dataplane/match"
)

type sm = matcherv3.StringMatcher

func TestString(t *testing.T) {
	regex := func(e string) *sm {
		return &sm{MatchPattern: &matcherv3.StringMatcher_SafeRegex{SafeRegex: &matcherv3.RegexMatcher{Regex: e}}}
	}
	for _, c := range []struct {
		name string
		m    *sm
		in   string
		want bool
	}{
		{"exact", &sm{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: "a"}}, "a", true},
		{"exact, longer", &sm{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: "a"}}, "ab", false},
		{"exact, case", &sm{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: "a"}}, "A", false},
		{"exact, ignoring case", &sm{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: "aB"}, IgnoreCase: true}, "Ab", true},
		{"prefix", &sm{MatchPattern: &matcherv3.StringMatcher_Prefix{Prefix: "spiffe://cluster.local/"}}, "spiffe://cluster.local/ns/x", true},
		{"prefix of another trust domain", &sm{MatchPattern: &matcherv3.StringMatcher_Prefix{Prefix: "spiffe://cluster.local/"}}, "spiffe://cluster.local.evil/ns/x", false},
		{"suffix", &sm{MatchPattern: &matcherv3.StringMatcher_Suffix{Suffix: "/sa/x"}}, "ns/y/sa/x", true},
		{"contains", &sm{MatchPattern: &matcherv3.StringMatcher_Contains{Contains: "b"}}, "abc", true},
		{"regex wants the whole text", regex("a+"), "aab", false},
		{"regex", regex("a+b?"), "aab", true},
		{"regex of alternatives stays anchored", regex("a|b"), "ax", false},
		{"regex does not end at a line", regex("a"), "a\nb", false},
	} {
		m, err := match.CompileString(c.m)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := m.Match(c.in); got != c.want {
			t.Errorf("%s: %q matches: %t, want %t", c.name, c.in, got, c.want)
		}
	}
	for name, m := range map[string]*sm{"nothing": {}, "bad regex": regex("("), "custom": {MatchPattern: &matcherv3.StringMatcher_Custom{}}} {
		if _, err := match.CompileString(m); err == nil {
			t.Errorf("%s: compiled, want an error", name)
		}
	}
	if (match.String{}).Match("") {
		t.Error("the zero matcher fits something")
	}
}

type headers map[string]string

func (h headers) Header(name string) (string, bool) { v, ok := h[name]; return v, ok }

func TestHeader(t *testing.T) {
	str := func(s string) *routev3.HeaderMatcher_StringMatch {
		return &routev3.HeaderMatcher_StringMatch{StringMatch: &sm{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: s}}}
	}
	present := func(b bool) *routev3.HeaderMatcher_PresentMatch {
		return &routev3.HeaderMatcher_PresentMatch{PresentMatch: b}
	}
	in := headers{"a": "1", "empty": ""}
	for _, c := range []struct {
		name string
		m    *routev3.HeaderMatcher
		want bool
	}{
		{"value", &routev3.HeaderMatcher{Name: "A", HeaderMatchSpecifier: str("1")}, true},
		{"other value", &routev3.HeaderMatcher{Name: "a", HeaderMatchSpecifier: str("2")}, false},
		{"other value, inverted", &routev3.HeaderMatcher{Name: "a", HeaderMatchSpecifier: str("2"), InvertMatch: true}, true},
		{"missing", &routev3.HeaderMatcher{Name: "b", HeaderMatchSpecifier: str("2")}, false},
		{"missing, inverted", &routev3.HeaderMatcher{Name: "b", HeaderMatchSpecifier: str("2"), InvertMatch: true}, false},
		{"missing as empty, inverted", &routev3.HeaderMatcher{Name: "b", HeaderMatchSpecifier: str("2"), InvertMatch: true, TreatMissingHeaderAsEmpty: true}, true},
		{"missing as empty", &routev3.HeaderMatcher{Name: "b", HeaderMatchSpecifier: str(""), TreatMissingHeaderAsEmpty: true}, true},
		{"present", &routev3.HeaderMatcher{Name: "empty", HeaderMatchSpecifier: present(true)}, true},
		{"absent wanted, present", &routev3.HeaderMatcher{Name: "a", HeaderMatchSpecifier: present(false)}, false},
		{"absent wanted, absent", &routev3.HeaderMatcher{Name: "b", HeaderMatchSpecifier: present(false)}, true},
		{"present, inverted, absent", &routev3.HeaderMatcher{Name: "b", HeaderMatchSpecifier: present(true), InvertMatch: true}, true},
		{"no specifier asks for presence", &routev3.HeaderMatcher{Name: "a"}, true},
		{"range", &routev3.HeaderMatcher{Name: "a", HeaderMatchSpecifier: &routev3.HeaderMatcher_RangeMatch{RangeMatch: &typev3.Int64Range{Start: 1, End: 2}}}, true},
		{"range excludes its end", &routev3.HeaderMatcher{Name: "a", HeaderMatchSpecifier: &routev3.HeaderMatcher_RangeMatch{RangeMatch: &typev3.Int64Range{Start: 0, End: 1}}}, false},
		{"range of no number", &routev3.HeaderMatcher{Name: "empty", HeaderMatchSpecifier: &routev3.HeaderMatcher_RangeMatch{RangeMatch: &typev3.Int64Range{Start: 0, End: 1}}}, false},
	} {
		h, err := match.CompileHeader(c.m)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := h.Match(in); got != c.want {
			t.Errorf("%s: %t, want %t", c.name, got, c.want)
		}
	}
}

func TestHosts(t *testing.T) {
	h, err := match.CompileHosts([][]string{{"a.example", "A.Other"}, {"*.example"}, {"*.b.example", "*-c.example"}, {"x.*"}, {"*"}})
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]int{
		"a.example": 0, "A.EXAMPLE": 0, "a.other": 0, "z.example": 1, "a.b.example": 2, "b.example": 1, "v-c.example": 2,
		".example": 4, "x.y": 3, "x.": 4, "": 4, "nowhere": 4,
	} {
		if got := h.Find(host); got != want {
			t.Errorf("%q: virtual host %d, want %d", host, got, want)
		}
	}
	if _, err := match.CompileHosts([][]string{{"a"}, {"A"}}); err == nil {
		t.Error("a domain of two virtual hosts compiled")
	}
	none, err := match.CompileHosts([][]string{{"a"}})
	if err != nil || none.Find("b") != -1 {
		t.Error("a host that fits nothing must find nothing")
	}
}

func TestNormalize(t *testing.T) {
	for in, want := range map[string]string{
		"/": "/", "/a": "/a", "/a/": "/a/", "/a/b/../c": "/a/c", "/a/..": "/", "/../../a": "/a", "/./a/./": "/a/", "/a/%2e%2E/b": "/b",
		"/%61": "/a", "/a%2fb": "/a%2fb", "/a%2Fb": "/a%2Fb", `/a\..\b`: "/b", "/a%5c..%5cb": "/b", "//a": "//a", "/a/.b": "/a/.b", "/a/..b": "/a/..b",
		"/%": "/%", "/%2": "/%2", "/%zz": "/%zz", "*": "*", "": "", "/%25%32%65": "/%252e",
	} {
		if got := match.Normalize(in); got != want {
			t.Errorf("Normalize(%q) = %q, want %q", in, got, want)
		}
	}
	if got := match.MergeSlashes("//a///b/"); got != "/a/b/" {
		t.Errorf("MergeSlashes: %q", got)
	}
}

func TestPath(t *testing.T) {
	for _, c := range []struct {
		p    match.Path
		in   string
		want bool
	}{
		{match.Path{Prefix: "/a"}, "/ab", true},
		{match.Path{Prefix: "/A"}, "/ab", false},
		{match.Path{Prefix: "/A", FoldCase: true}, "/ab", true},
		{match.Path{Exact: "/a"}, "/a", true},
		{match.Path{Exact: "/a"}, "/a/", false},
		{match.Path{SeparatedPrefix: "/a"}, "/a", true},
		{match.Path{SeparatedPrefix: "/a"}, "/a/b", true},
		{match.Path{SeparatedPrefix: "/a"}, "/ab", false},
	} {
		if got := c.p.Match(c.in); got != c.want {
			t.Errorf("%+v matches %q: %t, want %t", c.p, c.in, got, c.want)
		}
	}
}

func TestSelectChainCommitsAtEachStage(t *testing.T) {
	dst := netip.MustParseAddrPort("10.0.0.1:80")
	specs := []match.ChainSpec{
		0: {},
		1: {Port: 80, Transport: "tls", ALPN: []string{"istio"}},
		2: {Port: 80, Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, Transport: "raw_buffer"},
		3: {Port: 81, ServerNames: []string{"a.example"}},
		4: {Port: 81, ServerNames: []string{"*.example"}},
		5: {Port: 81, ServerNames: []string{"*.b.example"}},
		6: {Port: 82, ALPN: []string{"x"}},
		7: {Port: 82, ALPN: []string{"y", "z"}},
		8: {Port: 83, Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
		9: {Port: 83, Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/32")}, Transport: "tls"},
	}
	at := func(port uint16) netip.AddrPort { return netip.AddrPortFrom(dst.Addr(), port) }
	for _, c := range []struct {
		name string
		f    match.Facts
		want int
	}{
		{"nothing special", match.Facts{Dst: at(99)}, 0},
		{"the more specific address wins, and there is no way back for its transport", match.Facts{Dst: at(80), Transport: "tls", ALPN: []string{"istio"}}, -1},
		{"address and transport", match.Facts{Dst: at(80), Transport: "raw_buffer"}, 2},
		{"no transport counts as raw", match.Facts{Dst: at(80)}, 2},
		{"another address of the port", match.Facts{Dst: netip.MustParseAddrPort("192.0.2.1:80"), Transport: "tls", ALPN: []string{"istio"}}, 1},
		{"a port with chains of its own does not fall back", match.Facts{Dst: netip.MustParseAddrPort("192.0.2.1:80"), Transport: "raw_buffer"}, -1},
		{"server name", match.Facts{Dst: at(81), SNI: "A.example"}, 3},
		{"wildcard", match.Facts{Dst: at(81), SNI: "c.example"}, 4},
		{"longer wildcard", match.Facts{Dst: at(81), SNI: "a.b.example"}, 5},
		{"a wildcard is not its own parent", match.Facts{Dst: at(81), SNI: "example"}, -1},
		{"the client's order of protocols decides", match.Facts{Dst: at(82), ALPN: []string{"z", "x"}}, 7},
		{"no protocol in common", match.Facts{Dst: at(82), ALPN: []string{"q"}}, -1},
		{"longest prefix", match.Facts{Dst: at(83), Transport: "tls"}, 9},
		{"longest prefix commits", match.Facts{Dst: at(83), Transport: "raw_buffer"}, -1},
	} {
		if got := match.SelectChain(specs, c.f); got != c.want {
			t.Errorf("%s: chain %d, want %d", c.name, got, c.want)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	for _, s := range []string{"/a/../b", "/%2e%2e/x", `/\..`, "/%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := match.Normalize(s)
		if len(s) > 0 && s[0] == '/' && (len(out) == 0 || out[0] != '/') {
			t.Errorf("Normalize(%q) = %q lost its root", s, out)
		}
		for _, bad := range []string{"/../", "/./"} {
			if len(s) > 0 && s[0] == '/' && contains(out, bad) {
				t.Errorf("Normalize(%q) = %q still has %q", s, out, bad)
			}
		}
	})
}

func contains(s, sub string) bool {
	for i := 0; i+len(sub) <= len(s); i++ {
		if s[i:i+len(sub)] == sub {
			return true
		}
	}
	return false
}
