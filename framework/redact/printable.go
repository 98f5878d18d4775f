package redact

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable makes a string that came from a cluster safe to print on a terminal: one
// line, no control characters, no escape sequences, no text that runs backwards.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case r == utf8.RuneError || !unicode.IsPrint(r):
			return '\uFFFD'
		}
		return r
	}, s)
}
