package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/eastwest-mesh/eastwest/dataplane/match"
)

// defaultRouteTimeout is RouteAction.timeout's.
const defaultRouteTimeout = 15 * time.Second

// RouteTable is one compiled RouteConfiguration.
type RouteTable struct {
	Name         string
	Proto        *routev3.RouteConfiguration
	IgnorePort   bool
	hosts        *match.Hosts
	virtualHosts []*VirtualHost
	mutation     Mutation
}

// VirtualHost is one compiled virtual host.
type VirtualHost struct {
	Name             string
	AttemptCount     bool // add x-envoy-attempt-count to requests
	AttemptCountBack bool // and to answers
	routes           []*Route
}

// Route is one compiled route: exactly one of Forward, Redirect and Direct, or
// none, which answers 404.
type Route struct {
	Name     string
	Path     match.Path
	headers  []match.Header
	query    []queryMatch
	grpc     bool
	Forward  *Forward
	Redirect *Redirect
	Direct   *Direct

	// Mutations of the route, its virtual host and the table, in the order in
	// which they are applied (RouteConfiguration.most_specific_header_mutations_wins).
	Mutations []Mutation
}

type queryMatch struct {
	name    string
	present bool
	value   *match.String
}

// Direct is a direct response.
type Direct struct {
	Status int
	Body   string
}

// Request is what routes look at. Path comes without query and fragment.
type Request interface {
	match.Headers
	Authority() string
	Path() string
	Query(name string) (string, bool)
}

// CompileRoutes compiles in, or says which field it cannot honour.
func CompileRoutes(in *routev3.RouteConfiguration) (*RouteTable, error) {
	if err := Table().Check(in); err != nil {
		return nil, err
	}
	return compileRoutes(in)
}

func compileRoutes(in *routev3.RouteConfiguration) (*RouteTable, error) {
	out := &RouteTable{Name: in.GetName(), Proto: in, IgnorePort: in.GetIgnorePortInHostMatching()}
	if in.GetIgnorePathParametersInPathMatching() {
		return nil, errors.New("ignore_path_parameters_in_path_matching is not supported")
	}
	var err error
	if out.mutation, err = mutation(in); err != nil {
		return nil, err
	}
	var domains [][]string
	for i, v := range in.GetVirtualHosts() {
		vh, err := virtualHost(v, out.mutation, in.GetMostSpecificHeaderMutationsWins())
		if err != nil {
			return nil, fmt.Errorf("virtual_hosts[%d](%s): %w", i, v.GetName(), err)
		}
		out.virtualHosts = append(out.virtualHosts, vh)
		domains = append(domains, v.GetDomains())
	}
	if out.hosts, err = match.CompileHosts(domains); err != nil {
		return nil, fmt.Errorf("virtual_hosts: %w", err)
	}
	return out, nil
}

func virtualHost(in *routev3.VirtualHost, table Mutation, specificWins bool) (*VirtualHost, error) {
	out := &VirtualHost{Name: in.GetName(), AttemptCount: in.GetIncludeRequestAttemptCount(), AttemptCountBack: in.GetIncludeAttemptCountInResponse()}
	own, err := mutation(in)
	if err != nil {
		return nil, err
	}
	for i, r := range in.GetRoutes() {
		c, err := route(r, in.GetRetryPolicy())
		if err != nil {
			return nil, fmt.Errorf("routes[%d](%s): %w", i, r.GetName(), err)
		}
		// The last one applied wins: by default that is the table's.
		c.Mutations = append(c.Mutations, own, table)
		if specificWins {
			c.Mutations[0], c.Mutations[2] = c.Mutations[2], c.Mutations[0]
		}
		out.routes = append(out.routes, c)
	}
	return out, nil
}

func route(in *routev3.Route, retry *routev3.RetryPolicy) (*Route, error) {
	out := &Route{Name: in.GetName()}
	if err := out.match(in.GetMatch()); err != nil {
		return nil, fmt.Errorf("match: %w", err)
	}
	own, err := mutation(in)
	if err != nil {
		return nil, err
	}
	out.Mutations = []Mutation{own}
	switch a := in.GetAction().(type) {
	case *routev3.Route_Route:
		out.Forward, err = forward(a.Route, retry)
	case *routev3.Route_Redirect:
		out.Redirect, err = redirect(a.Redirect)
	case *routev3.Route_DirectResponse:
		body := a.DirectResponse.GetBody()
		out.Direct = &Direct{Status: int(a.DirectResponse.GetStatus()), Body: body.GetInlineString() + string(body.GetInlineBytes())}
	case *routev3.Route_NonForwardingAction:
	default:
		return nil, fmt.Errorf("action: %T is not supported", a)
	}
	return out, err
}

func (r *Route) match(in *routev3.RouteMatch) (err error) {
	r.Path.FoldCase = in.GetCaseSensitive() != nil && !in.GetCaseSensitive().GetValue()
	switch s := in.GetPathSpecifier().(type) {
	case *routev3.RouteMatch_Prefix:
		r.Path.Prefix = s.Prefix
	case *routev3.RouteMatch_Path:
		if r.Path.Exact = s.Path; s.Path == "" {
			return errors.New("path is empty")
		}
	case *routev3.RouteMatch_PathSeparatedPrefix:
		if r.Path.SeparatedPrefix = s.PathSeparatedPrefix; s.PathSeparatedPrefix == "" {
			return errors.New("path_separated_prefix is empty")
		}
	case *routev3.RouteMatch_SafeRegex:
		if r.Path.Regex, err = match.CompileRegex(s.SafeRegex); err != nil {
			return err
		}
	default:
		return fmt.Errorf("path_specifier: %T is not supported", s)
	}
	if r.headers, err = match.CompileHeaders(in.GetHeaders()); err != nil {
		return err
	}
	for i, q := range in.GetQueryParameters() {
		m := queryMatch{name: q.GetName(), present: q.GetPresentMatch() || q.GetStringMatch() == nil}
		if s := q.GetStringMatch(); s != nil {
			c, err := match.CompileString(s)
			if err != nil {
				return fmt.Errorf("query_parameters[%d]: %w", i, err)
			}
			m.value = &c
		}
		r.query = append(r.query, m)
	}
	r.grpc = in.GetGrpc() != nil
	return nil
}

// Find returns the route of a request; vh is nil when no virtual host fits.
func (t *RouteTable) Find(req Request) (vh *VirtualHost, r *Route) {
	authority := req.Authority()
	if t.IgnorePort {
		authority = withoutPort(authority)
	}
	i := t.hosts.Find(authority)
	if i < 0 {
		return nil, nil
	}
	vh = t.virtualHosts[i]
	for _, r := range vh.routes {
		if r.fits(req) {
			return vh, r
		}
	}
	return vh, nil
}

func (r *Route) fits(req Request) bool {
	if !r.Path.Match(req.Path()) {
		return false
	}
	for _, h := range r.headers {
		if !h.Match(req) {
			return false
		}
	}
	for _, q := range r.query {
		v, ok := req.Query(q.name)
		if !ok || q.value != nil && !q.value.Match(v) {
			return false
		}
	}
	if r.grpc {
		ct, _ := req.Header("content-type")
		return ct == "application/grpc" || strings.HasPrefix(ct, "application/grpc+") || strings.HasPrefix(ct, "application/grpc;")
	}
	return true
}

// withoutPort drops ":port", also after an IPv6 literal in brackets.
func withoutPort(authority string) string {
	i := strings.LastIndexByte(authority, ':')
	if i < 0 || strings.IndexByte(authority[i:], ']') >= 0 {
		return authority
	}
	for _, c := range authority[i+1:] {
		if c < '0' || c > '9' {
			return authority
		}
	}
	return authority[:i]
}

// regexRewrite replaces what pattern finds.
type regexRewrite struct {
	pattern *regexp.Regexp
	text    string // with Go's ${n}
}
