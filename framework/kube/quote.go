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

// Command is how a program is called on one cluster and no other, to be pasted: kubectl
// or istioctl with the user's own kubeconfig and context, as far as they were named. The
// arguments are put as they are: who passes a name quotes it.
func Command(program, kubeconfig, context string, arguments ...string) string {
	words := []string{program}
	if kubeconfig != "" {
		words = append(words, "--kubeconfig="+Quote(kubeconfig))
	}
	if context != "" {
		words = append(words, "--context="+Quote(context))
	}
	return strings.Join(append(words, arguments...), " ")
}

// PlainWord is true for an argument that a shell takes as it is.
func PlainWord(argument string) bool { return plainWord().MatchString(argument) }

func plainWord() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`) }
