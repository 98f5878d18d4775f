package config

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
)

// Forward sends a request to an xdsCluster.
type Forward struct {
	Split           []Destination // at least one
	totalWeight     uint32
	NotFoundStatus  int           // when the xdsCluster is unknown
	Timeout         time.Duration // whole answer; 0: none
	Retry           *Retry        // nil: never
	PrefixRewrite   string
	regex           *regexRewrite
	HostRewrite     string
	AutoHostRewrite bool
	AppendXFH       bool
}

// Destination is one part of a split.
type Destination struct {
	XDSCluster  string
	Weight      uint32
	HostRewrite string
	Mutation    Mutation
}

// Pick chooses a destination; n is uniform over all of uint64.
func (f *Forward) Pick(n uint64) *Destination {
	if f.totalWeight == 0 {
		return &f.Split[0]
	}
	left := uint32(n % uint64(f.totalWeight))
	for i := range f.Split {
		if left < f.Split[i].Weight {
			return &f.Split[i]
		}
		left -= f.Split[i].Weight
	}
	return &f.Split[len(f.Split)-1]
}

// Rewrite returns the path to send; matched is the route's own path match.
func (f *Forward) Rewrite(path, matched string, fold bool) string {
	switch {
	case f.regex != nil:
		return f.regex.pattern.ReplaceAllString(path, f.regex.text)
	case f.PrefixRewrite == "":
		return path
	case strings.HasPrefix(path, matched), fold && len(path) >= len(matched):
		return f.PrefixRewrite + path[len(matched):]
	}
	return path
}

func forward(in *routev3.RouteAction, fallback *routev3.RetryPolicy) (*Forward, error) {
	out := &Forward{
		Timeout: duration(in.GetTimeout(), defaultRouteTimeout), PrefixRewrite: in.GetPrefixRewrite(),
		HostRewrite: in.GetHostRewriteLiteral(), AutoHostRewrite: in.GetAutoHostRewrite().GetValue(),
		AppendXFH: in.GetAppendXForwardedHost(), NotFoundStatus: http.StatusServiceUnavailable,
	}
	if in.GetClusterNotFoundResponseCode() == routev3.RouteAction_NOT_FOUND {
		out.NotFoundStatus = http.StatusNotFound
	}
	if in.GetMaxStreamDuration().GetMaxStreamDuration().AsDuration() != 0 {
		return nil, errors.New("max_stream_duration.max_stream_duration: only 0 is supported")
	}
	if err := out.split(in); err != nil {
		return nil, err
	}
	var err error
	if out.regex, err = rewrite(in.GetRegexRewrite()); err != nil {
		return nil, fmt.Errorf("regex_rewrite: %w", err)
	}
	policy := in.GetRetryPolicy()
	if policy == nil {
		policy = fallback
	}
	if out.Retry, err = retry(policy); err != nil {
		return nil, fmt.Errorf("retry_policy: %w", err)
	}
	return out, nil
}

func (f *Forward) split(in *routev3.RouteAction) error {
	if c := in.GetCluster(); c != "" {
		f.Split = []Destination{{XDSCluster: c, Weight: 1}}
	}
	for i, c := range in.GetWeightedClusters().GetClusters() {
		m, err := mutation(c)
		if err != nil {
			return fmt.Errorf("weighted_clusters.clusters[%d]: %w", i, err)
		}
		f.Split = append(f.Split, Destination{XDSCluster: c.GetName(), Weight: c.GetWeight().GetValue(), HostRewrite: c.GetHostRewriteLiteral(), Mutation: m})
	}
	if len(f.Split) == 0 {
		return errors.New("cluster_specifier: want cluster or weighted_clusters")
	}
	for _, d := range f.Split {
		f.totalWeight += d.Weight
	}
	return nil
}

// Redirect answers with another address.
type Redirect struct {
	Status       int
	HTTPS        bool
	Scheme, Host string
	Port         uint32
	path, prefix string
	regex        *regexRewrite
	StripQuery   bool
}

func redirect(in *routev3.RedirectAction) (*Redirect, error) {
	out := &Redirect{
		HTTPS: in.GetHttpsRedirect(), Scheme: in.GetSchemeRedirect(), Host: in.GetHostRedirect(), Port: in.GetPortRedirect(),
		path: in.GetPathRedirect(), prefix: in.GetPrefixRewrite(), StripQuery: in.GetStripQuery(),
	}
	switch c := in.GetResponseCode(); c {
	case routev3.RedirectAction_MOVED_PERMANENTLY:
		out.Status = http.StatusMovedPermanently
	case routev3.RedirectAction_FOUND:
		out.Status = http.StatusFound
	case routev3.RedirectAction_SEE_OTHER:
		out.Status = http.StatusSeeOther
	case routev3.RedirectAction_TEMPORARY_REDIRECT:
		out.Status = http.StatusTemporaryRedirect
	case routev3.RedirectAction_PERMANENT_REDIRECT:
		out.Status = http.StatusPermanentRedirect
	default:
		return nil, fmt.Errorf("response_code: %s is not supported", c)
	}
	var err error
	out.regex, err = rewrite(in.GetRegexRewrite())
	return out, err
}

// Location is where the caller is sent. path and query are the request's,
// matched is the route's own path match.
func (r *Redirect) Location(scheme, authority, path, query, matched string) string {
	before := scheme
	if r.HTTPS {
		scheme = "https"
	}
	if r.Scheme != "" {
		scheme = r.Scheme
	}
	host, port := authority, ""
	if h := withoutPort(authority); h != authority {
		host, port = h, authority[len(h)+1:]
	}
	if scheme != before && (port == "80" || port == "443") {
		port = "" // RedirectAction: a default port is dropped when the scheme changes
	}
	if r.Host != "" {
		host = r.Host
	}
	if r.Port != 0 {
		port = strconv.FormatUint(uint64(r.Port), 10)
	}
	switch {
	case r.path != "":
		var ownQuery string
		if path, ownQuery, _ = strings.Cut(r.path, "?"); ownQuery != "" {
			query = ownQuery
		}
	case r.prefix != "":
		path = r.prefix + strings.TrimPrefix(path, matched)
	case r.regex != nil:
		path = r.regex.pattern.ReplaceAllString(path, r.regex.text)
	}
	if r.StripQuery {
		query = ""
	}
	if port != "" {
		host += ":" + port
	}
	u := url.URL{Scheme: scheme, Host: host, RawQuery: query}
	return u.Scheme + "://" + u.Host + path + querySuffix(query)
}

func querySuffix(query string) string {
	if query == "" {
		return ""
	}
	return "?" + query
}

func rewrite(in *matcherv3.RegexMatchAndSubstitute) (*regexRewrite, error) {
	if in == nil {
		return nil, nil
	}
	re, err := regexp.Compile(in.GetPattern().GetRegex())
	if err != nil {
		return nil, err
	}
	// RE2 writes \1 where Go writes ${1}.
	text := regexp.MustCompile(`\\(\d)`).ReplaceAllString(strings.ReplaceAll(in.GetSubstitution(), "$", "$$"), "$${$1}")
	return &regexRewrite{pattern: re, text: text}, nil
}
