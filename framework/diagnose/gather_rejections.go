package diagnose

import (
	"context"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/probe"
)

// syncz asks an istiod which proxies refuse its configuration.
func (r reader) syncz(ctx context.Context, istiod *Istiod) {
	document, err := probe.IstiodDebug(ctx, r.exec, istiod.Namespace, istiod.Name, "/debug/syncz")
	var status syncStatus
	if err == nil {
		status, err = parseSyncz(document)
	}
	r.unread("syncz of "+istiod.Name, err)
	istiod.Rejections, istiod.Asked = status.rejections, status.asked
}

// rejections collects what the proxies that matter here, the gateways' and the
// sample's, refuse: from istiod, or else from the log of a proxy that is not ready.
func (r reader) rejections(ctx context.Context) {
	for _, pod := range slices.Concat(r.facts.Gateway.Pods, r.facts.Sample.Pods) {
		if !pod.Proxy {
			continue
		}
		found := r.rejectedBy(ctx, pod)
		if len(found) == 0 {
			continue
		}
		program, err := probe.DataPlane(ctx, r.exec, pod.Namespace, pod.Name)
		for _, rejected := range found {
			rejected.Proxy = pod.Namespace + "/" + pod.Name
			if err == nil {
				rejected.Envoy = program.Version
			}
			r.facts.Rejections = append(r.facts.Rejections, rejected)
		}
	}
}

func (r reader) rejectedBy(ctx context.Context, pod Pod) []Rejection {
	name := pod.Namespace + "/" + pod.Name
	var found []Rejection
	asked := false
	for _, istiod := range r.facts.Istiods {
		asked = asked || slices.Contains(istiod.Asked, name)
		for _, rejected := range istiod.Rejections {
			if rejected.Proxy == name {
				found = append(found, rejected)
			}
		}
	}
	// A log also has what was refused once and is taken now.
	if asked || pod.ProxyReady {
		return found
	}
	return rejectionsInLog(r.proxyLog(ctx, pod))
}
