package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/eastwest-mesh/eastwest/lab/internal/supervisor"
	"github.com/eastwest-mesh/eastwest/lab/loadbalancer"
)

// client talks to the supervisor through the control socket.
func (l *Lab) client() *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", l.f.control())
		},
	}}
}

// Status asks the lab how its clusters are.
func (l *Lab) Status(ctx context.Context) (supervisor.Status, error) {
	var st supervisor.Status
	err := l.call(ctx, http.MethodGet, "/status", nil, &st)
	return st, err
}

// Fault makes or mends a fault of the network.
func (l *Lab) Fault(ctx context.Context, req supervisor.FaultRequest) error {
	return l.call(ctx, http.MethodPost, "/fault", req, nil)
}

// SetBalancing gives the load balancers that are made from now on other
// traits; those that are there keep theirs.
func (l *Lab) SetBalancing(ctx context.Context, t loadbalancer.Traits) error {
	return l.call(ctx, http.MethodPost, "/balancing", t, nil)
}

func (l *Lab) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://lab"+path, body)
	if err != nil {
		return err
	}
	resp, err := l.client().Do(req)
	if err != nil {
		return fmt.Errorf("ask lab %q: %w", l.f.name, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 4096))
		return fmt.Errorf("lab %q: %s", l.f.name, bytes.TrimSpace(text))
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(out)
}
