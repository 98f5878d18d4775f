package match

import (
	"regexp"
	"strings"
)

// Path is a compiled path predicate; exactly one of the fields is set. Paths
// come without query and fragment.
type Path struct {
	Prefix          string
	Exact           string
	SeparatedPrefix string
	Regex           *regexp.Regexp
	FoldCase        bool
}

// Match reports whether path fits.
func (p Path) Match(path string) bool {
	if p.Regex != nil {
		return p.Regex.MatchString(path)
	}
	prefix, exact, separated := p.Prefix, p.Exact, p.SeparatedPrefix
	if p.FoldCase {
		path, prefix, exact, separated = strings.ToLower(path), strings.ToLower(prefix), strings.ToLower(exact), strings.ToLower(separated)
	}
	switch {
	case exact != "":
		return path == exact
	case separated != "":
		return path == separated || strings.HasPrefix(path, separated+"/")
	default:
		return strings.HasPrefix(path, prefix)
	}
}

// Matched is the part of the path that a prefix rewrite replaces.
func (p Path) Matched() string { return p.Prefix + p.Exact + p.SeparatedPrefix }

// Normalize applies normalize_path as Envoy does (RFC 3986 section 6.2.2):
// escaped unreserved characters are unescaped, a backslash counts as a slash
// and dot segments are resolved. Policies are matched against the result, so a
// request cannot step around them with /public/../admin. Escaped slashes stay.
func Normalize(path string) string {
	return removeDots(strings.ReplaceAll(unescapeUnreserved(path), `\`, "/"))
}

func unescapeUnreserved(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, ok1 := unhex(s[i+1])
			lo, ok2 := unhex(s[i+2])
			if c := hi<<4 | lo; ok1 && ok2 && (unreserved(c) || c == '\\') {
				b.WriteByte(c)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func unhex(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

func removeDots(path string) string {
	if !strings.HasPrefix(path, "/") || !strings.Contains(path, "/.") {
		return path
	}
	segments := strings.Split(path[1:], "/")
	var out []string
	for i, s := range segments {
		last := i == len(segments)-1
		switch s {
		case ".", "..":
			if s == ".." && len(out) > 0 {
				out = out[:len(out)-1]
			}
			if last {
				out = append(out, "")
			}
		default:
			out = append(out, s)
		}
	}
	return "/" + strings.Join(out, "/")
}

// MergeSlashes folds runs of slashes into one (merge_slashes).
func MergeSlashes(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return path
}
