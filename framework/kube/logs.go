package kube

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// LogOptions limit what Logs returns.
type LogOptions struct {
	// Since leaves out older lines; zero means from the start.
	Since time.Time
	// TailLines and LimitBytes limit the answer; zero means no limit.
	TailLines, LimitBytes int64
	// Previous asks for the container's run before its last restart.
	Previous bool
}

// Logs returns what a container has logged.
func (c *Client) Logs(ctx context.Context, target Target, opts LogOptions) ([]byte, error) {
	request := &corev1.PodLogOptions{Container: target.Container, Previous: opts.Previous}
	if !opts.Since.IsZero() {
		since := metav1.NewTime(opts.Since)
		request.SinceTime = &since
	}
	if opts.TailLines > 0 {
		request.TailLines = &opts.TailLines
	}
	if opts.LimitBytes > 0 {
		request.LimitBytes = &opts.LimitBytes
	}
	text, err := c.Kubernetes.CoreV1().Pods(target.Namespace).GetLogs(target.Pod, request).DoRaw(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the log of %s on cluster %q: %w", target, c.Name, err)
	}
	return text, nil
}
