package checks

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0211() Check {
	return Check{
		ID: "EW0211", Severity: Error, Firm: true,
		Title:    "A remote cluster does not reach its control plane",
		Question: "Does the Service istiod of every cluster without a control plane of its own lead to a gateway that passes calls on to istiod?",
		Why:      "New pods are refused, and proxies get neither certificates nor configuration: they go on with what they have until it ends.",
		Source:   "https://istio.io/latest/docs/setup/install/multicluster/primary-remote_multi-network/#expose-the-control-plane-in-cluster1",
		Explains: []string{"EW0212", "EW03", "EW04", "EW0512", "EW06", "EW08"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				if l.remote(c) {
					unreachedPlane(l, c)
				}
			})
		},
	}
}

// wayToPlane is an address at which a remote cluster looks for its control plane.
type wayToPlane struct {
	address string
	plane   *istio.Cluster
}

func unreachedPlane(l *Look, c *istio.Cluster) {
	webhooks, ok := Need(l, c, c.Webhooks)
	if !ok {
		return
	}
	used := inUse(c)
	var addresses []string
	for _, webhook := range webhooks {
		beyond, ok := Need(l, c, webhook.Beyond)
		if !ok {
			return
		}
		if used(webhook.Revision) {
			addresses = append(addresses, beyond...)
		}
	}
	for _, address := range distinct(addresses) {
		known, at := false, l.plane(c)
		for _, plane := range l.planes(c) {
			if _, ok := Need(l, plane, plane.Gateways); !ok {
				return
			}
			if plane.EnteredAt(address) {
				known, at = true, plane
			}
		}
		way := wayToPlane{address, at}
		if known {
			way.judge(l, c)
		} else if cutOff(l, c) {
			l.Find(way.astray(l, c))
		}
	}
}

// astray is for an address that is none of the control plane's cluster. There may be a load
// balancer of which nothing is known: it is only found where something there is cut off.
func (w wayToPlane) astray(l *Look, c *istio.Cluster) Finding {
	var has []string
	gateways, _ := w.plane.Gateways.Get()
	for _, service := range gateways.Services {
		has = append(has, service.Addresses...)
		has = append(has, service.ExternalIPs...)
	}
	address := "ADDRESS"
	if len(has) > 0 {
		address = has[0]
	}
	return Finding{
		Cluster: c.Name, Pairs: l.around(c),
		Found: fmt.Sprintf("%s looks for istiod at %s, which is no address of a gateway of %s (%s)", c.Name, w.address, w.plane.Name, wordsOf(has)),
		Want:  "the address of a gateway that leads to istiod of " + w.plane.Name,
		Fix: Fix{
			Text:     fmt.Sprintf("install the remote profile of %s again with values.global.remotePilotAddress=%s (and the same host in values.istiodRemote.injectionURL, where that is set). What it has now:", c.Name, address),
			Commands: []string{kubectl(c, "get endpointslices --namespace="+names.System, "--selector=kubernetes.io/service-name="+names.Istiod)},
		},
	}
}

// judge looks whether the gateway at the address lets callers through to istiod.
func (w wayToPlane) judge(l *Look, c *istio.Cluster) {
	gateways, _ := w.plane.Gateways.Get()
	servers, ok := Need(l, w.plane, w.plane.Servers)
	if !ok {
		return
	}
	for _, service := range gateways.Services {
		pods := behind(service, gateways)
		if !service.At(w.address) || len(service.Selector) == 0 || byGatewayAPI(service, pods) {
			continue
		}
		for _, number := range []uint32{names.IstiodPort, names.InjectionPort} {
			if missing := shutPort(service, servers, pods, number); missing != "" {
				l.Find(Finding{
					Cluster: w.plane.Name, Pairs: l.around(c),
					Found: fmt.Sprintf("%s looks for istiod of %s at %s, port %d, and %s", c.Name, w.plane.Name, w.address, number, missing),
					Want:  fmt.Sprintf("a gateway that passes ports %d and %d on to istiod", names.IstiodPort, names.InjectionPort),
					Fix: Fix{
						Text:     "expose the control plane at the gateway (expose-istiod.yaml is in samples/multicluster of Istio's release; the ports are in what gen-eastwest-gateway.sh prints):",
						Commands: []string{kubectl(w.plane, "apply --namespace="+quote(service.Namespace), "--filename=samples/multicluster/expose-istiod.yaml")},
					},
				})
				return
			}
		}
	}
}

// shutPort says why a port of a gateway does not lead on; empty where it does, as far as is known.
func shutPort(service istio.GatewayService, servers []istio.Server, pods []istio.Pod, number uint32) string {
	i := slices.IndexFunc(service.Ports, func(p istio.ServicePort) bool { return p.Port == number })
	if i < 0 {
		return serviceName(service) + " has no such port"
	}
	opens := func(s istio.Server) bool {
		selects := len(pods) == 0 || slices.ContainsFunc(pods, func(p istio.Pod) bool { return s.Selects(p.Labels) })
		return selects && leadsToPort(s, service.Ports[i])
	}
	if !slices.ContainsFunc(servers, opens) {
		return fmt.Sprintf("no Gateway resource opens it on the gateway behind %s: istiod is not exposed", serviceName(service))
	}
	return ""
}

// cutOff is true where something of a cluster waits for istiod in vain.
func cutOff(l *Look, c *istio.Cluster) bool {
	roots, why := c.Roots.Get()
	if why == nil && len(roots) == 0 {
		return true
	}
	workloads, _ := c.Workloads.Get()
	gateways, _ := c.Gateways.Get()
	return slices.ContainsFunc(workloads.Deployments, func(d istio.Deployment) bool { return d.Refused != "" }) ||
		slices.ContainsFunc(slices.Concat(workloads.Pods, gateways.Pods), func(p istio.Pod) bool {
			return p.Proxy && !p.ProxyReady && !l.young(c, p)
		})
}
