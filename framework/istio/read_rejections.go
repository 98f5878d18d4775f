package istio

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// rejections collects what the proxies of gateways and workloads refuse: from istiod, or
// else from the log of a proxy that is not ready.
func (r *reader) rejections(ctx context.Context) {
	status, err := r.syncStatus(ctx)
	gateways, _ := r.out.Gateways.Get()
	workloads, _ := r.out.Workloads.Get()
	proxies := slices.DeleteFunc(slices.Concat(gateways.Pods, workloads.Pods), func(p Pod) bool { return !p.Proxy })
	found := make([][]Rejection, len(proxies))
	eachOf(ctx, len(proxies), func(ctx context.Context, i int) { found[i] = r.rejectedBy(ctx, proxies[i], status) })
	all := slices.Concat(found...)
	// Of a proxy that is not ready the log tells too, so that what is found stands.
	if len(all) > 0 {
		err = nil
	}
	r.out.Rejections = sectionOf("what proxies refuse of their configuration", all, err)
}

// syncStatus asks all ready istiods, each of which knows its own proxies.
func (r *reader) syncStatus(ctx context.Context) (syncStatus, error) {
	istiods, why := r.out.Istiods.Get()
	if why != nil {
		return syncStatus{}, &readError{reason: why.Reason, right: why.Right, message: why.Message}
	}
	ready := slices.DeleteFunc(slices.Clone(istiods), func(i Istiod) bool { return !i.Ready })
	each, errs := make([]syncStatus, len(ready)), make([]error, len(ready))
	eachOf(ctx, len(ready), func(ctx context.Context, i int) {
		document, err := istiodDebug(ctx, r.exec, ready[i].Pod, names.Syncz)
		if err == nil {
			each[i], err = parseSyncz(document)
		}
		if err != nil && !r.ended(ctx, ready[i].Pod) {
			errs[i] = err
		}
	})
	var all syncStatus
	for i := range ready {
		if errs[i] != nil {
			return all, errs[i]
		}
		all.rejections, all.asked = append(all.rejections, each[i].rejections...), append(all.asked, each[i].asked...)
	}
	return all, nil
}

func (r *reader) rejectedBy(ctx context.Context, pod Pod, status syncStatus) []Rejection {
	name := pod.Namespace + "/" + pod.Name
	var found []Rejection
	for _, rejected := range status.rejections {
		if rejected.Proxy == name {
			found = append(found, rejected)
		}
	}
	// A log also has what was refused once and is taken now.
	if len(found) == 0 && !pod.ProxyReady && !slices.Contains(status.asked, name) {
		found = rejectionsInLog(r.log(ctx, pod, names.Proxy, kube.LogOptions{}))
	}
	if len(found) == 0 {
		return nil
	}
	envoy := r.envoyVersion(ctx, pod)
	for i := range found {
		found[i].Proxy, found[i].Envoy = name, envoy
	}
	return found
}

// envoyVersion asks a proxy for its program's version; empty for what is no Envoy, or does
// not tell.
func (r *reader) envoyVersion(ctx context.Context, pod Pod) string {
	document, err := proxyAdmin(ctx, r.exec, pod, "server_info")
	if err != nil {
		return "" // an aid to the reader only
	}
	return parseServerInfo(document)
}

// parseServerInfo reads envoy.admin.v3.ServerInfo. Envoy's version has the form
// REVISION/VERSION/STATUS/BUILD/TLS; a program of another form is not Envoy.
func parseServerInfo(document []byte) string {
	var info struct {
		Version string `json:"version"`
	}
	if err := json.Unmarshal(document, &info); err != nil {
		return ""
	}
	parts := strings.Split(info.Version, "/")
	if len(parts) != 5 || len(parts[0]) != 40 {
		return ""
	}
	return parts[1]
}
