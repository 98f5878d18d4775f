package istio

import (
	"context"
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// helloPort is the port of HelloWorld's Service.
const helloPort = 5000

// caller reads what the proxy of Sleep knows of HelloWorld.
func (r *reader) caller(ctx context.Context) {
	workloads, why := r.out.Workloads.Get()
	if why != nil {
		r.out.Caller = NotRead[Caller](*why)
		return
	}
	pod, ok := callerOf(workloads.Pods)
	if !ok {
		r.out.Caller = Read(Caller{}) // there is none
		return
	}
	caller := Caller{Pod: pod.Namespace + "/" + pod.Name, Proxy: pod.Proxy}
	if pod.Proxy {
		endpoints, err := Endpoints(ctx, r.exec, pod.Namespace, pod.Name)
		caller.Endpoints = sectionOf("endpoints of HelloWorld in the proxy of "+caller.Pod, endpoints, err)
	}
	r.out.Caller = Read(caller)
}

// callerOf chooses a ready pod of Sleep, one with a sidecar first. One that is kept out of
// the mesh on purpose does not stand for it.
func callerOf(pods []Pod) (Pod, bool) {
	callers := slices.DeleteFunc(slices.Clone(pods), func(p Pod) bool {
		return p.Labels[appLabel] != sleep || !p.Ready || p.Labels[names.Inject] == names.False
	})
	if len(callers) == 0 {
		return Pod{}, false
	}
	at := slices.IndexFunc(callers, func(p Pod) bool { return p.Proxy })
	return callers[max(at, 0)], true
}

// Endpoints reads the endpoints of HelloWorld in the proxy of a pod of the same namespace,
// with the counters since the proxy began. A second reading after some calls shows what
// became of these: see Since.
func Endpoints(ctx context.Context, from Execer, namespace, pod string) ([]Endpoint, error) {
	return EndpointsOf(ctx, from, Pod{Namespace: namespace, Name: pod}, fmt.Sprintf("outbound|%d||%s", helloPort, Host(helloWorld, namespace)))
}

// EndpointsOf reads the endpoints of one of Envoy's clusters in the proxy of a pod.
func EndpointsOf(ctx context.Context, from Execer, pod Pod, xdsCluster string) ([]Endpoint, error) {
	document, err := proxyAdmin(ctx, from, pod, "clusters?format=json")
	if err != nil {
		return nil, err
	}
	return parseEndpoints(document, xdsCluster)
}

// Since returns a later reading with During filled in: by how much each endpoint's counters
// have grown since an earlier one. ok is false where one has shrunk: the proxy began anew in
// between, and nothing can be said.
func Since(before, after []Endpoint) (grown []Endpoint, ok bool) {
	earlier := map[string]Counters{}
	for _, endpoint := range before {
		earlier[endpoint.Address] = endpoint.Total
	}
	grown = slices.Clone(after)
	for i := range grown {
		was, now := earlier[grown[i].Address], grown[i].Total
		if now.Connections < was.Connections || now.Failed < was.Failed || now.Requests < was.Requests || now.Succeeded < was.Succeeded || now.Errors < was.Errors {
			return nil, false
		}
		grown[i].During = Counters{
			Connections: now.Connections - was.Connections, Failed: now.Failed - was.Failed,
			Requests: now.Requests - was.Requests, Succeeded: now.Succeeded - was.Succeeded, Errors: now.Errors - was.Errors,
		}
	}
	return grown, true
}
