package admin

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	adminv3 "github.com/envoyproxy/go-control-plane/envoy/admin/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
	"github.com/eastwest-mesh/eastwest/dataplane/listener"
	"github.com/eastwest-mesh/eastwest/dataplane/upstream"
)

func (s *Server) clusters(w http.ResponseWriter, r *http.Request) {
	out := &adminv3.Clusters{}
	for _, c := range s.Upstream.All() {
		out.ClusterStatuses = append(out.ClusterStatuses, s.clusterStatus(c))
	}
	if r.URL.Query().Get("format") == "json" {
		writeProto(w, out)
		return
	}
	for _, c := range out.ClusterStatuses {
		writeClusterText(w, c)
	}
}

func (s *Server) clusterStatus(c *upstream.XDSCluster) *adminv3.ClusterStatus {
	cfg := c.Config()
	_, dynamic := s.Meta(typeCluster, c.Name)
	out := &adminv3.ClusterStatus{Name: c.Name, AddedViaApi: dynamic, ObservabilityName: c.Name, EdsServiceName: cfg.EDSName}
	where := map[string]*config.Locality{}
	if e := c.Endpoints(); e != nil {
		for i := range e.Localities {
			for _, h := range e.Localities[i].Hosts {
				where[h.Address] = &e.Localities[i]
			}
		}
	}
	now := time.Now()
	for _, h := range c.Hosts() {
		out.HostStatuses = append(out.HostStatuses, hostStatus(h, where[h.Address], now))
	}
	return out
}

func hostStatus(h *upstream.Host, l *config.Locality, now time.Time) *adminv3.HostStatus {
	spec := h.Spec()
	health := spec.Health
	if health == corev3.HealthStatus_UNKNOWN {
		health = corev3.HealthStatus_HEALTHY // what Envoy shows for it
	}
	out := &adminv3.HostStatus{
		Address: hostAddress(h), Hostname: spec.Hostname, Weight: spec.Weight,
		HealthStatus: &adminv3.HostHealthStatus{EdsHealthStatus: health, FailedOutlierCheck: h.Ejected(now)},
		Stats: []*adminv3.SimpleMetric{
			counter("cx_connect_fail", h.CxConnectFail.Load()), counter("cx_total", h.CxTotal.Load()),
			counter("rq_error", h.RqError.Load()), counter("rq_success", h.RqSuccess.Load()),
			counter("rq_timeout", h.RqTimeout.Load()), counter("rq_total", h.RqTotal.Load()),
			gauge("cx_active", h.CxActive.Load()), gauge("rq_active", h.RqActive.Load()),
		},
	}
	if l != nil {
		out.Priority = l.Priority
		out.Locality = &corev3.Locality{Region: l.Region, Zone: l.Zone, SubZone: l.SubZone}
	}
	return out
}

func hostAddress(h *upstream.Host) *corev3.Address {
	if h.Network == "unix" {
		return &corev3.Address{Address: &corev3.Address_Pipe{Pipe: &corev3.Pipe{Path: h.Address}}}
	}
	if ap, ok := h.AddrPort(); ok {
		return socketAddress(ap)
	}
	host, _, _ := net.SplitHostPort(h.Address)
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{Address: host}}}
}

func counter(name string, v uint64) *adminv3.SimpleMetric {
	return &adminv3.SimpleMetric{Type: adminv3.SimpleMetric_COUNTER, Name: name, Value: v}
}

func gauge(name string, v int64) *adminv3.SimpleMetric {
	return &adminv3.SimpleMetric{Type: adminv3.SimpleMetric_GAUGE, Name: name, Value: uint64(max(0, v))}
}

func writeClusterText(w io.Writer, c *adminv3.ClusterStatus) {
	_, _ = fmt.Fprintf(w, "%s::added_via_api::%t\n", c.GetName(), c.GetAddedViaApi())
	for _, h := range c.GetHostStatuses() {
		sa := h.GetAddress().GetSocketAddress()
		host := h.GetAddress().GetPipe().GetPath()
		if sa != nil {
			host = fmt.Sprintf("%s:%d", sa.GetAddress(), sa.GetPortValue())
		}
		prefix := c.GetName() + "::" + host + "::"
		for _, m := range h.GetStats() {
			_, _ = fmt.Fprintf(w, "%s%s::%d\n", prefix, m.GetName(), m.GetValue())
		}
		flags := "healthy"
		if h.GetHealthStatus().GetFailedOutlierCheck() {
			flags = "/failed_outlier_check"
		} else if s := h.GetHealthStatus().GetEdsHealthStatus(); s != corev3.HealthStatus_HEALTHY {
			flags = "/failed_eds_health"
		}
		_, _ = fmt.Fprintf(w, "%shostname::%s\n%shealth_flags::%s\n%sweight::%d\n%sregion::%s\n%szone::%s\n%ssub_zone::%s\n%spriority::%d\n",
			prefix, h.GetHostname(), prefix, flags, prefix, h.GetWeight(), prefix, h.GetLocality().GetRegion(),
			prefix, h.GetLocality().GetZone(), prefix, h.GetLocality().GetSubZone(), prefix, h.GetPriority())
	}
}

func (s *Server) listeners(w http.ResponseWriter, r *http.Request) {
	out := &adminv3.Listeners{}
	for _, l := range s.Listeners.All() {
		if one := listenerStatus(l); one != nil {
			out.ListenerStatuses = append(out.ListenerStatuses, one)
		}
	}
	if r.URL.Query().Get("format") == "json" {
		writeProto(w, out)
		return
	}
	for _, l := range out.ListenerStatuses {
		sa := l.GetLocalAddress().GetSocketAddress()
		_, _ = fmt.Fprintf(w, "%s::%s:%d\n", l.GetName(), sa.GetAddress(), sa.GetPortValue())
	}
}

// listenerStatus shows every listener, those without sockets by their address.
func listenerStatus(l listener.Status) *adminv3.ListenerStatus {
	addrs := l.Config.Addresses
	if len(l.Bound) > 0 {
		addrs = nil
		for _, a := range l.Bound {
			if ap, err := netip.ParseAddrPort(a.String()); err == nil {
				addrs = append(addrs, ap)
			}
		}
	}
	if len(addrs) == 0 {
		return nil
	}
	out := &adminv3.ListenerStatus{Name: l.Config.Name, LocalAddress: socketAddress(addrs[0])}
	for _, a := range addrs[1:] {
		out.AdditionalLocalAddresses = append(out.AdditionalLocalAddresses, socketAddress(a))
	}
	return out
}
