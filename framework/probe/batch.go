package probe

import (
	"context"
	"crypto/rand"
	_ "embed" // the script
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

//go:embed batch.sh
var batchScript string

// Execer runs a command in a container; *kube.Client is one. Its error tells
// only of the transport.
type Execer interface {
	Exec(ctx context.Context, target kube.Target, opts kube.ExecOptions) (kube.ExecResult, error)
}

// Batch is a number of calls that one exec makes, one after another.
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
// Call for each. It returns an error only when not one call can be told of
// because the command could not be started; calls that were lost on the way
// are Unsound.
func Run(ctx context.Context, from Execer, target kube.Target, batch Batch) ([]Call, error) {
	nonce := rand.Text()
	result, err := from.Exec(ctx, target, kube.ExecOptions{Command: batch.command(nonce)})
	calls, whole := parseBatch(result.Stdout, nonce, batch.Count, lostBecause(result, err))
	if !whole && allUnsound(calls) {
		if err == nil {
			err = fmt.Errorf("the probe's script ended with exit code %d and printed nothing: %s",
				result.ExitCode, clip(strings.TrimSpace(string(result.Stderr)), 300))
		}
		return calls, fmt.Errorf("call %s from %s: %w", batch.URL, target, err)
	}
	return calls, nil
}

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
	return []string{"/bin/sh", "-c", batchScript, "eastwest-batch", nonce, strconv.Itoa(b.Count), seconds, agent, b.URL}
}

// lostBecause says why a call may be missing from the output.
func lostBecause(result kube.ExecResult, err error) string {
	switch {
	case err != nil:
		return "lost: " + err.Error()
	case result.ExitCode != 0:
		return fmt.Sprintf("lost: the probe's script ended with exit code %d", result.ExitCode)
	default:
		return "lost: the probe did not tell of this call"
	}
}

func allUnsound(calls []Call) bool {
	for _, call := range calls {
		if !call.Unsound {
			return false
		}
	}
	return true
}
