package match

import (
	"net/netip"
	"slices"
	"strings"
)

// Transport protocols as the listener filters detect them.
const (
	TransportRaw = "raw_buffer"
	TransportTLS = "tls"
)

// ChainSpec is what one filter chain asks of a connection
// (envoy.config.listener.v3.FilterChainMatch); zero fields ask nothing.
type ChainSpec struct {
	Port        uint16
	Prefixes    []netip.Prefix
	ServerNames []string // lower case; "*.example" takes any deeper name
	Transport   string
	ALPN        []string
}

// Facts is what a listener knows of a connection when it chooses a chain.
type Facts struct {
	Dst       netip.AddrPort
	SNI       string
	Transport string
	ALPN      []string // as the client offered them, in its order
}

// SelectChain returns the index of the chain for a connection, or -1. The
// stages are port, address, server name, transport, application protocol; each
// stage commits to its most specific group, with no way back
// (FilterChainMatch's comment in listener_components.proto).
func SelectChain(specs []ChainSpec, f Facts) int {
	all := make([]int, len(specs))
	for i := range specs {
		all[i] = i
	}
	left := narrow(specs, all,
		func(s *ChainSpec) bool { return s.Port != 0 && s.Port == f.Dst.Port() },
		func(s *ChainSpec) bool { return s.Port == 0 })
	left = byAddress(specs, left, f.Dst.Addr())
	left = byServerName(specs, left, strings.ToLower(f.SNI))
	transport := f.Transport
	if transport == "" {
		transport = TransportRaw
	}
	left = narrow(specs, left,
		func(s *ChainSpec) bool { return s.Transport == transport },
		func(s *ChainSpec) bool { return s.Transport == "" })
	for _, protocol := range f.ALPN {
		for _, i := range left {
			if slices.Contains(specs[i].ALPN, protocol) {
				return i
			}
		}
	}
	for _, i := range left {
		if len(specs[i].ALPN) == 0 {
			return i
		}
	}
	return -1
}

// narrow keeps the chains that ask for the fact, or else those that do not ask.
func narrow(specs []ChainSpec, in []int, asks, indifferent func(*ChainSpec) bool) []int {
	var yes, rest []int
	for _, i := range in {
		switch {
		case asks(&specs[i]):
			yes = append(yes, i)
		case indifferent(&specs[i]):
			rest = append(rest, i)
		}
	}
	if len(yes) > 0 {
		return yes
	}
	return rest
}

func byAddress(specs []ChainSpec, in []int, addr netip.Addr) []int {
	best, out := -1, []int(nil)
	for _, i := range in {
		bits := -1
		if len(specs[i].Prefixes) == 0 {
			bits = 0
		}
		for _, p := range specs[i].Prefixes {
			if p.Contains(addr) {
				bits = max(bits, p.Bits()+1)
			}
		}
		if bits > best {
			best, out = bits, nil
		}
		if bits == best && bits >= 0 {
			out = append(out, i)
		}
	}
	return out
}

func byServerName(specs []ChainSpec, in []int, sni string) []int {
	for name := sni; name != ""; {
		var out []int
		for _, i := range in {
			if slices.Contains(specs[i].ServerNames, name) {
				out = append(out, i)
			}
		}
		if len(out) > 0 {
			return out
		}
		rest := strings.TrimPrefix(name, "*.")
		dot := strings.IndexByte(rest, '.')
		if dot < 0 {
			break
		}
		name = "*." + rest[dot+1:]
	}
	var out []int
	for _, i := range in {
		if len(specs[i].ServerNames) == 0 {
			out = append(out, i)
		}
	}
	return out
}
