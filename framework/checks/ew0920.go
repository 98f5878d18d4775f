package checks

import (
	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0920() Check {
	return Check{
		ID: "EW0920", Severity: Error,
		Title:    "Gateway resources are kept from the new control plane by their label",
		Question: "Is there no Gateway that only the revision in use reads?",
		Why:      "A gateway that moves to the new control plane loses the servers of such resources: calls from other networks find nobody at its port.",
		Source:   "istio/istio, pkg/config/model.go (LabelsInRevision)",
		Judge: func(l *Look) {
			l.moving(func(m move, c *istio.Cluster) {
				l.kept(m, c, "gateways", func(o istio.Labelled) bool { return o.Kind == gatewayKind })
			})
		},
	}
}
