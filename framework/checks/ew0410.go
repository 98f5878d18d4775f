package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0410() Check {
	return Check{
		ID: "EW0410", Severity: Error,
		Title:    "A gateway's Service without a load balancer gives no address",
		Question: "Does istiod find nodes' addresses for a gateway's Service of type NodePort?",
		Why:      "istiod takes the ExternalIP of the nodes that an annotation of the Service selects; without them it knows no way into the network.",
		Source:   "https://istio.io/latest/docs/reference/config/annotations/#TrafficNodeSelector",
		Explains: []string{"EW0512", "EW08"},
		Judge:    func(l *Look) { l.each(func(c *istio.Cluster) { nodePortGateway(l, c) }) },
	}
}

func nodePortGateway(l *Look, c *istio.Cluster) {
	for _, service := range withoutAddress(l, c, "NodePort", "ClusterIP") {
		finding := Finding{Cluster: c.Name, Pairs: service.pairs, Want: "an address that the other clusters reach"}
		name := serviceName(service.GatewayService)
		switch {
		case service.Type == "ClusterIP":
			finding.Found = fmt.Sprintf("%s is of type ClusterIP and has no externalIPs: it gives no address outside the cluster", name)
			finding.Fix = Fix{
				Text:     "make it a Service of type LoadBalancer, or set spec.externalIPs:",
				Commands: []string{onService(c, "patch", service.GatewayService, "--patch="+quote(`{"spec":{"type":"LoadBalancer"}}`))},
			}
		case service.NodeSelector == "":
			finding.Found = fmt.Sprintf("%s is of type NodePort and has no annotation %s: istiod takes no node's address for it", name, names.NodeSelector)
			finding.Fix = Fix{
				Text:     "select the nodes whose ExternalIP the other clusters reach; {} selects all:",
				Commands: []string{onService(c, "annotate", service.GatewayService, quote(names.NodeSelector+"={}"))},
			}
		default:
			finding.Found = fmt.Sprintf("%s is of type NodePort, and no node that its annotation %s=%s selects has an ExternalIP", name, names.NodeSelector, service.NodeSelector)
			finding.Fix = Fix{
				Text:     "correct the annotation, have the nodes get an address of type ExternalIP (istiod takes no InternalIP), or set spec.externalIPs of the Service:",
				Commands: []string{kubectl(c, "get nodes --show-labels --output=wide")},
			}
		}
		l.Find(finding)
	}
}
