package listener

import (
	"sync"
	"sync/atomic"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
	"github.com/eastwest-mesh/eastwest/dataplane/conn"
	"github.com/eastwest-mesh/eastwest/dataplane/tlsctx"
)

// chain is one filter chain with its connections.
type chain struct {
	cfg   *config.Chain
	tls   *tlsctx.Context // nil: none is terminated
	drain atomic.Bool

	mu    sync.Mutex // guards conns and over
	conns map[*conn.Downstream]struct{}
	over  bool
}

func newChain(cfg *config.Chain, secrets tlsctx.Secrets) *chain {
	c := &chain{cfg: cfg, conns: map[*conn.Downstream]struct{}{}}
	if cfg.TLS != nil {
		c.tls = tlsctx.New(cfg.TLS, secrets)
	}
	return c
}

// add keeps d until it is closed; false when the chain has ended.
func (c *chain) add(d *conn.Downstream) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return false
	}
	c.conns[d] = struct{}{}
	return true
}

func (c *chain) remove(d *conn.Downstream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.conns, d)
}

// closeAll ends the chain's connections and refuses further ones.
func (c *chain) closeAll() {
	c.mu.Lock()
	c.over = true
	all := make([]*conn.Downstream, 0, len(c.conns))
	for d := range c.conns {
		all = append(all, d)
	}
	c.mu.Unlock()
	for _, d := range all {
		_ = d.Close()
	}
}
