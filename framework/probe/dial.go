package probe

import (
	"context"
	"crypto/rand"
	_ "embed" // the script
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

//go:embed dial.sh
var dialScript string

// Address is what is dialed.
type Address struct {
	// URL decides what is spoken: http:// plaintext, https:// TLS.
	URL string
	// Resolve makes curl connect to this host:port instead of the URL's, so
	// that the URL's host is only the SNI; empty to follow the URL.
	Resolve string
	// Limit bounds the whole attempt; zero means 5 s, below a proxy's connect timeout.
	Limit time.Duration
}

// Attempt is what came of dialing an address. The caller must not have a sidecar, or
// it is the sidecar that answers the TCP connection.
type Attempt struct {
	// Connected is true when the TCP connection was made.
	Connected bool
	// Handshake is true when a TLS handshake was finished. TLS 1.3 lets a
	// client finish before the server refuses it: only Bytes and Status tell
	// whether anything was let in.
	Handshake bool
	// Status is the HTTP status, 0 for none; Bytes the size of the body.
	Status, Bytes int
	Body          string
	Exit          int
	// Why says in words how the attempt ended when it did not end with an answer.
	Why string
	// Unsound is true when the probe itself failed: nothing may be concluded.
	Unsound bool
}

// Resolves is whether the host's name resolved, where that is known: not after a time-out
// without a connection, whose reason may be either.
func (a Attempt) Resolves() (resolves, known bool) {
	silent := a.Exit == exitTimedOut && !a.Connected
	return a.Exit != exitNoName, !a.Unsound && !silent
}

const defaultAttemptLimit = 5 * time.Second

// Dial makes one attempt at each address, in order, from a container without a sidecar.
func Dial(ctx context.Context, from Execer, target kube.Target, addresses []Address) ([]Attempt, error) {
	nonce := rand.Text()
	var bound time.Duration
	command := []string{"/bin/sh", "-c", dialScript, "eastwest-dial", nonce}
	for _, address := range addresses {
		limit := address.Limit
		if limit <= 0 {
			limit = defaultAttemptLimit
		}
		bound += limit
		command = append(command, strconv.FormatFloat(limit.Seconds(), 'f', 1, 64), address.Resolve, address.URL)
	}
	result, err := from.Exec(ctx, target, kube.ExecOptions{Command: command, Bound: bound + execMargin})
	attempts := parseAttempts(result.Stdout, nonce, len(addresses), lostBecause(result, err))
	if err != nil {
		return attempts, fmt.Errorf("dial %d addresses from %s: %w", len(addresses), target, err)
	}
	return attempts, nil
}

// parseAttempts reads what dial.sh printed; what is missing is Unsound.
func parseAttempts(stdout []byte, nonce string, count int, lostWhy string) []Attempt {
	attempts := make([]Attempt, count)
	for i := range attempts {
		attempts[i] = Attempt{Unsound: true, Why: lostWhy}
	}
	lines := strings.SplitAfter(string(stdout), "\n")
	for _, line := range lines {
		line, complete := strings.CutSuffix(line, "\n")
		rest, own := strings.CutPrefix(line, nonce+"\t")
		if !complete || !own {
			continue
		}
		number, attempt, ok := parseAttempt(strings.SplitN(rest, "\t", 7))
		if ok && number >= 1 && number <= count {
			attempts[number-1] = attempt
		}
	}
	return attempts
}

// parseAttempt reads number, exit code, status, seconds to connect, seconds to
// the end of the handshake, bytes, body.
func parseAttempt(fields []string) (int, Attempt, bool) {
	if len(fields) != 7 {
		return 0, Attempt{}, false
	}
	var numbers [3]int
	for i := range numbers {
		n, err := strconv.Atoi(fields[i])
		if err != nil {
			return 0, Attempt{}, false
		}
		numbers[i] = n
	}
	connect, ok1 := parseSeconds(fields[3])
	handshake, ok2 := parseSeconds(fields[4])
	bytes, err := strconv.ParseFloat(fields[5], 64) // old curls print size_download as 0.000
	if !ok1 || !ok2 || err != nil || bytes < 0 {
		return 0, Attempt{}, false
	}
	attempt := Attempt{
		Exit: numbers[1], Status: numbers[2],
		Connected: connect > 0 || afterConnect(numbers[1]), Handshake: handshake > 0,
		Bytes: int(bytes), Body: strings.TrimRight(fields[6], " "),
	}
	if attempt.Exit != 0 {
		attempt.Why = exitMeaning(attempt.Exit)
	}
	if ownFault(attempt.Exit) {
		attempt = Attempt{Exit: attempt.Exit, Unsound: true, Why: exitMeaning(attempt.Exit)}
	}
	return numbers[0], attempt, true
}

// afterConnect reports whether a failure of curl can only follow a TCP
// connection; some versions of curl tell no time to connect then.
func afterConnect(exit int) bool {
	switch exit {
	case 18, 35, 52, 55, 56, 60:
		return true
	}
	return false
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
