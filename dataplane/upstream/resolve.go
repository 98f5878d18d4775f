package upstream

import (
	"context"
	"net"
	"net/netip"
	"time"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
)

// DNS refresh intervals. Istio asks for 60 s; failures are tried again sooner.
const (
	resolveEvery   = 60 * time.Second
	resolveRetry   = 2 * time.Second
	resolveTimeout = 10 * time.Second
)

// Resolver looks up the addresses of a host name; network is "ip" or "ip4".
type Resolver func(ctx context.Context, network, host string) ([]netip.Addr, error)

func systemResolver(ctx context.Context, network, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, network, host)
}

// startResolving keeps the hosts of a DNS xdsCluster up to date. m.mu is held.
func (m *Manager) startResolving(c *XDSCluster, cfg *config.XDSCluster) {
	ctx, cancel := context.WithCancel(context.Background()) //nolint:forbidigo // ended by stopResolving or Close
	m.resolving[cfg.Name] = cancel
	m.resolvers.Go(func() {
		for {
			pause := resolveEvery
			e, err := m.resolve(ctx, cfg)
			if err == nil {
				m.mu.Lock()
				if ctx.Err() == nil {
					c.update(cfg, e)
				}
				m.mu.Unlock()
			} else {
				pause = resolveRetry
			}
			timer := time.NewTimer(pause)
			select {
			case <-ctx.Done():
				timer.Stop()
				return
			case <-timer.C:
			}
		}
	})
}

func (m *Manager) stopResolving(name string) {
	if cancel := m.resolving[name]; cancel != nil {
		cancel()
		delete(m.resolving, name)
	}
}

// resolve replaces the names among the endpoints by their addresses.
func (m *Manager) resolve(ctx context.Context, cfg *config.XDSCluster) (*config.Endpoints, error) {
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	network := "ip"
	if cfg.IPv4Only {
		network = "ip4"
	}
	out := *cfg.Endpoints
	out.Localities = nil
	for _, l := range cfg.Endpoints.Localities {
		resolved := l
		resolved.Hosts = nil
		for _, e := range l.Hosts {
			host, port, err := net.SplitHostPort(e.Address)
			if err != nil {
				return nil, err
			}
			addrs, err := m.o.Resolve(ctx, network, host)
			if err != nil {
				return nil, err
			}
			if cfg.Discovery == config.DiscoverLogicalDNS && len(addrs) > 1 {
				addrs = addrs[:1]
			}
			for _, a := range addrs {
				one := e
				one.Address, one.Hostname = net.JoinHostPort(a.Unmap().String(), port), host
				resolved.Hosts = append(resolved.Hosts, one)
			}
		}
		out.Localities = append(out.Localities, resolved)
	}
	return &out, nil
}
