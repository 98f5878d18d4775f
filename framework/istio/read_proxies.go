package istio

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// proxies asks the proxies of gateways and workloads for their certificates, and looks for
// why those that are not ready are not.
func (r *reader) proxies(ctx context.Context) {
	gateways, noGateways := r.out.Gateways.Get()
	workloads, noWorkloads := r.out.Workloads.Get()
	together(ctx,
		func(ctx context.Context) {
			if gateways.Pods = r.askProxies(ctx, gateways.Pods); noGateways == nil {
				r.out.Gateways = Read(gateways)
			}
		},
		func(ctx context.Context) {
			if workloads.Pods = r.askProxies(ctx, workloads.Pods); noWorkloads == nil {
				r.out.Workloads = Read(workloads)
			}
		})
}

// askProxies returns the pods with what their proxies say; those that have ended meanwhile
// are left out.
func (r *reader) askProxies(ctx context.Context, pods []Pod) []Pod {
	all, ended := slices.Clone(pods), make([]bool, len(pods))
	eachOf(ctx, len(all), func(ctx context.Context, i int) {
		switch pod := &all[i]; {
		case !pod.Proxy:
		case pod.ProxyReady:
			ended[i] = r.certificates(ctx, pod) != nil && r.ended(ctx, *pod)
		default:
			pod.Complaint = r.complaint(ctx, *pod)
		}
	})
	var lasting []Pod
	for i, pod := range all {
		if !ended[i] {
			lasting = append(lasting, pod)
		}
	}
	return lasting
}

// certificates asks a proxy for its root and its own certificate.
func (r *reader) certificates(ctx context.Context, pod *Pod) error {
	var found held
	document, err := proxyAdmin(ctx, r.exec, *pod, "config_dump?resource=dynamic_active_secrets")
	if err == nil {
		found, err = parseSecrets(document)
	}
	pod.Roots = sectionOf("root certificates of the proxy of "+pod.Namespace+"/"+pod.Name, found.roots, err)
	if found.own != nil {
		pod.Certificate = Read(*found.own)
		return nil
	}
	why := err
	if why == nil {
		why = notAsked("the proxy holds none")
	}
	pod.Certificate = NotRead[Certificate](unknown("the certificate of the proxy of "+pod.Namespace+"/"+pod.Name, why))
	return err
}

// complaint is why a proxy is not ready in the words of its log, or of that of the container
// of Istio's which keeps it from being.
func (r *reader) complaint(ctx context.Context, pod Pod) string {
	trouble := pod.Trouble
	if trouble == nil || trouble.Container != "" && !strings.HasPrefix(trouble.Container, names.ContainerPrefix) {
		return lastComplaint(r.log(ctx, pod, names.Proxy, kube.LogOptions{}))
	}
	if !strings.HasPrefix(trouble.Message, exited) {
		return "" // it has not run
	}
	log := r.log(ctx, pod, trouble.Container, kube.LogOptions{Previous: trouble.Reason == crashLoop})
	return cmp.Or(lastComplaint(log), lastLine([]byte(log)))
}

// logLines is enough to reach back over pilot-agent's readiness warnings, one a second.
const logLines = 200

// log is the end of a container's log; empty when it cannot be read.
func (r *reader) log(ctx context.Context, pod Pod, container string, opts kube.LogOptions) string {
	if r.exec.gaveUp() != "" {
		return "" // logs come by the kubelet too
	}
	opts.TailLines = logLines
	log, err := ask(ctx, r, "get pods/log in "+pod.Namespace, func(ctx context.Context) ([]byte, error) {
		return r.client.Logs(ctx, kube.Target{Namespace: pod.Namespace, Pod: pod.Name, Container: container}, opts)
	})
	if errors.Is(err, context.DeadlineExceeded) {
		r.exec.giveUp(err)
	}
	if err != nil {
		return "" // an aid to the reader only; nothing rests on it
	}
	return string(log)
}

// lastComplaint picks from a proxy's log what keeps it from being ready: a rejected
// configuration or a refused certificate if it tells of one, or else pilot-agent's own
// words, the last of each.
func lastComplaint(log string) string {
	var cause, words string
	for line := range strings.Lines(log) {
		line = strings.TrimSpace(line)
		switch {
		case strings.Contains(line, "NOT ready"):
			words = line
		case strings.Contains(line, "rejected") || strings.Contains(line, "CSR") || strings.Contains(line, "\terror\t"):
			cause = line
		}
	}
	if cause == "" {
		cause = words
	}
	return shorten(cause)
}
