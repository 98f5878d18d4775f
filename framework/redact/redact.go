package redact

import (
	"regexp"
	"strings"
)

// Mark stands where a secret was.
const Mark = "[redacted]"

// pattern is one form that secrets have; with is what stands in its place.
type pattern struct {
	find *regexp.Regexp
	with string
}

// patterns are tried in this order: what spans lines first, so that nothing of
// it is left for the others.
func patterns() []pattern {
	return []pattern{
		// PEM of keys and certificates; one whose end, or whose beginning, was
		// cut off is redacted up to where the text ends.
		{regexp.MustCompile(`(?s)-----BEGIN [^\n-]*-----.*?(?:-----END [^\n-]*-----|\z)`), Mark},
		{regexp.MustCompile(`(?s)\A.*-----END [^\n-]*-----`), Mark},
		// JSON web tokens: those of service accounts and of OpenID Connect.
		{regexp.MustCompile(`eyJ[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)*`), Mark},
		{regexp.MustCompile(`(?i)\b(bearer|basic)[ \t]+[A-Za-z0-9._~+/=-]+`), "$1 " + Mark},
		// OAuth tokens of Google, key IDs of AWS.
		{regexp.MustCompile(`\bya29\.[A-Za-z0-9_.-]+`), Mark},
		{regexp.MustCompile(`\b(?:AKIA|ASIA)[0-9A-Z]{16}\b`), Mark},
		{regexp.MustCompile(`(://)[^/\s:@]+:[^/\s@]+@`), "$1" + Mark + "@"},
		// Flags whose value is the next word.
		{regexp.MustCompile(`(?i)(--?(?:[a-z0-9]+[_-])*(?:token|password|passwd|pass|client[-_]?secret|(?:private|api|access|secret)[-_]?key)[ \t]+)(?:"[^"\n]*"?|'[^'\n]*'?|[^\s,;-][^\s,;]*)`), "${1}" + Mark},
		// The fields of kubeconfigs, and of whatever calls its secrets by name.
		{regexp.MustCompile(`(?i)((?:\b|[_-])(?:token|password|passwd|client[-_]?secret|(?:client-key|client-certificate|certificate-authority)-data|(?:private|api|access|secret)[-_]?key)["']?[ \t]*[:=][ \t]*)(?:"[^"\n]*"?|'[^'\n]*'?|[^\s,;]+)`), "${1}" + Mark},
	}
}

// encoded finds what may be a key or a certificate in base64. A SHA-256 sum in
// hexadecimal digits is as long, and no secret.
func encoded() *regexp.Regexp { return regexp.MustCompile(`[A-Za-z0-9+/_-]{56,}={0,2}`) }

func digest() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-f]{64}$`) }

// Text returns the text without what looks like a token, a key, a password or
// a certificate, in their usual forms. It is to be given the whole text: of a
// secret whose beginning was cut off it may not recognise the rest.
func Text(text string) string {
	for _, p := range patterns() {
		text = p.find.ReplaceAllString(text, p.with)
	}
	return encoded().ReplaceAllStringFunc(text, func(found string) string {
		if digest().MatchString(found) || isPath(found) {
			return found
		}
		return Mark
	})
}

// isPath tells a file's path or the name of an object from base64: words of
// lower case between slashes and dashes.
func isPath(found string) bool {
	return strings.ContainsAny(found, "/-") && strings.ToLower(found) == found && !strings.ContainsAny(found, "+=")
}

// Last returns the last bytes of a redacted text, at most that many.
func Last(text string, most int) string {
	text = strings.TrimSpace(Text(text))
	if len(text) <= most {
		return text
	}
	return "..." + strings.ToValidUTF8(text[len(text)-most:], "")
}
