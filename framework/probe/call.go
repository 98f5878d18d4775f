package probe

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Call is one request of a batch and what became of it.
type Call struct {
	// Status is the HTTP status, 0 when there was no whole answer.
	Status int
	// Version and Instance are what HelloWorld says of itself; empty when the
	// body is anything else.
	Version, Instance string
	Latency           time.Duration
	// Address is the IP address that was called, before a sidecar took the connection; empty
	// where none was made.
	Address string
	// Exit is curl's exit code.
	Exit int
	// NameUnknown is true when the host's name did not resolve, or not in time.
	NameUnknown bool
	// Err says in words why this call is not a good answer; empty when it is one.
	Err string
	// Unsound is true when the probe itself failed or lost track of the call:
	// nothing may be concluded about the mesh from it.
	Unsound bool
}

// Exit codes of curl (curl(1), "EXIT CODES").
const (
	exitNoName   = 6
	exitTimedOut = 28
)

// Good reports whether the call got a well-formed HelloWorld answer.
func (c Call) Good() bool { return !c.Unsound && c.Err == "" && c.Version != "" }

// Refused reports whether the other side ended the call without an answer: it
// refused the connection, closed or reset it, or broke the TLS handshake off.
// A call that timed out, or that never left, was not refused.
func (c Call) Refused() bool {
	if c.Unsound || c.Status != 0 {
		return false
	}
	switch c.Exit {
	case 7, 35, 52, 55, 56:
		return true
	}
	return false
}

// hello is the one line that the HelloWorld sample answers with
// (istio/istio, samples/helloworld/src/app.py).
var hello = regexp.MustCompile(`^Hello version: ([A-Za-z0-9._-]{1,63}), instance: ([A-Za-z0-9._-]{1,253})$`)

// newCall makes a call from the fields of one printed line.
func newCall(exit, status int, latency time.Duration, body string) Call {
	call := Call{Status: status, Latency: latency, Exit: exit}
	body = strings.TrimRight(body, " ")
	switch {
	case ownFault(exit):
		call.Status, call.Unsound, call.Err = 0, true, exitMeaning(exit)
	case exit != 0:
		// An answer that was cut short is not an answer.
		call.Status, call.Err = 0, exitMeaning(exit)
	case status != 200:
		call.Err = fmt.Sprintf("HTTP status %d: %q", status, clip(body, 120))
	default:
		match := hello.FindStringSubmatch(body)
		if match == nil {
			call.Err = fmt.Sprintf("HTTP status 200, but not a HelloWorld answer: %q", clip(body, 120))
			break
		}
		call.Version, call.Instance = match[1], match[2]
	}
	return call
}

// lost is a call of which the probe knows nothing.
func lost(why string) Call { return Call{Unsound: true, Err: why} }

// clip shortens s to at most n bytes without cutting a rune in two.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "..."
}
