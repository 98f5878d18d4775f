package kube

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/remotecommand"
	clientexec "k8s.io/client-go/util/exec"
	"k8s.io/streaming/pkg/httpstream"
)

// Target is a container of a pod.
type Target struct {
	Namespace string
	Pod       string
	Container string
}

func (t Target) String() string {
	return fmt.Sprintf("%s/%s[%s]", t.Namespace, t.Pod, t.Container)
}

// ExecOptions say what is run in a container.
type ExecOptions struct {
	Command []string
	// Stdin is sent to the command; nil means none.
	Stdin io.Reader
	// Bound is how long the command may take; zero means that it is expected to end at
	// once, and Bounds.Exec.
	Bound time.Duration
}

// UnansweredError says that a command in a container did not end in time: its node's
// kubelet does not answer, or the command hangs.
type UnansweredError struct {
	Cluster string
	Target  Target
	Bound   time.Duration
}

func (e *UnansweredError) Error() string {
	return fmt.Sprintf("exec in %s on cluster %q: no end within %s: the node's kubelet does not answer, or the command hangs", e.Target, e.Cluster, e.Bound)
}

// ExecResult is what a command left. After an error it holds what had arrived.
type ExecResult struct {
	Stdout, Stderr []byte
	// ExitCode is the command's own; it means something only when the error is nil.
	ExitCode int
}

// Exec runs a command in a container and waits for its end. The error tells
// only of the transport: nil means that the command ran to its end, with
// whatever exit code. Otherwise nobody knows what became of the command, and
// the caller can only say "could not tell".
func (c *Client) Exec(ctx context.Context, target Target, opts ExecOptions) (ExecResult, error) {
	executor, err := c.executor(target, opts)
	if err != nil {
		return ExecResult{}, fmt.Errorf("exec in %s on cluster %q: %w", target, c.Name, err)
	}
	bound := cmp.Or(opts.Bound, c.bounds.Exec)
	parent := ctx
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	var stdout, stderr output
	err = executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdin: opts.Stdin, Stdout: &stdout, Stderr: &stderr})
	result := ExecResult{Stdout: stdout.taken(), Stderr: stderr.taken()}
	var exit clientexec.CodeExitError
	if errors.As(err, &exit) {
		result.ExitCode = exit.Code
		return result, nil
	}
	if err != nil && ctx.Err() != nil && parent.Err() == nil {
		return result, &UnansweredError{Cluster: c.Name, Target: target, Bound: bound}
	}
	if err != nil {
		return result, fmt.Errorf("exec in %s on cluster %q: the connection to the command was lost: %w", target, c.Name, err)
	}
	return result, nil
}

// executor speaks WebSocket, and SPDY where the server or a proxy on the way
// knows no better: what kubectl does.
func (c *Client) executor(target Target, opts ExecOptions) (remotecommand.Executor, error) {
	address := c.execURL(target, opts)
	spdy, err := remotecommand.NewSPDYExecutor(c.REST, "POST", address)
	if err != nil {
		return nil, err
	}
	websocket, err := remotecommand.NewWebSocketExecutor(c.REST, "GET", address.String())
	if err != nil {
		return nil, err
	}
	return remotecommand.NewFallbackExecutor(websocket, spdy, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	})
}

func (c *Client) execURL(target Target, opts ExecOptions) *url.URL {
	return c.Kubernetes.CoreV1().RESTClient().Post().
		Resource("pods").Namespace(target.Namespace).Name(target.Pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{
			Container: target.Container,
			Command:   opts.Command,
			Stdin:     opts.Stdin != nil,
			Stdout:    true,
			Stderr:    true,
		}, scheme.ParameterCodec).URL()
}

// output is a buffer that may still be written to while it is read: when ctx
// ends, client-go returns before its copying goroutines do.
type output struct {
	mu   sync.Mutex
	data bytes.Buffer // guarded by mu
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.data.Write(p)
}

func (o *output) taken() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return bytes.Clone(o.data.Bytes())
}
