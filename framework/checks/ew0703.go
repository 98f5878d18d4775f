package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0703() Check {
	return Check{
		ID: "EW0703", Severity: Error,
		Title:    "AuthorizationPolicies deny Sleep's calls to HelloWorld",
		Question: "Do the AuthorizationPolicies of every cluster let Sleep of the other clusters call HelloWorld?",
		Why:      "The destination's sidecar answers 403, \"RBAC: access denied\". Policies are per primary: one that is made in one cluster does nothing in another.",
		Source:   "https://istio.io/latest/docs/concepts/security/#implicit-enablement; https://github.com/istio/istio/issues/35626",
		Explains: []string{"EW0801", "EW0802", "EW0806"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				all, ok := authorizationPolicies(l, c)
				if ok && len(all) > 0 {
					judgeAuthorization(l, c, all)
				}
			})
		},
	}
}

func authorizationPolicies(l *Look, c *istio.Cluster) ([]istio.AuthorizationPolicy, bool) {
	all, ok := Need(l, l.plane(c), l.plane(c).AuthorizationPolicies)
	return inEffect(c, all, func(p istio.AuthorizationPolicy) istio.Meta { return p.Meta }), ok
}

// judgeAuthorization asks for each other cluster whether its Sleep may call. Calls that were
// answered are better evidence than any evaluation.
func judgeAuthorization(l *Look, c *istio.Cluster, all []istio.AuthorizationPolicy) {
	var seen, planned []Pair
	var by []istio.Meta
	l.others(c, func(from *istio.Cluster) {
		policies, denied := deniedTo(l, from, c, all)
		if !denied || answered(from, c) {
			return
		}
		by = policies
		if len(refused(from)) > 0 {
			seen = append(seen, Pair{from.Name, c.Name})
		} else {
			planned = append(planned, Pair{from.Name, c.Name})
		}
	})
	if len(seen) > 0 {
		findDenied(l, c, Error, seen, by)
	}
	if len(planned) > 0 {
		findDenied(l, c, Warning, planned, by)
	}
}

// deniedTo is true where policies plainly deny the calls from one cluster to all of
// HelloWorld's pods of another.
func deniedTo(l *Look, from, to *istio.Cluster, all []istio.AuthorizationPolicy) (by []istio.Meta, denied bool) {
	mesh, okMesh := meshOf(l, to)
	pods, okPods := helloPods(l, to)
	if !okMesh || !okPods {
		return nil, false
	}
	who := callerOf(l, from, mesh)
	for _, pod := range pods {
		allowed, policies := authorize(all, rootNamespace(mesh), pod, who)
		if allowed != no {
			return nil, false
		}
		by, denied = policies, true
	}
	return by, denied
}

func findDenied(l *Look, c *istio.Cluster, severity Severity, pairs []Pair, by []istio.Meta) {
	var policies, commands []string
	for _, meta := range by {
		policies = append(policies, meta.String())
		commands = append(commands, show(l.plane(c), "authorizationpolicy", meta))
	}
	found := fmt.Sprintf("the AuthorizationPolicies of %s do not let Sleep call HelloWorld: %s", c.Name, strings.Join(policies, ", "))
	if mesh, ok := meshOf(l, c); ok {
		if who := callerOf(l, l.cluster(pairs[0].Source), mesh); who.principal != "" {
			found += "; it calls as " + who.principal
		}
	}
	text := "allow Sleep's principal or namespace there"
	if other, policy, ok := allowingElsewhere(l, c); ok {
		found += fmt.Sprintf("; %s of %s allows it, and %s has no such policy", policy, other.Name, c.Name)
		text = fmt.Sprintf("apply the policy of %s in %s, too; it is the first", other.Name, c.Name)
		commands = slices.Insert(commands, 0, show(l.plane(other), "authorizationpolicy", policy))
	}
	if allow := allowedBy(l, c, pairs, by); allow != "" {
		text, commands = text+":", append(commands, allow)
	}
	l.Find(Finding{
		Cluster: c.Name, Severity: severity, Pairs: pairs, Found: found,
		Want: fmt.Sprintf("a policy of %s that allows Sleep of every cluster, and none that denies it", c.Name),
		Fix:  Fix{Text: text, Commands: commands},
	})
}

// allowedBy makes a policy that allows the callers, where none of those in effect denies
// them: they are only not among those that are allowed.
func allowedBy(l *Look, c *istio.Cluster, pairs []Pair, by []istio.Meta) string {
	all, _ := authorizationPolicies(l, c)
	mesh, ok := meshOf(l, c)
	denies := slices.ContainsFunc(all, func(p istio.AuthorizationPolicy) bool {
		return p.Spec.Action == actionDeny && slices.Contains(by, p.Meta)
	})
	if !ok || denies {
		return ""
	}
	var principals []string
	callers := []*istio.Cluster{c}
	for _, pair := range pairs {
		callers = append(callers, l.cluster(pair.Source))
	}
	for _, from := range callers {
		if who := callerOf(l, from, mesh); who.principal != "" && !slices.Contains(principals, who.principal) {
			principals = append(principals, who.principal)
		}
	}
	if len(principals) == 0 {
		return ""
	}
	return allowing(l, l.plane(c), principals)
}

// allowingElsewhere finds a policy of another cluster that allows Sleep's calls there and
// that is not in this one.
func allowingElsewhere(l *Look, c *istio.Cluster) (in *istio.Cluster, policy istio.Meta, found bool) {
	own, _ := authorizationPolicies(l, c)
	l.others(c, func(other *istio.Cluster) {
		all, _ := l.plane(other).AuthorizationPolicies.Get()
		mesh, okMesh := meshOf(l, other)
		pods, _ := helloPods(l, other)
		if found || !okMesh || len(pods) == 0 {
			return
		}
		for _, p := range all {
			here := slices.ContainsFunc(own, func(o istio.AuthorizationPolicy) bool { return o.Meta == p.Meta })
			allows := (p.Spec.Action == "" || p.Spec.Action == actionAllow) && attached(p, rootNamespace(mesh), pods[0])
			if !here && allows && matchesAny(p, callerOf(l, c, mesh)) == yes {
				in, policy, found = other, p.Meta, true
				return
			}
		}
	})
	return in, policy, found
}
