package rbac

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"

	"github.com/eastwest-mesh/eastwest/dataplane/match"
)

// Subject is what rules look at. For a connection Headers is nil and header
// rules do not fit.
type Subject struct {
	Headers match.Headers
	Path    string // normalized, without query and fragment

	// Remote is the connection's own other end; Trusted is the caller's address
	// with forwarding headers taken into account.
	Dst, Remote netip.AddrPort
	Trusted     netip.Addr
	SNI         string // requested server name

	// Secure says that the caller presented a verified certificate; the SANs
	// and Subject are then its own.
	Secure    bool
	URISANs   []string
	DNSSANs   []string
	SubjectDN string
}

type predicate func(*Subject) bool

// Engine is one compiled filter.
type Engine struct {
	allow    bool
	policies []policy
}

type policy struct {
	name      string
	permitted []predicate
	principal []predicate
}

// Compile compiles rules. nil rules (the filter has only shadow rules) give a
// nil Engine, which allows; rules without policies deny everything under ALLOW
// and nothing under DENY (envoy.config.rbac.v3.RBAC).
func Compile(rules *rbacv3.RBAC) (*Engine, error) {
	if rules == nil {
		return nil, nil
	}
	e := &Engine{}
	switch rules.GetAction() {
	case rbacv3.RBAC_ALLOW:
		e.allow = true
	case rbacv3.RBAC_DENY:
	default:
		return nil, fmt.Errorf("action: %s is not supported", rules.GetAction())
	}
	for _, name := range slices.Sorted(maps.Keys(rules.GetPolicies())) {
		p, err := compilePolicy(name, rules.GetPolicies()[name])
		if err != nil {
			return nil, fmt.Errorf("policies[%q]: %w", name, err)
		}
		e.policies = append(e.policies, p)
	}
	return e, nil
}

func compilePolicy(name string, in *rbacv3.Policy) (policy, error) {
	p := policy{name: name}
	for i, m := range in.GetPermissions() {
		c, err := permission(m)
		if err != nil {
			return p, fmt.Errorf("permissions[%d]: %w", i, err)
		}
		p.permitted = append(p.permitted, c)
	}
	for i, m := range in.GetPrincipals() {
		c, err := principal(m)
		if err != nil {
			return p, fmt.Errorf("principals[%d]: %w", i, err)
		}
		p.principal = append(p.principal, c)
	}
	return p, nil
}

// Allowed decides. The second result names the policy that decided, or is "".
func (e *Engine) Allowed(s *Subject) (bool, string) {
	if e == nil {
		return true, ""
	}
	for _, p := range e.policies {
		if anyOf(p.permitted)(s) && anyOf(p.principal)(s) {
			return e.allow, p.name
		}
	}
	return !e.allow, ""
}

// AllowedByAll asks every engine in order and stops at the first refusal.
func AllowedByAll(engines []*Engine, s *Subject) (bool, string) {
	for _, e := range engines {
		if ok, name := e.Allowed(s); !ok {
			return false, name
		}
	}
	return true, ""
}

func anyOf(list []predicate) predicate {
	return func(s *Subject) bool {
		for _, p := range list {
			if p(s) {
				return true
			}
		}
		return false
	}
}

func allOf(list []predicate) predicate {
	return func(s *Subject) bool {
		for _, p := range list {
			if !p(s) {
				return false
			}
		}
		return true
	}
}

func not(p predicate) predicate { return func(s *Subject) bool { return !p(s) } }
