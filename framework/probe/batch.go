package probe

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// Execer runs a command in a container; *kube.Client is one. Its error tells
// only of the transport.
type Execer interface {
	Exec(ctx context.Context, target kube.Target, opts kube.ExecOptions) (kube.ExecResult, error)
}

// Batch is a number of calls that one curl makes, one after another, each on a
// connection of its own, so that each is balanced anew, also where a proxy
// binds requests to connections. A host name is resolved once.
type Batch struct {
	URL string
	// Count is the number of calls.
	Count int
	// Limit bounds each call. It must be longer than the proxy's connect
	// timeout (10 s in Istio), or a dead endpoint that a retry hides looks
	// like a call that failed. Zero means DefaultLimit.
	Limit time.Duration
	// UserAgent names the scenario in access logs.
	UserAgent string
}

// DefaultLimit is longer than one connect timeout of 10 s and a retry.
const DefaultLimit = 15 * time.Second

// Run makes the calls of the batch from the target container and returns one
// Call for each. It returns an error only when not one call can be reported
// because the command could not be started; calls that were lost on the way
// are Unsound.
func Run(ctx context.Context, from Execer, target kube.Target, batch Batch) ([]Call, error) {
	nonce := rand.Text()
	result, err := from.Exec(ctx, target, kube.ExecOptions{Command: batch.command(nonce), Bound: batch.bound()})
	calls, reported := parseBatch(result.Stdout, nonce, batch.Count, lostBecause(result, err))
	if reported == 0 {
		if err == nil {
			err = fmt.Errorf("want curl 7.75 or newer to tell of %d calls; it ended with exit code %d and reported none: %s",
				batch.Count, result.ExitCode, clip(strings.TrimSpace(string(result.Stderr)), 300))
		}
		return calls, fmt.Errorf("call %s from %s: %w", batch.URL, target, err)
	}
	return calls, nil
}

// bound is how long the batch may take: every call as long as it may, and a moment for
// the command itself.
func (b Batch) bound() time.Duration {
	return time.Duration(b.Count)*cmp.Or(max(0, b.Limit), DefaultLimit) + execMargin
}

// execMargin is what starting a command in a container may take on a busy node.
const execMargin = 30 * time.Second

func (b Batch) command(nonce string) []string {
	limit := b.Limit
	if limit <= 0 {
		limit = DefaultLimit
	}
	seconds := strconv.Itoa(int(math.Ceil(limit.Seconds())))
	agent := "eastwest"
	if b.UserAgent != "" {
		agent += "/" + b.UserAgent
	}
	return []string{
		"curl", "--silent", "--max-time", seconds, "--max-filesize", strconv.Itoa(largestAnswer),
		"--user-agent", agent, "--header", "Connection: close", "--write-out", trailer(nonce),
		// curl counts in the fragment, which it does not send: thus the command,
		// which is part of a URL itself, is short however many calls it makes.
		noGlob(b.URL) + fmt.Sprintf("#[1-%d]", b.Count),
	}
}

// largestAnswer is in bytes. Old versions of curl (before 8.4) keep to it only
// where the server tells the size.
const largestAnswer = 1 << 16

// trailer is what curl prints after each answer's body: a line of its own with
// the nonce, curl's exit code, HTTP status, seconds until the name was resolved,
// seconds in all, the address that was called, and the URL with the number of the
// call as its fragment. The nonce is drawn anew for each batch and is not sent, so
// that no answer can imitate a trailer. The exit code and the URL of one call need
// curl 7.75 (2021).
func trailer(nonce string) string {
	return `\n` + nonce + `\t%{exitcode}\t%{http_code}\t%{time_namelookup}\t%{time_total}\t%{remote_ip}\t%{url}\n`
}

// noGlob keeps curl from taking parts of a URL for ranges.
func noGlob(url string) string {
	return strings.NewReplacer(`[`, `\[`, `]`, `\]`, `{`, `\{`, `}`, `\}`).Replace(url)
}

// lostBecause says why a call may be missing from the output.
func lostBecause(result kube.ExecResult, err error) string {
	switch {
	case err != nil:
		return "lost: " + err.Error()
	case result.ExitCode != 0:
		return fmt.Sprintf("lost: the probe ended with exit code %d", result.ExitCode)
	default:
		return "lost: the probe did not tell of this call"
	}
}
