package mesh

import (
	"context"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

// Foresee implements plan.Foreseer: istioctl is asked what it would make.
func (a installGateway) Foresee(ctx context.Context, site *plan.Site) ([]plan.Foreseen, error) {
	operator, err := a.operator(ctx, site)
	if err != nil {
		return nil, err
	}
	objects, err := a.willMake(ctx, site, operator)
	if err != nil {
		return nil, err
	}
	return site.ForeseeObjects(ctx, objects)
}

// Foresee implements plan.Foreseer.
func (a giveAccess) Foresee(ctx context.Context, site *plan.Site) ([]plan.Foreseen, error) {
	secret, err := existingAccess(ctx, site, a.source)
	if err != nil || secret != "" {
		return nil, err
	}
	return site.ForeseeRefs(ctx, []kube.Ref{systemSecret(RemoteSecret(a.source.Name))}, nil)
}

var (
	_ plan.Foreseer = installGateway{}
	_ plan.Foreseer = giveAccess{}
)

// operator runs the script that prints the gateway's IstioOperator.
func (a installGateway) operator(ctx context.Context, site *plan.Site) ([]byte, error) {
	revision, err := istio.FindRevision(ctx, site.Client, a.cluster.Revision)
	if err != nil {
		return nil, err
	}
	script := plan.Exec{
		Argv:    []string{plan.Use(genGatewayVariable), "--network", a.cluster.Network, "--revision", revision},
		Without: ownVariables(), ComplainsOnStdout: true,
	}
	operator, err := script.Output(ctx, site)
	if err != nil {
		return nil, err
	}
	return operator, onlyOperator(operator)
}
