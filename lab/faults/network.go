package faults

import "context"

const (
	istioSystem = "istio-system"
	gateway     = "istio-eastwestgateway"
)

func withholdAddress(ctx context.Context, t *target) error {
	return t.lab.WithholdAddress(ctx, t.cluster, istioSystem, gateway, false)
}

func giveAddress(ctx context.Context, t *target) error {
	return t.lab.WithholdAddress(ctx, t.cluster, istioSystem, gateway, true)
}

func silenceZone(ctx context.Context, t *target) error {
	return t.lab.SilenceZone(ctx, t.cluster, istioSystem, gateway, false)
}

func unsilenceZone(ctx context.Context, t *target) error {
	return t.lab.SilenceZone(ctx, t.cluster, istioSystem, gateway, true)
}

func hideName(ctx context.Context, t *target) error {
	return t.lab.HideName(ctx, t.cluster, istioSystem, gateway, false)
}

func showName(ctx context.Context, t *target) error {
	return t.lab.HideName(ctx, t.cluster, istioSystem, gateway, true)
}

func cutLink(ctx context.Context, t *target) error  { return t.lab.CutLink(ctx, t.cluster, false) }
func mendLink(ctx context.Context, t *target) error { return t.lab.CutLink(ctx, t.cluster, true) }
