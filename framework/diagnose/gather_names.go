package diagnose

import (
	"context"
	"slices"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/probe"
)

// networkz asks an istiod where it knows the networks to be entered. Old
// releases have no such page, so that no answer is no finding.
func (r reader) networkz(ctx context.Context, istiod *Istiod) {
	document, err := probe.IstiodDebug(ctx, r.exec, istiod.Namespace, istiod.Name, "/debug/networkz")
	if err != nil {
		return
	}
	istiod.Gateways, err = fleet.ParseNetworkz(document)
	istiod.GatewaysKnown = err == nil
}

// namesOfOthers are the host names of all gateways but those of one cluster.
func namesOfOthers(all []Facts, but int) []string {
	var names []string
	for i, facts := range all {
		if i == but {
			continue
		}
		for _, service := range facts.Gateway.Services {
			names = append(names, hostNames(service)...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func hostNames(service GatewayService) []string {
	return slices.DeleteFunc(slices.Clone(service.Addresses), isIP)
}

// resolveLimit bounds one lookup: a resolver's usual time-out is 5 s.
const resolveLimit = 6 * time.Second

// curlNoName is curl's exit code for a host name that does not resolve.
const curlNoName = 6

// lookups resolves names where the calls come from. Only the lookup counts, so
// that it does not matter that the pod's sidecar takes the connection.
func (r reader) lookups(ctx context.Context, names []string) {
	caller := slices.IndexFunc(r.facts.Sample.Pods, func(pod Pod) bool { return pod.Labels["app"] == "sleep" && pod.Ready })
	if len(names) == 0 || caller < 0 {
		return
	}
	pod := r.facts.Sample.Pods[caller]
	doors := make([]probe.Door, 0, len(names))
	for _, name := range names {
		doors = append(doors, probe.Door{URL: "http://" + joinPort(name, crossPort), Limit: resolveLimit})
	}
	knocks, err := probe.KnockAt(ctx, r.exec, kube.Target{Namespace: pod.Namespace, Pod: pod.Name, Container: "sleep"}, doors)
	r.unread("lookups of host names", err)
	for i, knock := range knocks {
		if !knock.Unsound {
			r.facts.Sample.Lookups = append(r.facts.Sample.Lookups, Lookup{Name: names[i], Resolves: knock.Exit != curlNoName})
		}
	}
}
