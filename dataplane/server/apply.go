package server

import (
	"fmt"
	"slices"
	"strings"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"

	"github.com/eastwest-mesh/eastwest/dataplane/admin"
	"github.com/eastwest-mesh/eastwest/dataplane/config"
	"github.com/eastwest-mesh/eastwest/dataplane/stats"
	"github.com/eastwest-mesh/eastwest/dataplane/xds"
)

// Wanted implements xds.Handler.
func (s *Server) Wanted(typeURL string) []string {
	switch typeURL {
	case xds.TypeEndpoint:
		return s.upstream.EDSNames()
	case xds.TypeRoute:
		return s.listeners.RouteNames()
	}
	return nil
}

// Apply implements xds.Handler.
func (s *Server) Apply(typeURL string, updated []xds.Resource, removed []string) []xds.Rejection {
	var rejections []xds.Rejection
	for _, name := range removed {
		s.remove(typeURL, name)
	}
	for _, r := range updated {
		if err := s.put(typeURL, r); err != nil {
			rejections = append(rejections, xds.Rejection{Name: r.Name, Err: err})
			continue
		}
		s.mu.Lock()
		s.meta[metaKey{typeURL, r.Name}] = admin.Meta{Version: r.Version, Updated: time.Now()}
		s.mu.Unlock()
	}
	s.forget(typeURL)
	if typeURL == xds.TypeListener {
		s.mu.Lock()
		s.listening = true
		s.mu.Unlock()
	}
	s.checkLive()
	return rejections
}

func (s *Server) put(typeURL string, r xds.Resource) error {
	switch typeURL {
	case xds.TypeCluster:
		c, err := decoded(r, &clusterv3.Cluster{}, config.CompileXDSCluster)
		if err == nil && s.isStatic(c.Name) {
			err = fmt.Errorf("name: %q is a static xdsCluster", c.Name)
		}
		if err == nil {
			s.upstream.Set(c)
		}
		return err
	case xds.TypeEndpoint:
		e, err := decoded(r, &endpointv3.ClusterLoadAssignment{}, config.CompileEndpoints)
		if err == nil {
			s.upstream.SetEndpoints(e)
		}
		return err
	case xds.TypeListener:
		l, err := decoded(r, &listenerv3.Listener{}, config.CompileListener)
		if err == nil {
			err = s.listeners.Set(l)
		}
		return err
	case xds.TypeRoute:
		t, err := decoded(r, &routev3.RouteConfiguration{}, config.CompileRoutes)
		if err == nil {
			s.mu.Lock()
			s.routes[t.Name] = t
			s.mu.Unlock()
		}
		return err
	}
	return fmt.Errorf("type %q is not supported", typeURL)
}

func decoded[M proto.Message, C any](r xds.Resource, m M, compile func(M) (C, error)) (C, error) {
	if err := r.Body.UnmarshalTo(m); err != nil {
		var none C
		return none, err
	}
	return compile(m)
}

func (s *Server) isStatic(name string) bool {
	return slices.ContainsFunc(s.o.Bootstrap.XDSClusters, func(c *config.XDSCluster) bool { return c.Name == name })
}

func (s *Server) remove(typeURL, name string) {
	switch typeURL {
	case xds.TypeCluster:
		if !s.isStatic(name) {
			s.upstream.Remove(name)
		}
	case xds.TypeEndpoint:
		s.upstream.RemoveEndpoints(name)
	case xds.TypeListener:
		s.listeners.Remove(name)
	case xds.TypeRoute:
		s.mu.Lock()
		delete(s.routes, name)
		s.mu.Unlock()
	}
	s.mu.Lock()
	delete(s.meta, metaKey{typeURL, name})
	s.mu.Unlock()
}

// forget drops what nothing refers to any more after an update of typeURL.
func (s *Server) forget(typeURL string) {
	if typeURL != xds.TypeListener && typeURL != xds.TypeCluster {
		return
	}
	routes, endpoints := s.listeners.RouteNames(), s.upstream.EDSNames()
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.routes {
		if _, ok := slices.BinarySearch(routes, name); !ok {
			delete(s.routes, name)
			delete(s.meta, metaKey{xds.TypeRoute, name})
		}
	}
	for k := range s.meta {
		if _, ok := slices.BinarySearch(endpoints, k.name); !ok && k.typeURL == xds.TypeEndpoint {
			delete(s.meta, k)
		}
	}
}

// Routes implements httpproxy.Routes.
func (s *Server) Routes(name string) *config.RouteTable {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.routes[name]
}

func (s *Server) allRoutes() []*config.RouteTable {
	s.mu.RLock()
	out := make([]*config.RouteTable, 0, len(s.routes))
	for _, t := range s.routes {
		out = append(out, t)
	}
	s.mu.RUnlock()
	slices.SortFunc(out, func(a, b *config.RouteTable) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func (s *Server) metaOf(typeURL, name string) (admin.Meta, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	m, ok := s.meta[metaKey{typeURL, name}]
	return m, ok
}

// checkLive makes the proxy live once its listeners are there and have their
// routes and secrets. It never goes back.
func (s *Server) checkLive() {
	if s.live.Load() || !s.warm() || !s.live.CompareAndSwap(false, true) {
		return
	}
	s.setState()
	s.o.Log.Info("live", "took", time.Since(s.started))
}

func (s *Server) warm() bool {
	s.mu.RLock()
	listening := s.listening
	s.mu.RUnlock()
	if !listening {
		return false
	}
	for _, name := range s.listeners.RouteNames() {
		if s.Routes(name) == nil {
			return false
		}
	}
	for _, h := range s.secrets.All() {
		if h.Current() == nil {
			return false
		}
	}
	return true
}

// setState publishes the state under the names that pilot-agent's readiness
// probe asks for; 0 is LIVE and 2 INITIALIZING (envoy.admin.v3.ServerInfo.State).
func (s *Server) setState() {
	state, workers := int64(2), int64(0)
	if s.live.Load() {
		state, workers = 0, 1
	}
	s.stats.Gauge(stats.Key{Scope: "server", Metric: "state"}).Set(state)
	s.stats.Gauge(stats.Key{Scope: "server", Metric: "live"}).Set(workers)
	s.stats.Gauge(stats.Key{Scope: "listener_manager", Metric: "workers_started"}).Set(workers)
}
