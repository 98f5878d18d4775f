package lab

import (
	"context"

	"github.com/eastwest-mesh/eastwest/lab/internal/supervisor"
)

// Program is the path of one of the parts' programs for people: istioctl, kubectl.
func (l *Lab) Program(name string) string { return l.State.Own().Program(name) }

// WithholdAddress takes a load balancer's address away, or gives it back.
func (l *Lab) WithholdAddress(ctx context.Context, cluster, namespace, service string, mend bool) error {
	return l.Fault(ctx, supervisor.FaultRequest{
		Fault: supervisor.FaultAddress, Cluster: cluster, Namespace: namespace, Service: service, Mend: mend,
	})
}

// SilenceZone makes the last of the addresses behind a load balancer's host
// name swallow every packet, or lets it answer again.
func (l *Lab) SilenceZone(ctx context.Context, cluster, namespace, service string, mend bool) error {
	return l.Fault(ctx, supervisor.FaultRequest{
		Fault: supervisor.FaultZone, Cluster: cluster, Namespace: namespace, Service: service, Mend: mend,
	})
}

// HideName takes a load balancer's host name out of the DNS, or puts it back.
func (l *Lab) HideName(ctx context.Context, cluster, namespace, service string, mend bool) error {
	return l.Fault(ctx, supervisor.FaultRequest{
		Fault: supervisor.FaultName, Cluster: cluster, Namespace: namespace, Service: service, Mend: mend,
	})
}

// CutLink cuts a cluster's link to the others, or mends it.
func (l *Lab) CutLink(ctx context.Context, cluster string, mend bool) error {
	return l.Fault(ctx, supervisor.FaultRequest{Fault: supervisor.FaultLink, Cluster: cluster, Mend: mend})
}

// Dir is the folder that holds all that the lab keeps; it goes with the lab.
func (l *Lab) Dir() string { return l.f.dir() }
