package match

import (
	"fmt"
	"regexp"
	"strings"

	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
)

// String is a compiled envoy.type.matcher.v3.StringMatcher.
type String struct {
	text string
	test func(string) bool
}

// CompileString compiles m. Patterns this program does not know are an error.
func CompileString(m *matcherv3.StringMatcher) (String, error) {
	fold := m.GetIgnoreCase()
	norm := func(s string) string {
		if fold {
			return strings.ToLower(s)
		}
		return s
	}
	out := String{text: fmt.Sprint(m)}
	switch p := m.GetMatchPattern().(type) {
	case *matcherv3.StringMatcher_Exact:
		want := norm(p.Exact)
		out.test = func(s string) bool { return norm(s) == want }
	case *matcherv3.StringMatcher_Prefix:
		want := norm(p.Prefix)
		out.test = func(s string) bool { return strings.HasPrefix(norm(s), want) }
	case *matcherv3.StringMatcher_Suffix:
		want := norm(p.Suffix)
		out.test = func(s string) bool { return strings.HasSuffix(norm(s), want) }
	case *matcherv3.StringMatcher_Contains:
		want := norm(p.Contains)
		out.test = func(s string) bool { return strings.Contains(norm(s), want) }
	case *matcherv3.StringMatcher_SafeRegex:
		re, err := CompileRegex(p.SafeRegex)
		if err != nil {
			return String{}, err
		}
		out.test = re.MatchString
	default:
		return String{}, fmt.Errorf("string matcher %T is not supported", p)
	}
	return out, nil
}

// Match reports whether s fits. The zero String fits nothing.
func (m String) Match(s string) bool { return m.test != nil && m.test(s) }

// String is the matcher's text form, for messages.
func (m String) String() string { return m.text }

// CompileStrings compiles a list.
func CompileStrings(in []*matcherv3.StringMatcher) ([]String, error) {
	out := make([]String, 0, len(in))
	for i, m := range in {
		c, err := CompileString(m)
		if err != nil {
			return nil, fmt.Errorf("[%d]: %w", i, err)
		}
		out = append(out, c)
	}
	return out, nil
}

// CompileRegex compiles an RE2 expression that must fit the whole text
// (envoy.type.matcher.v3.RegexMatcher).
func CompileRegex(m *matcherv3.RegexMatcher) (*regexp.Regexp, error) {
	re, err := regexp.Compile(`\A(?:` + m.GetRegex() + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("regex %q: %w", m.GetRegex(), err)
	}
	return re, nil
}
