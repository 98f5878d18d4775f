package match

import (
	"fmt"
	"strconv"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
)

// Headers gives a request's headers by lower-case name, including the
// pseudo-headers :authority, :method, :path and :scheme. Several values of one
// name come joined by commas, as Envoy joins them.
type Headers interface {
	Header(name string) (value string, present bool)
}

// Header is a compiled envoy.config.route.v3.HeaderMatcher.
type Header struct {
	name         string
	present      bool // it only asks for presence, and wants wantPresent
	wantPresent  bool
	invert       bool
	missingEmpty bool
	test         func(string) bool
}

// CompileHeader compiles m.
func CompileHeader(m *routev3.HeaderMatcher) (Header, error) {
	h := Header{
		name: strings.ToLower(m.GetName()), invert: m.GetInvertMatch(),
		missingEmpty: m.GetTreatMissingHeaderAsEmpty(),
	}
	pattern, err := stringPattern(m)
	if err != nil {
		return Header{}, fmt.Errorf("header %q: %w", m.GetName(), err)
	}
	switch s := m.GetHeaderMatchSpecifier().(type) {
	case nil:
		h.present, h.wantPresent = true, true
	case *routev3.HeaderMatcher_PresentMatch:
		h.present, h.wantPresent = true, s.PresentMatch
	case *routev3.HeaderMatcher_RangeMatch:
		start, end := s.RangeMatch.GetStart(), s.RangeMatch.GetEnd()
		h.test = func(v string) bool {
			n, err := strconv.ParseInt(v, 10, 64)
			return err == nil && n >= start && n < end
		}
	default:
		c, err := CompileString(pattern)
		if err != nil {
			return Header{}, fmt.Errorf("header %q: %w", m.GetName(), err)
		}
		h.test = c.Match
	}
	return h, nil
}

// stringPattern folds the deprecated per-kind fields into string_match.
func stringPattern(m *routev3.HeaderMatcher) (*matcherv3.StringMatcher, error) {
	switch s := m.GetHeaderMatchSpecifier().(type) {
	case *routev3.HeaderMatcher_StringMatch:
		return s.StringMatch, nil
	case *routev3.HeaderMatcher_ExactMatch:
		return &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: s.ExactMatch}}, nil //nolint:staticcheck // older istiods send it
	case *routev3.HeaderMatcher_PrefixMatch:
		return &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Prefix{Prefix: s.PrefixMatch}}, nil //nolint:staticcheck // older istiods send it
	case *routev3.HeaderMatcher_SuffixMatch:
		return &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Suffix{Suffix: s.SuffixMatch}}, nil //nolint:staticcheck // older istiods send it
	case *routev3.HeaderMatcher_ContainsMatch:
		return &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Contains{Contains: s.ContainsMatch}}, nil //nolint:staticcheck // older istiods send it
	case *routev3.HeaderMatcher_SafeRegexMatch:
		return &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_SafeRegex{SafeRegex: s.SafeRegexMatch}}, nil //nolint:staticcheck // older istiods send it
	case nil, *routev3.HeaderMatcher_PresentMatch, *routev3.HeaderMatcher_RangeMatch:
		return nil, nil
	default:
		return nil, fmt.Errorf("match %T is not supported", s)
	}
}

// CompileHeaders compiles a list; all must fit.
func CompileHeaders(in []*routev3.HeaderMatcher) ([]Header, error) {
	out := make([]Header, 0, len(in))
	for i, m := range in {
		h, err := CompileHeader(m)
		if err != nil {
			return nil, fmt.Errorf("headers[%d]: %w", i, err)
		}
		out = append(out, h)
	}
	return out, nil
}

// Match reports whether the request fits. A value match on a missing header
// fails, inverted or not, unless missing counts as empty
// (HeaderMatcher.treat_missing_header_as_empty).
func (h Header) Match(in Headers) bool {
	value, present := in.Header(h.name)
	if h.present {
		return (present == h.wantPresent) != h.invert
	}
	if !present && !h.missingEmpty {
		return false
	}
	return h.test(value) != h.invert
}
