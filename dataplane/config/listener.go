package config

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	httpinspectorv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/http_inspector/v3"
	originaldstv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/original_dst/v3"
	tlsinspectorv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/tls_inspector/v3"

	_ "github.com/eastwest-mesh/eastwest/dataplane/knowntypes" // decoding of Any
	"github.com/eastwest-mesh/eastwest/dataplane/match"
)

// Defaults of envoy.config.listener.v3.
const (
	defaultInspectTimeout   = 15 * time.Second // Listener.listener_filters_timeout
	defaultHandshakeTimeout = 15 * time.Second // what Istio sets; Envoy itself has none
)

// Listener is one compiled listener.
type Listener struct {
	Name      string
	Proto     *listenerv3.Listener
	Addresses []netip.AddrPort
	Bind      bool // it has sockets of its own
	Inbound   bool
	HandOff   bool // use_original_dst: give connections to the listener of their destination

	OriginalDst    bool
	TLSInspector   *Inspector
	HTTPInspector  *Inspector
	InspectTimeout time.Duration // 0: none
	ContinueOnTime bool          // go on without the facts when inspection times out

	Chains  []*Chain
	Default *Chain
	specs   []match.ChainSpec
}

// Inspector is one listener filter; it is skipped for the ports that disable it.
type Inspector struct{ disabled func(port uint16) bool }

// Enabled says whether to inspect a connection for this destination port.
func (i *Inspector) Enabled(port uint16) bool {
	return i != nil && (i.disabled == nil || !i.disabled(port))
}

// Select returns the chain for a connection, or nil.
func (l *Listener) Select(f match.Facts) *Chain {
	if i := match.SelectChain(l.specs, f); i >= 0 {
		return l.Chains[i]
	}
	return l.Default
}

// RouteNames are the route configurations the listener needs from RDS.
func (l *Listener) RouteNames() []string {
	var out []string
	for _, c := range l.allChains() {
		if c.HTTP != nil && c.HTTP.RouteName != "" {
			out = append(out, c.HTTP.RouteName)
		}
	}
	return out
}

// Secrets are the SDS secrets the listener needs.
func (l *Listener) Secrets() []SecretRef {
	var out []SecretRef
	for _, c := range l.allChains() {
		out = append(out, c.TLS.Secrets()...)
	}
	return out
}

func (l *Listener) allChains() []*Chain {
	if l.Default == nil {
		return l.Chains
	}
	return append(l.Chains[:len(l.Chains):len(l.Chains)], l.Default)
}

// CompileListener compiles in, or says which field it cannot honour.
func CompileListener(in *listenerv3.Listener) (*Listener, error) {
	if err := Table().Check(in); err != nil {
		return nil, err
	}
	out := &Listener{
		Name: in.GetName(), Proto: in, Inbound: in.GetTrafficDirection() == corev3.TrafficDirection_INBOUND,
		Bind:           in.GetBindToPort() == nil || in.GetBindToPort().GetValue(),
		HandOff:        in.GetUseOriginalDst().GetValue(),
		OriginalDst:    in.GetUseOriginalDst().GetValue(),
		InspectTimeout: defaultInspectTimeout, ContinueOnTime: in.GetContinueOnListenerFiltersTimeout(),
	}
	if t := in.GetListenerFiltersTimeout(); t != nil {
		out.InspectTimeout = t.AsDuration()
	}
	if err := out.addresses(in); err != nil {
		return nil, err
	}
	for i, f := range in.GetListenerFilters() {
		if err := out.listenerFilter(f); err != nil {
			return nil, fmt.Errorf("listener_filters[%d](%s): %w", i, f.GetName(), err)
		}
	}
	return out, out.chains(in)
}

func (l *Listener) addresses(in *listenerv3.Listener) error {
	all := []*corev3.Address{in.GetAddress()}
	for _, a := range in.GetAdditionalAddresses() {
		all = append(all, a.GetAddress())
	}
	for i, a := range all {
		addr, err := socketAddress(a)
		if err != nil {
			return fmt.Errorf("address[%d]: %w", i, err)
		}
		l.Addresses = append(l.Addresses, addr)
	}
	return nil
}

func socketAddress(a *corev3.Address) (netip.AddrPort, error) {
	s := a.GetSocketAddress()
	if s == nil {
		return netip.AddrPort{}, errors.New("want a socket_address")
	}
	if s.GetProtocol() != corev3.SocketAddress_TCP {
		return netip.AddrPort{}, fmt.Errorf("socket_address.protocol: %s is not supported", s.GetProtocol())
	}
	ip, err := netip.ParseAddr(s.GetAddress())
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("socket_address.address: %w", err)
	}
	if s.GetPortValue() > 65535 {
		return netip.AddrPort{}, fmt.Errorf("socket_address.port_value: %d is not a port", s.GetPortValue())
	}
	return netip.AddrPortFrom(ip, uint16(s.GetPortValue())), nil
}

func (l *Listener) listenerFilter(f *listenerv3.ListenerFilter) error {
	packed := f.GetTypedConfig()
	disabled, err := portPredicate(f.GetFilterDisabled())
	if err != nil {
		return fmt.Errorf("filter_disabled: %w", err)
	}
	switch {
	case packed.MessageIs(&originaldstv3.OriginalDst{}):
		l.OriginalDst = true
	case packed.MessageIs(&tlsinspectorv3.TlsInspector{}):
		l.TLSInspector = &Inspector{disabled: disabled}
	case packed.MessageIs(&httpinspectorv3.HttpInspector{}):
		l.HTTPInspector = &Inspector{disabled: disabled}
	default:
		return fmt.Errorf("listener filter type %q is not supported", packed.GetTypeUrl())
	}
	return nil
}

func portPredicate(m *listenerv3.ListenerFilterChainMatchPredicate) (func(uint16) bool, error) {
	if m == nil {
		return nil, nil
	}
	switch r := m.GetRule().(type) {
	case *listenerv3.ListenerFilterChainMatchPredicate_AnyMatch:
		return func(uint16) bool { return r.AnyMatch }, nil
	case *listenerv3.ListenerFilterChainMatchPredicate_DestinationPortRange:
		start, end := r.DestinationPortRange.GetStart(), r.DestinationPortRange.GetEnd()
		return func(p uint16) bool { return int32(p) >= start && int32(p) < end }, nil
	case *listenerv3.ListenerFilterChainMatchPredicate_NotMatch:
		inner, err := portPredicate(r.NotMatch)
		if err != nil || inner == nil {
			return nil, errors.Join(errors.New("not_match"), err)
		}
		return func(p uint16) bool { return !inner(p) }, nil
	case *listenerv3.ListenerFilterChainMatchPredicate_OrMatch:
		rules, err := portPredicates(r.OrMatch.GetRules())
		return func(p uint16) bool {
			for _, f := range rules {
				if f(p) {
					return true
				}
			}
			return false
		}, err
	case *listenerv3.ListenerFilterChainMatchPredicate_AndMatch:
		rules, err := portPredicates(r.AndMatch.GetRules())
		return func(p uint16) bool {
			for _, f := range rules {
				if !f(p) {
					return false
				}
			}
			return true
		}, err
	default:
		return nil, fmt.Errorf("rule %T is not supported", r)
	}
}

func portPredicates(in []*listenerv3.ListenerFilterChainMatchPredicate) ([]func(uint16) bool, error) {
	out := make([]func(uint16) bool, 0, len(in))
	for i, m := range in {
		f, err := portPredicate(m)
		if err != nil || f == nil {
			return nil, fmt.Errorf("rules[%d]: %w", i, errors.Join(errors.New("no usable rule"), err))
		}
		out = append(out, f)
	}
	return out, nil
}

func (l *Listener) chains(in *listenerv3.Listener) error {
	for i, fc := range in.GetFilterChains() {
		where := fmt.Sprintf("filter_chains[%d](%s)", i, fc.GetName())
		c, err := compileChain(fc)
		if err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
		spec, err := chainSpec(fc.GetFilterChainMatch())
		if err != nil {
			return fmt.Errorf("%s.filter_chain_match: %w", where, err)
		}
		l.Chains, l.specs = append(l.Chains, c), append(l.specs, spec)
	}
	if fc := in.GetDefaultFilterChain(); fc != nil {
		c, err := compileChain(fc)
		if err != nil {
			return fmt.Errorf("default_filter_chain: %w", err)
		}
		l.Default = c
	}
	if len(l.Chains) == 0 && l.Default == nil {
		return errors.New("filter_chains: there is none")
	}
	return nil
}

func chainSpec(m *listenerv3.FilterChainMatch) (match.ChainSpec, error) {
	spec := match.ChainSpec{
		Port: uint16(m.GetDestinationPort().GetValue()), Transport: m.GetTransportProtocol(), ALPN: m.GetApplicationProtocols(),
	}
	for i, r := range m.GetPrefixRanges() {
		addr, err := netip.ParseAddr(r.GetAddressPrefix())
		if err != nil {
			return spec, fmt.Errorf("prefix_ranges[%d]: %w", i, err)
		}
		p, err := addr.Prefix(int(r.GetPrefixLen().GetValue()))
		if err != nil {
			return spec, fmt.Errorf("prefix_ranges[%d]: %w", i, err)
		}
		spec.Prefixes = append(spec.Prefixes, p)
	}
	for _, n := range m.GetServerNames() {
		spec.ServerNames = append(spec.ServerNames, strings.ToLower(n))
	}
	return spec, nil
}
