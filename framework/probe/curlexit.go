package probe

import "fmt"

// ownFault reports whether an exit status means that the probe itself failed,
// so that the call says nothing about the mesh: curl's own troubles, a shell
// that found no curl (126, 127), and a process killed by a signal (128 and up).
// Codes: curl.se/libcurl/c/libcurl-errors.html and curl(1), EXIT CODES.
func ownFault(exit int) bool {
	switch exit {
	case 1, 2, 3, 4, // protocol, initialisation, URL, not built in
		23, 26, 27, // write, read, memory
		41, 43, 45, 48, // function, argument, interface, option
		59, 77, 81, 89: // cipher, CA file, again, no connection
		return true
	}
	return exit < 0 || exit >= 126
}

// exitMeaning says in words what a curl exit code means.
func exitMeaning(exit int) string {
	meanings := map[int]string{
		5:   "could not resolve the proxy",
		6:   "could not resolve the host name",
		7:   "could not connect",
		18:  "the answer was cut short",
		28:  "timed out",
		35:  "TLS handshake failed",
		52:  "the connection was closed without an answer",
		55:  "sending failed",
		56:  "the connection was reset",
		58:  "the client certificate was not accepted",
		60:  "the server's certificate was not accepted",
		63:  "the answer was larger than allowed",
		92:  "HTTP/2 stream error",
		126: "curl could not be run",
		127: "there is no curl in the container",
	}
	meaning, known := meanings[exit]
	switch {
	case known:
		return fmt.Sprintf("%s (curl exit %d)", meaning, exit)
	case exit > 128:
		return fmt.Sprintf("curl was killed by signal %d", exit-128)
	default:
		return fmt.Sprintf("curl exit %d", exit)
	}
}
