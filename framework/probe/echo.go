package probe

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// EchoBatch is a number of calls that the client of Istio's test program echo makes, up to
// twenty at a time, each on a connection of its own (pkg/test/echo/server/forwarder).
type EchoBatch struct {
	// Client is the path of the client in the container.
	Client string
	URL    string
	// Host replaces the host of the URL in the requests, so that an address can be called and
	// no name is looked up; empty leaves it.
	Host  string
	Count int
	// Limit bounds the whole batch; zero means DefaultEchoLimit.
	Limit time.Duration
}

// DefaultEchoLimit leaves a proxy the time to give up on a dead endpoint, and on those that
// it tries after it.
const DefaultEchoLimit = 45 * time.Second

// EchoCall is one call and what became of it.
type EchoCall struct {
	// Status is the HTTP status, 0 when there was no whole answer.
	Status int
	// Cluster and Pod are of who answered, by its own word.
	Cluster, Pod string
	// Err says in words why this is not a good answer; empty when it is one.
	Err string
	// Cause names what a mesh says of itself when it refuses; empty where it says nothing.
	Cause Cause
	// Unsound is true when the probe itself failed or lost track of the call.
	Unsound bool
}

// Cause is a reason that a proxy gives for not passing a call on. Such do not happen by chance.
type Cause string

// The causes.
const (
	// CauseIdentity: the other side's certificate was not accepted.
	CauseIdentity Cause = "the certificate was not accepted"
	// CauseNoRoute: the proxy knows no route or no cluster for the name (Envoy's NR and NC).
	CauseNoRoute Cause = "the proxy knows no route"
	// CauseDenied: a policy of the mesh refused the call.
	CauseDenied Cause = "a policy refused the call"
)

// Good reports whether echo answered.
func (c EchoCall) Good() bool { return !c.Unsound && c.Err == "" }

// RunEcho makes the calls of the batch from the target container and returns one EchoCall for
// each. It returns an error only where the client could not be started or said nothing that
// can be understood.
func RunEcho(ctx context.Context, from Execer, target kube.Target, batch EchoBatch) ([]EchoCall, error) {
	limit := cmp.Or(max(0, batch.Limit), DefaultEchoLimit)
	command := []string{batch.Client, "--count", strconv.Itoa(batch.Count), "--timeout", limit.String()}
	if batch.Host != "" {
		command = append(command, "--header", "Host:"+batch.Host)
	}
	result, err := from.Exec(ctx, target, kube.ExecOptions{Command: append(command, batch.URL), Bound: limit + execMargin})
	output := string(result.Stdout) + string(result.Stderr)
	if err == nil && result.ExitCode == 0 {
		return parseEcho(string(result.Stdout), batch.Count), nil
	}
	if calls, ok := echoFailed(output, batch.Count); err == nil && ok {
		return calls, nil
	}
	if err == nil {
		err = fmt.Errorf("the client ended with exit code %d: %s", result.ExitCode, clip(oneLine(output), 300))
	}
	return lostEcho(batch.Count, "lost: "+err.Error()), fmt.Errorf("call %s from %s: %w", batch.URL, target, err)
}

// The client's two ways to fail (doForward in pkg/test/echo/server/forwarder/util.go). It
// then prints no answer at all, not even of the calls that were answered.
var (
	someFailed = regexp.MustCompile(`(\d+)/(\d+) requests had errors; first error: ([^\n]*)`)
	tooLate    = regexp.MustCompile(`request set timed out after (\S+) and only (\d+)/(\d+) requests completed`)
)

// echoFailed reads how many calls failed. The others may have been answered: nothing is known
// of them.
func echoFailed(output string, count int) ([]EchoCall, bool) {
	var failed int
	var why string
	if m := someFailed.FindStringSubmatch(output); m != nil {
		if n, _ := strconv.Atoi(m[2]); n != count {
			return nil, false
		}
		failed, _ = strconv.Atoi(m[1])
		why = "no answer: " + m[3]
	} else if m := tooLate.FindStringSubmatch(output); m != nil {
		if n, _ := strconv.Atoi(m[3]); n != count {
			return nil, false
		}
		done, _ := strconv.Atoi(m[2])
		failed, why = count-done, "no answer within "+m[1]
	}
	if failed < 1 || failed > count {
		return nil, false
	}
	calls := lostEcho(count, "lost: the client shows no answer where other calls of its batch have none")
	for i := range failed {
		calls[i] = EchoCall{Err: clip(oneLine(why), largestReason)}
	}
	return calls, true
}

func lostEcho(count int, why string) []EchoCall {
	calls := make([]EchoCall, count)
	for i := range calls {
		calls[i] = EchoCall{Unsound: true, Err: why}
	}
	return calls
}

// largestReason is how many bytes of a reason are kept.
const largestReason = 400

// parseEcho reads the client's lines: "[3] StatusCode=200" of the call, "[3 body] Hostname=..."
// of the answer, whose lines all have that prefix: none can imitate the call's own.
func parseEcho(output string, count int) []EchoCall {
	answers := make([]echoAnswer, count)
	for line := range strings.Lines(output) {
		m := echoLine.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
		if m == nil {
			continue // the client's log
		}
		number, err := strconv.Atoi(m[1])
		if err != nil || number >= count {
			continue
		}
		answers[number].add(m[2], m[3])
	}
	calls := make([]EchoCall, count)
	for i := range answers {
		calls[i] = answers[i].call()
	}
	return calls
}

var echoLine = regexp.MustCompile(`^\[(\d{1,6})( body| error)?\] (.*)$`)

// echoAnswer is what was printed of one call.
type echoAnswer struct {
	statuses []string
	fields   map[string]string
	body     strings.Builder
	broken   string
}

func (a *echoAnswer) add(kind, text string) {
	key, value, _ := strings.Cut(text, "=")
	switch kind {
	case " body":
		if a.fields == nil {
			a.fields = map[string]string{}
		}
		if _, twice := a.fields[key]; !twice {
			a.fields[key] = value
		}
		if a.body.Len() < largestQuote {
			a.body.WriteString(text + " ")
		}
	case " error":
		a.broken = text
	default:
		if key == "StatusCode" {
			a.statuses = append(a.statuses, value)
		}
	}
}

func (a *echoAnswer) call() EchoCall {
	if len(a.statuses) != 1 {
		return EchoCall{Unsound: true, Err: fmt.Sprintf("lost: the client told %d statuses of this call, want one", len(a.statuses))}
	}
	status, err := strconv.Atoi(a.statuses[0])
	if err != nil {
		return EchoCall{Unsound: true, Err: fmt.Sprintf("lost: the client told the status %q", clip(oneLine(a.statuses[0]), largestReason))}
	}
	body := strings.TrimSpace(oneLine(a.body.String()))
	call := EchoCall{Status: status, Cluster: a.fields["Cluster"], Pod: a.fields["Hostname"]}
	switch {
	case a.broken != "":
		call.Err = "the answer broke off: " + clip(oneLine(a.broken), largestReason)
	case status != http.StatusOK:
		call.Cause = causeOf(status, body)
		call.Err = strings.TrimSpace(fmt.Sprintf("HTTP status %d %s", status, clip(body, largestReason)))
	case call.Cluster == "" || call.Pod == "":
		call.Err = fmt.Sprintf("HTTP status 200, but not an answer of echo: %q", clip(body, largestReason))
	}
	return call
}

// causeOf reads what Envoy says where it does not pass a call on (source/common/router, the
// bodies of its local replies).
func causeOf(status int, body string) Cause {
	switch {
	case strings.Contains(body, "CERTIFICATE_VERIFY_FAILED"), strings.Contains(body, "SAN matcher"):
		return CauseIdentity
	case status == http.StatusNotFound && body == "":
		return CauseNoRoute
	case status == http.StatusForbidden && strings.HasPrefix(body, "RBAC: access denied"):
		return CauseDenied
	}
	return ""
}
