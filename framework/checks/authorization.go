package checks

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// An evaluation of AuthorizationPolicies that says only what is plain: what depends on
// anything that a snapshot does not hold, such as addresses, tokens or the values of
// conditions, may match and may not.

// match is whether something matches.
type match int

const (
	no match = iota
	perhaps
	yes
)

// both matches where two things match, any where one does.
func (m match) both(other match) match { return min(m, other) }
func (m match) any(other match) match  { return max(m, other) }
func (m match) not() match             { return yes - m }

func matches(is bool) match {
	if is {
		return yes
	}
	return no
}

// caller is who calls HelloWorld.
type caller struct {
	// principal is TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT; empty for unknown.
	principal, namespace, account string
	// domains are the trust domain of the destination and those that it takes for its own.
	domains []string
}

// Actions of AuthorizationPolicies.
const (
	actionAllow = "ALLOW"
	actionDeny  = "DENY"
)

// authorize says whether policies let a caller's GET /hello into a pod: no means that they
// plainly deny it, and by names the policies that do.
func authorize(all []istio.AuthorizationPolicy, root string, pod istio.Pod, who caller) (allowed match, by []istio.Meta) {
	allowed, limited := no, false
	var allowing []istio.Meta
	for _, policy := range all {
		if !attached(policy, root, pod) {
			continue
		}
		switch cmp.Or(policy.Spec.Action, actionAllow) {
		case actionDeny:
			if matchesAny(policy, who) == yes {
				return no, []istio.Meta{policy.Meta}
			}
		case actionAllow:
			limited, allowing = true, append(allowing, policy.Meta)
			allowed = allowed.any(matchesAny(policy, who))
		}
	}
	if !limited {
		return yes, nil
	}
	return allowed, allowing
}

// attached is true for a policy that a pod's sidecar obeys. Unlike that of a
// PeerAuthentication, a selector in the root namespace selects in all namespaces.
func attached(p istio.AuthorizationPolicy, root string, pod istio.Pod) bool {
	return !p.DryRun && len(p.Spec.TargetRefs) == 0 &&
		(p.Namespace == root || p.Namespace == pod.Namespace) && p.Spec.Selector.Selects(pod.Labels)
}

// matchesAny is whether any rule of a policy matches; without rules none does.
func matchesAny(p istio.AuthorizationPolicy, who caller) match {
	result := no
	for _, rule := range p.Spec.Rules {
		from := anyMatch(rule.From, func(f istio.AuthorizationFrom) match { return matchesSource(f.Source, p.Namespace, who) })
		to := anyMatch(rule.To, func(t istio.AuthorizationTo) match { return matchesOperation(t.Operation) })
		when := yes
		if len(rule.When) > 0 {
			when = perhaps
		}
		result = result.any(from.both(to).both(when))
	}
	return result
}

// matchesSource is whether a caller has everything that a source asks for.
func matchesSource(s istio.Source, namespace string, who caller) match {
	result := anyMatch(s.Principals, who.isPrincipal).
		both(unlisted(s.NotPrincipals, who.isPrincipal)).
		both(anyMatch(s.Namespaces, who.isNamespace)).
		both(unlisted(s.NotNamespaces, who.isNamespace))
	account := func(value string) match { return who.isAccount(value, namespace) }
	result = result.both(anyMatch(s.ServiceAccounts, account)).both(unlisted(s.NotServiceAccounts, account))
	if anyOf(s.RequestPrincipals, s.NotRequestPrincipals, s.TrustDomains, s.NotTrustDomains, s.IPBlocks, s.NotIPBlocks, s.RemoteIPBlocks, s.NotRemoteIPBlocks) {
		result = result.both(perhaps)
	}
	return result
}

// matchesOperation is whether GET /hello on HelloWorld's port is an operation. Hosts are
// not looked at: callers write them in many forms.
func matchesOperation(o istio.Operation) match {
	port := func(value string) match { return matches(value == strconv.Itoa(helloPort)) }
	method := func(value string) match { return matches(fits(value, "GET")) }
	path := func(value string) match {
		if strings.Contains(value, "{") {
			return perhaps
		}
		return matches(fits(value, "/hello"))
	}
	result := anyMatch(o.Ports, port).both(unlisted(o.NotPorts, port)).
		both(anyMatch(o.Methods, method)).both(unlisted(o.NotMethods, method)).
		both(anyMatch(o.Paths, path)).both(unlisted(o.NotPaths, path))
	if anyOf(o.Hosts, o.NotHosts) {
		result = result.both(perhaps)
	}
	return result
}

// anyMatch is whether one of the values fits, or none is asked for; unlisted is whether none
// does.
func anyMatch[T any](values []T, fit func(T) match) match {
	if len(values) == 0 {
		return yes
	}
	result := no
	for _, value := range values {
		result = result.any(fit(value))
	}
	return result
}

func unlisted(values []string, fit func(string) match) match {
	if len(values) == 0 {
		return yes
	}
	return anyMatch(values, fit).not()
}

func anyOf(lists ...[]string) bool { return len(slices.Concat(lists...)) > 0 }

// fits compares a value of a policy with a text: it may begin or end with a wildcard.
func fits(value, text string) bool {
	if prefix, wild := strings.CutSuffix(value, "*"); wild {
		return strings.HasPrefix(text, prefix)
	}
	if suffix, wild := strings.CutPrefix(value, "*"); wild {
		return strings.HasSuffix(text, suffix)
	}
	return value == text
}

// isPrincipal compares a principal of a policy with the caller's. The destination's trust
// domain, its aliases and cluster.local stand for each other
// (pilot/pkg/security/trustdomain/bundle.go).
func (who caller) isPrincipal(value string) match {
	if value == "*" {
		return yes
	}
	if who.principal == "" {
		return perhaps
	}
	domain, rest, _ := strings.Cut(value, "/")
	if strings.Count(value, "/") == 4 && strings.Contains(domain, "*") && domain != "*" {
		return perhaps
	}
	if strings.Count(value, "/") == 4 && (domain == defaultDomain || slices.Contains(who.domains, domain)) {
		return matches(slices.ContainsFunc(who.domains, func(own string) bool { return fits(own+"/"+rest, who.principal) }))
	}
	return matches(fits(value, who.principal))
}

// isNamespace compares a namespace, which may have wildcards, with the caller's.
func (who caller) isNamespace(value string) match {
	if strings.Contains(value, "*") {
		return matches(fits(value, who.namespace)).any(perhaps)
	}
	return matches(value == who.namespace)
}

// isAccount compares ACCOUNT, in the policy's namespace, or NAMESPACE/ACCOUNT with the caller's.
func (who caller) isAccount(value, namespace string) match {
	within, account, qualified := strings.Cut(value, "/")
	if !qualified {
		within, account = namespace, value
	}
	if who.account == "" && within == who.namespace {
		return perhaps
	}
	return matches(within == who.namespace && account == who.account)
}

// defaultDomain stands for the trust domain of any mesh in principals.
const defaultDomain = "cluster.local"

// callerOf is who Sleep of a cluster is for the policies of a destination. Its certificate
// says so, or else its account and its mesh's trust domain.
func callerOf(l *Look, from *istio.Cluster, destination istio.MeshConfig) caller {
	domain := cmp.Or(destination.TrustDomain, defaultDomain)
	who := caller{namespace: l.Namespace, domains: append([]string{domain}, destination.Aliases...)}
	pod, ok := sleepPod(l, from)
	if !ok {
		return who
	}
	who.account = pod.Account
	if certificate, why := pod.Certificate.Get(); why == nil && len(certificate.SPIFFE) == 1 {
		who.principal = strings.TrimPrefix(certificate.SPIFFE[0], "spiffe://")
		if _, account, found := strings.Cut(who.principal, "/sa/"); found {
			who.account = account
		}
		return who
	}
	own := pod.Env[names.EnvTrustDomain]
	if mesh, why := l.plane(from).MeshConfigs.Get(); own == "" && why == nil && len(mesh) == 1 {
		own = mesh[0].TrustDomain
	}
	if own != "" && pod.Account != "" {
		who.principal = own + "/ns/" + pod.Namespace + "/sa/" + pod.Account
	}
	return who
}
