package config_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
)

// request is a config.Request made of a URL and headers.
type request struct {
	authority string
	url       *url.URL
	headers   map[string]string
}

func newRequest(t *testing.T, authority, target string, headers map[string]string) request {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	return request{authority, u, headers}
}

func (r request) Authority() string                 { return r.authority }
func (r request) Path() string                      { return r.url.Path }
func (r request) Header(name string) (string, bool) { v, ok := r.headers[name]; return v, ok }
func (r request) Query(name string) (string, bool) {
	q := r.url.Query()
	return q.Get(name), q.Has(name)
}

func TestRealRoutes(t *testing.T) {
	table, err := config.CompileRoutes(routes(t, "sidecar-server", "5000"))
	if err != nil {
		t.Fatal(err)
	}
	for authority, want := range map[string]string{
		"helloworld.sample:5000": "outbound|5000||helloworld.sample.svc.cluster.local", "helloworld": "outbound|5000||helloworld.sample.svc.cluster.local",
		"HelloWorld.Sample.svc.cluster.local.:5000": "outbound|5000||helloworld.sample.svc.cluster.local",
		"example.com": "PassthroughCluster", "[::1]:5000": "PassthroughCluster", "helloworld:x": "PassthroughCluster",
	} {
		vh, r := table.Find(newRequest(t, authority, "/hello", nil))
		if r == nil || r.Forward == nil || r.Forward.Split[0].XDSCluster != want {
			t.Errorf("%s: %+v, want %s", authority, r, want)
			continue
		}
		if want != "PassthroughCluster" && (!vh.AttemptCount || r.Forward.Timeout != 0 || r.Forward.Retry == nil || r.Forward.Retry.Retries != 2 || !r.Forward.Retry.OtherHosts || !r.Forward.Retry.On(config.OnConnectFailure) || r.Forward.Retry.On(config.On5xx)) {
			t.Errorf("%s: policy %+v", authority, r.Forward.Retry)
		}
	}
	split, err := config.CompileRoutes(routes(t, "subsets-client", "5000"))
	if err != nil {
		t.Fatal(err)
	}
	_, r := split.Find(newRequest(t, "helloworld", "/hello", nil))
	if r == nil || r.Forward.Timeout != 3*time.Second || r.Forward.Retry.PerTry != time.Second || !r.Forward.Retry.On(config.On5xx) {
		t.Fatalf("route of the VirtualService: %+v", r)
	}
	got := map[string]int{}
	for n := range uint64(1000) {
		got[r.Forward.Pick(n).XDSCluster]++
	}
	if diff := cmp.Diff(map[string]int{"outbound|5000|v1|helloworld.sample.svc.cluster.local": 800, "outbound|5000|v2|helloworld.sample.svc.cluster.local": 200}, got); diff != "" {
		t.Error(diff)
	}
	h, host := http.Header{"X-A": {"old"}}, ""
	for _, m := range r.Mutations {
		m.Request(h, &host)
	}
	if diff := cmp.Diff(http.Header{"X-A": {"b"}}, h); diff != "" {
		t.Error(diff)
	}
	if _, r := split.Find(newRequest(t, "helloworld", "/other", nil)); r != nil {
		t.Errorf("a path without a route found %q", r.Name)
	}
}

func TestRouteMatching(t *testing.T) {
	exact := func(s string) *matcherv3.StringMatcher {
		return &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: s}}
	}
	direct := func(name string, m *routev3.RouteMatch) *routev3.Route {
		return &routev3.Route{Name: name, Match: m, Action: &routev3.Route_DirectResponse{DirectResponse: &routev3.DirectResponseAction{Status: 200}}}
	}
	prefix := func(p string) *routev3.RouteMatch_Prefix { return &routev3.RouteMatch_Prefix{Prefix: p} }
	table, err := config.CompileRoutes(&routev3.RouteConfiguration{VirtualHosts: []*routev3.VirtualHost{{Domains: []string{"*"}, Routes: []*routev3.Route{
		direct("header", &routev3.RouteMatch{PathSpecifier: prefix("/"), Headers: []*routev3.HeaderMatcher{{Name: "x-to", HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{StringMatch: exact("v2")}}}}),
		direct("query", &routev3.RouteMatch{PathSpecifier: prefix("/"), QueryParameters: []*routev3.QueryParameterMatcher{{Name: "q", QueryParameterMatchSpecifier: &routev3.QueryParameterMatcher_StringMatch{StringMatch: exact("1")}}}}),
		direct("grpc", &routev3.RouteMatch{PathSpecifier: prefix("/"), Grpc: &routev3.RouteMatch_GrpcRouteMatchOptions{}}),
		direct("folded", &routev3.RouteMatch{PathSpecifier: prefix("/Fold"), CaseSensitive: wrapperspb.Bool(false)}),
		direct("regex", &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_SafeRegex{SafeRegex: &matcherv3.RegexMatcher{Regex: "/r[0-9]+"}}}),
		direct("separated", &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_PathSeparatedPrefix{PathSeparatedPrefix: "/sep"}}),
		direct("first", &routev3.RouteMatch{PathSpecifier: prefix("/p")}),
		direct("second", &routev3.RouteMatch{PathSpecifier: prefix("/pp")}),
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		target  string
		headers map[string]string
		want    string
	}{
		{"/x", map[string]string{"x-to": "v2"}, "header"},
		{"/x?q=1", nil, "query"},
		{"/x?q=2", nil, ""},
		{"/x", map[string]string{"content-type": "application/grpc+proto"}, "grpc"},
		{"/x", map[string]string{"content-type": "application/grpc-web"}, ""},
		{"/fOLD/x", nil, "folded"},
		{"/r12", nil, "regex"},
		{"/r12/x", nil, ""},
		{"/sep/x", nil, "separated"},
		{"/separate", nil, ""},
		{"/pp", nil, "first"},
	} {
		_, r := table.Find(newRequest(t, "h", c.target, c.headers))
		got := ""
		if r != nil {
			got = r.Name
		}
		if got != c.want {
			t.Errorf("%s %v: route %q, want %q", c.target, c.headers, got, c.want)
		}
	}
}

func TestRewriteAndRedirect(t *testing.T) {
	forward := func(a *routev3.RouteAction) *config.Route {
		t.Helper()
		a.ClusterSpecifier = &routev3.RouteAction_Cluster{Cluster: "c"}
		table, err := config.CompileRoutes(&routev3.RouteConfiguration{VirtualHosts: []*routev3.VirtualHost{{Domains: []string{"*"}, Routes: []*routev3.Route{
			{Match: &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/old"}}, Action: &routev3.Route_Route{Route: a}},
		}}}})
		if err != nil {
			t.Fatal(err)
		}
		_, r := table.Find(newRequest(t, "h", "/old/x", nil))
		return r
	}
	for _, c := range []struct {
		action *routev3.RouteAction
		want   string
	}{
		{&routev3.RouteAction{}, "/old/x"},
		{&routev3.RouteAction{PrefixRewrite: "/new"}, "/new/x"},
		{&routev3.RouteAction{PrefixRewrite: "/"}, "//x"},
		{&routev3.RouteAction{RegexRewrite: &matcherv3.RegexMatchAndSubstitute{Pattern: &matcherv3.RegexMatcher{Regex: "^/([a-z]+)/(.*)$"}, Substitution: `/\2/\1$`}}, "/x/old$"},
	} {
		r := forward(c.action)
		if got := r.Forward.Rewrite("/old/x", r.Path.Matched(), false); got != c.want {
			t.Errorf("%v: %q, want %q", c.action, got, c.want)
		}
	}
	redirect := func(a *routev3.RedirectAction) *config.Route {
		t.Helper()
		table, err := config.CompileRoutes(&routev3.RouteConfiguration{VirtualHosts: []*routev3.VirtualHost{{Domains: []string{"*"}, Routes: []*routev3.Route{
			{Match: &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/old"}}, Action: &routev3.Route_Redirect{Redirect: a}},
		}}}})
		if err != nil {
			t.Fatal(err)
		}
		_, r := table.Find(newRequest(t, "h", "/old", nil))
		return r
	}
	for _, c := range []struct {
		action *routev3.RedirectAction
		want   string
		status int
	}{
		{&routev3.RedirectAction{HostRedirect: "b"}, "http://b:5000/old/x?q=1", 301},
		{&routev3.RedirectAction{SchemeRewriteSpecifier: &routev3.RedirectAction_HttpsRedirect{HttpsRedirect: true}}, "https://a:5000/old/x?q=1", 301},
		{&routev3.RedirectAction{PortRedirect: 81, ResponseCode: routev3.RedirectAction_FOUND}, "http://a:81/old/x?q=1", 302},
		{&routev3.RedirectAction{PathRewriteSpecifier: &routev3.RedirectAction_PathRedirect{PathRedirect: "/new?y=2"}}, "http://a:5000/new?y=2", 301},
		{&routev3.RedirectAction{PathRewriteSpecifier: &routev3.RedirectAction_PrefixRewrite{PrefixRewrite: "/new"}, StripQuery: true}, "http://a:5000/new/x", 301},
		{&routev3.RedirectAction{ResponseCode: routev3.RedirectAction_PERMANENT_REDIRECT}, "http://a:5000/old/x?q=1", 308},
	} {
		r := redirect(c.action)
		if got := r.Redirect.Location("http", "a:5000", "/old/x", "q=1", r.Path.Matched()); got != c.want || r.Redirect.Status != c.status {
			t.Errorf("%v: %d %q, want %d %q", c.action, r.Redirect.Status, got, c.status, c.want)
		}
	}
	r := redirect(&routev3.RedirectAction{SchemeRewriteSpecifier: &routev3.RedirectAction_HttpsRedirect{HttpsRedirect: true}})
	if got := r.Redirect.Location("http", "a:80", "/", "", "/"); got != "https://a/" {
		t.Errorf("a default port must go with the scheme: %q", got)
	}
}

func TestHeaderMutations(t *testing.T) {
	add := func(key, value string, action corev3.HeaderValueOption_HeaderAppendAction) *corev3.HeaderValueOption {
		return &corev3.HeaderValueOption{Header: &corev3.HeaderValue{Key: key, Value: value}, AppendAction: action}
	}
	table, err := config.CompileRoutes(&routev3.RouteConfiguration{
		ResponseHeadersToAdd: []*corev3.HeaderValueOption{add("x-level", "table", corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD)},
		VirtualHosts: []*routev3.VirtualHost{{Domains: []string{"*"}, Routes: []*routev3.Route{{
			Match:  &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}},
			Action: &routev3.Route_DirectResponse{DirectResponse: &routev3.DirectResponseAction{Status: 200}},
			ResponseHeadersToAdd: []*corev3.HeaderValueOption{
				add("x-level", "route", corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD), add("x-append", "2", corev3.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD),
				add("x-absent", "new", corev3.HeaderValueOption_ADD_IF_ABSENT), add("x-there", "new", corev3.HeaderValueOption_ADD_IF_ABSENT),
				add("x-only", "new", corev3.HeaderValueOption_OVERWRITE_IF_EXISTS), add("x-percent", "100%%", corev3.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD),
			},
			ResponseHeadersToRemove: []string{"x-gone"},
			RequestHeadersToAdd:     []*corev3.HeaderValueOption{add(":authority", "other.example", corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD)},
		}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, r := table.Find(newRequest(t, "h", "/", nil))
	h := http.Header{"X-Append": {"1"}, "X-There": {"old"}, "X-Gone": {"x"}}
	for _, m := range r.Mutations {
		m.Response(h)
	}
	want := http.Header{"X-Append": {"1", "2"}, "X-There": {"old"}, "X-Absent": {"new"}, "X-Percent": {"100%"}, "X-Level": {"table"}}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Error(diff)
	}
	host, req := "h", http.Header{}
	for _, m := range r.Mutations {
		m.Request(req, &host)
	}
	if host != "other.example" || len(req) != 0 {
		t.Errorf("authority %q, headers %v", host, req)
	}
}
