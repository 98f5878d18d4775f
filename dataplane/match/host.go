package match

import (
	"fmt"
	"slices"
	"strings"
)

// Hosts finds the virtual host for an authority: exact name first, then the
// longest *.suffix, then the longest prefix.*, then * (RouteConfiguration
// virtual_hosts.domains).
type Hosts struct {
	exact    map[string]int
	suffixes []pattern
	prefixes []pattern
	any      int
}

type pattern struct {
	text  string
	index int
}

// CompileHosts indexes domains: the domains of virtual host i are lists[i]. A
// domain that two virtual hosts claim is an error, as in Envoy.
func CompileHosts(lists [][]string) (*Hosts, error) {
	h := &Hosts{exact: map[string]int{}, any: -1}
	seen := map[string]bool{}
	for i, domains := range lists {
		for _, d := range domains {
			d = strings.ToLower(d)
			if seen[d] {
				return nil, fmt.Errorf("domain %q appears twice", d)
			}
			seen[d] = true
			h.add(d, i)
		}
	}
	longest := func(a, b pattern) int { return len(b.text) - len(a.text) }
	slices.SortStableFunc(h.suffixes, longest)
	slices.SortStableFunc(h.prefixes, longest)
	return h, nil
}

func (h *Hosts) add(domain string, i int) {
	switch {
	case domain == "*":
		h.any = i
	case strings.HasPrefix(domain, "*"):
		h.suffixes = append(h.suffixes, pattern{domain[1:], i})
	case strings.HasSuffix(domain, "*"):
		h.prefixes = append(h.prefixes, pattern{domain[:len(domain)-1], i})
	default:
		h.exact[domain] = i
	}
}

// Find returns the index of the virtual host for authority, or -1.
func (h *Hosts) Find(authority string) int {
	authority = strings.ToLower(authority)
	if i, ok := h.exact[authority]; ok {
		return i
	}
	for _, p := range h.suffixes {
		// The wildcard must stand for at least one character.
		if len(authority) > len(p.text) && strings.HasSuffix(authority, p.text) {
			return p.index
		}
	}
	for _, p := range h.prefixes {
		if len(authority) > len(p.text) && strings.HasPrefix(authority, p.text) {
			return p.index
		}
	}
	return h.any
}
