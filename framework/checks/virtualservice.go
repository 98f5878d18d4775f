package checks

import (
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

// meshGateway is what a VirtualService calls all sidecars.
const meshGateway = "mesh"

// way is a subset that calls are routed to; empty for all endpoints.
type way struct {
	subset string
	// sure is false where only some calls go there, or perhaps none: the route has a
	// condition, or several VirtualServices have the host, of which the oldest wins.
	sure bool
	// by is the VirtualService, empty for none, and route the place of the route among its
	// routes for HTTP.
	by    istio.Meta
	route int
	// fault is what the route does to calls on purpose: "aborts", "delays", or nothing.
	fault string
}

// routing are the VirtualServices of a host for the sidecars of a namespace.
func routing(all []istio.VirtualService, mesh istio.MeshConfig, namespace, host string) []istio.VirtualService {
	return slices.DeleteFunc(slices.Clone(all), func(v istio.VirtualService) bool {
		forSidecars := len(v.Spec.Gateways) == 0 || slices.Contains(v.Spec.Gateways, meshGateway)
		meant := slices.ContainsFunc(v.Spec.Hosts, func(h string) bool { return covers(fullHost(h, v.Namespace), host) })
		return !forSidecars || !meant || !istio.Exported(v.Spec.ExportTo, mesh.DefaultVirtualServiceExportTo, v.Namespace, namespace)
	})
}

// waysTo are the ways that calls to a host take to that host's own endpoints.
func waysTo(services []istio.VirtualService, host string) []way {
	if len(services) == 0 {
		return []way{{sure: true}}
	}
	var ways []way
	for _, service := range services {
		routes := service.Spec.HTTP
		if len(routes) == 0 {
			routes = service.Spec.TCP
		}
		for i, route := range routes {
			always := len(route.Match) == 0
			for _, part := range route.Route {
				used := part.Weight > 0 || len(route.Route) == 1
				if used && fullHost(part.Destination.Host, service.Namespace) == host {
					ways = append(ways, way{subset: part.Destination.Subset, sure: always && len(services) == 1, by: service.Meta, route: i, fault: faultOf(route)})
				}
			}
			if always {
				break // what follows is never reached
			}
		}
	}
	return ways
}

func faultOf(route istio.Route) string {
	switch {
	case route.Fault.Abort != nil:
		return "aborts"
	case route.Fault.Delay != nil:
		return "delays"
	}
	return ""
}

// clientWays are the ways of Sleep's calls to HelloWorld.
func clientWays(l *Look, c *istio.Cluster) ([]way, bool) {
	all, ok := Need(l, l.plane(c), l.plane(c).VirtualServices)
	if !ok || len(all) == 0 {
		return waysTo(nil, ""), ok
	}
	mesh, ok := meshOf(l, c)
	if !ok {
		return nil, false
	}
	all = inEffect(c, all, func(v istio.VirtualService) istio.Meta { return v.Meta })
	return waysTo(routing(all, mesh, l.Namespace, l.helloHost()), l.helloHost()), true
}
