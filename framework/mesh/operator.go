package mesh

import (
	"errors"

	"github.com/eastwest-mesh/eastwest/fixtures"
)

// GatewayOptions are those of Istio's gen-eastwest-gateway.sh. Its --mesh and
// --cluster do nothing, and --ambient, which the guide's own copy of the
// script does not have, is about another kind of mesh.
type GatewayOptions struct {
	// Network is where the gateway leads (--network).
	Network string
	// SingleCluster makes the gateway of one cluster (--single-cluster), which
	// leads into no network, whatever Network says.
	SingleCluster bool
	// Revision of the control plane that injects the gateway (--revision);
	// empty means the default one.
	Revision string
}

// GatewayOperator renders what the script prints: the IstioOperator of the
// east-west gateway, without anything of ours.
func GatewayOperator(opts GatewayOptions) ([]byte, error) {
	network := opts.Network
	if opts.SingleCluster {
		network = ""
	} else if network == "" {
		return nil, errors.New("east-west gateway: want a network, or a single cluster")
	}
	return fixtures.Render("eastwest-gateway.yaml.tmpl", map[string]any{"Network": network, "Revision": opts.Revision})
}

// gatewayAdditions are what our own rendering of the gateway has on top of the
// script's: without a tag ("auto", before it is injected) an image would be
// pulled each time, also where no registry is in reach.
func gatewayAdditions() []string {
	return []string{"--set", "values.global.imagePullPolicy=IfNotPresent"}
}
