package istio

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// patience is a cluster's pods as they are asked, until one of them does not answer in
// time: the others of a dead node would not either, each as slowly.
type patience struct {
	from  Execer
	bound time.Duration
	slots *semaphore.Weighted

	mu         sync.Mutex
	unanswered string // guarded by mu
}

// gaveUp says what did not end in time; empty for nothing.
func (p *patience) gaveUp() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.unanswered
}

// giveUp notes what did not come in time.
func (p *patience) giveUp(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unanswered = cmp.Or(p.unanswered, err.Error())
}

// Exec implements Execer.
func (p *patience) Exec(ctx context.Context, target kube.Target, opts kube.ExecOptions) (kube.ExecResult, error) {
	right := "get and create pods/exec in " + target.Namespace
	if err := p.slots.Acquire(ctx, 1); err != nil {
		return kube.ExecResult{}, &requestError{right: right, cause: err}
	}
	defer p.slots.Release(1)
	if p.gaveUp() != "" {
		return kube.ExecResult{}, notAsked("not tried: another pod of the cluster did not answer")
	}
	opts.Bound = p.bound
	result, err := p.from.Exec(ctx, target, opts)
	var late *kube.UnansweredError
	if errors.As(err, &late) {
		p.giveUp(err)
	}
	if err != nil {
		return result, &requestError{right: right, cause: err, stream: true}
	}
	return result, nil
}

// proxyAdmin asks a proxy's admin endpoint through pilot-agent, as istioctl does.
func proxyAdmin(ctx context.Context, from Execer, pod Pod, path string) ([]byte, error) {
	return get(ctx, from, kube.Target{Namespace: pod.Namespace, Pod: pod.Name, Container: names.Proxy}, "pilot-agent", path)
}

// istiodDebug asks an istiod's debug endpoint over its loopback, which needs no credentials
// (pilot/pkg/xds/debug.go).
func istiodDebug(ctx context.Context, from Execer, pod Pod, path string) ([]byte, error) {
	return get(ctx, from, kube.Target{Namespace: pod.Namespace, Pod: pod.Name, Container: names.IstiodContainer}, "pilot-discovery", path)
}

// notFound is what both programs print for a path that is not served; their exit code is 0
// then (pilot/pkg/request/command.go).
const notFound = "404 page not found"

func get(ctx context.Context, from Execer, target kube.Target, program, path string) ([]byte, error) {
	result, err := from.Exec(ctx, target, kube.ExecOptions{Command: []string{program, "request", "GET", path}})
	switch {
	case err != nil:
		return nil, err
	case result.ExitCode != 0:
		return nil, malformed(fmt.Sprintf("%s request GET %s in %s: exit code %d: %s", program, path, target, result.ExitCode, lastLine(result.Stderr)))
	case strings.TrimSpace(string(result.Stdout)) == notFound:
		return nil, &readError{reason: NotServed, message: fmt.Sprintf("%s does not serve %s", target, path)}
	}
	return result.Stdout, nil
}

// lastLine is where a program says why it failed; before it come its logs.
func lastLine(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return shorten(lines[len(lines)-1])
}
