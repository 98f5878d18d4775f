package workload

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/revisions"
)

// The names of what is deployed to compare two revisions, in the namespace of each arm.
const (
	// EchoContainer is the container of every pod; EchoClient is the client's path in it.
	EchoContainer = "echo"
	EchoClient    = "/usr/local/bin/client"
	EchoPort      = 8080

	// Caller makes the calls, and nobody calls it.
	Caller = "caller"
	// Everywhere is the service that runs in all clusters.
	Everywhere = "everywhere"
)

// OnlyIn is the service that runs in one cluster only, by its place in the fleet.
func OnlyIn(place int) string { return fmt.Sprintf("only-%d", place+1) }

// Compared says where two revisions are compared.
type Compared struct {
	Pair revisions.Pair
	// Members are the clusters in the fleet's order.
	Members []revisions.Member
}

// ArmNamespace is the namespace of an arm of a run.
func ArmNamespace(base string, arm revisions.Arm) string { return base + "-" + string(arm) }

// Arms lists both.
func Arms() []revisions.Arm { return []revisions.Arm{revisions.Old, revisions.New} }

// Service names the service that a cell calls.
func (c Compared) Service(cell revisions.Cell) string {
	for i, m := range c.Members {
		if m.Cluster == cell.Destination.Cluster {
			return OnlyIn(i)
		}
	}
	return Everywhere
}

// Host is the full name of that service, as Envoy's clusters have it.
func (c Compared) Host(base string, cell revisions.Cell) string {
	return fmt.Sprintf("%s.%s.svc.cluster.local", c.Service(cell), ArmNamespace(base, cell.Destination.Arm))
}

// HostPort is what a cell calls, by its short name.
func (c Compared) HostPort(base string, cell revisions.Cell) string {
	return fmt.Sprintf("%s.%s:%d", c.Service(cell), ArmNamespace(base, cell.Destination.Arm), EchoPort)
}

// EchoSelector selects the pods of one of the names.
func EchoSelector(name string) string { return "app=" + name }

// echoValues are what the template of a pod takes. The accounts are the run's own.
func (o Options) echoValues(cluster fleet.ClusterSpec, namespace, name string) map[string]any {
	o.Workload.ServiceAccount = ""
	values := o.values(o.Images.Echo)
	values["Namespace"], values["Name"], values["Cluster"], values["Port"] = namespace, name, cluster.Name, EchoPort
	return values
}
