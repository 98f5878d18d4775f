package upstream

import (
	"context"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
)

// Pool limits.
const (
	idleTimeout   = 5 * time.Minute // of a kept connection; the upstream may close it sooner
	continueAfter = 1 * time.Second // wait for 100-continue, then send the body anyway
)

// poolKey separates connections that must not be mixed: those of another
// configuration, of rotated secrets, of another HTTP version or ALPN offer.
type poolKey struct {
	generation, secrets uint64
	h2                  bool
	alpn                string
}

type pool struct{ transport *http.Transport }

// RoundTripper returns the pool of connections to h for one HTTP version.
func (c *XDSCluster) RoundTripper(h *Host, version config.HTTPVersion, alpn []string) http.RoundTripper {
	st := c.state.Load()
	key := poolKey{generation: st.generation, h2: version == config.HTTP2, alpn: strings.Join(alpn, ",")}
	if s := st.socketFor(h); s.tls != nil {
		key.secrets = s.tls.Generation()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if p := h.pools[key]; p != nil {
		return p.transport
	}
	p := &pool{transport: c.newTransport(st, h, key.h2, alpn)}
	if h.gone {
		p.transport.DisableKeepAlives = true
		return p.transport
	}
	for k, old := range h.pools {
		if k.h2 == key.h2 && k.alpn == key.alpn {
			old.transport.CloseIdleConnections()
			delete(h.pools, k)
		}
	}
	h.pools[key] = p
	return p.transport
}

func (c *XDSCluster) newTransport(st *state, h *Host, h2 bool, alpn []string) *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!h2)
	protocols.SetUnencryptedHTTP2(h2) // over our own TLS, which net/http does not see
	return &http.Transport{
		Protocols: protocols,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return c.Connect(ctx, h, alpn)
		},
		DisableCompression:    true,
		DisableKeepAlives:     st.cfg.MaxRequestsPerConn == 1 && !h2,
		MaxIdleConnsPerHost:   1 << 16, // concurrency bounds it
		IdleConnTimeout:       idleTimeout,
		ExpectContinueTimeout: continueAfter,
		ReadBufferSize:        8 << 10,
		WriteBufferSize:       8 << 10,
	}
}

// refresh takes over a new delivery of the same address.
func (h *Host) refresh(e *config.Endpoint) {
	old := h.spec.Swap(e)
	if len(old.Labels) == len(e.Labels) {
		same := true
		for k, v := range old.Labels {
			same = same && e.Labels[k] == v
		}
		if same {
			return
		}
	}
	h.closeOlder(^uint64(0)) // another transport socket may be due
}

// closeOlder lets go of the pools of generations before generation; requests in
// flight end undisturbed.
func (h *Host) closeOlder(generation uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for k, p := range h.pools {
		if k.generation < generation {
			p.transport.CloseIdleConnections()
			delete(h.pools, k)
		}
	}
}

// retire is called when the host was removed.
func (h *Host) retire() {
	h.mu.Lock()
	h.gone = true
	h.mu.Unlock()
	h.closeOlder(^uint64(0))
}
