package kube

import (
	"regexp"
	"strings"
)

// Quote makes a word of a POSIX shell in which nothing is expanded, for commands that
// people paste.
func Quote(argument string) string {
	if PlainWord(argument) {
		return argument
	}
	return "'" + strings.ReplaceAll(argument, "'", `'\''`) + "'"
}

// PlainWord is true for an argument that a shell takes as it is.
func PlainWord(argument string) bool { return plainWord().MatchString(argument) }

func plainWord() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`) }
