package supervisor

import (
	"net/netip"

	"github.com/eastwest-mesh/eastwest/lab/images"
	"github.com/eastwest-mesh/eastwest/lab/internal/node"
	"github.com/eastwest-mesh/eastwest/lab/internal/topology"
	"github.com/eastwest-mesh/eastwest/lab/loadbalancer"
)

// Spec is what the supervisor runs. It holds no secret.
type Spec struct {
	// NodeCommand is the command line of a node's process, which reads a
	// node.Spec from its input and writes node.Events to its output.
	NodeCommand []string    `json:"nodeCommand"`
	Nodes       []node.Spec `json:"nodes"`
	// Store is the folder of the images, Names what they are called.
	Store string       `json:"store"`
	Names images.Names `json:"names"`
	// Control is the path of the socket that takes requests from the host.
	Control string `json:"control"`
	// Balancing is what the first load balancers are like.
	Balancing loadbalancer.Traits `json:"balancing"`
}

// Files that the supervisor inherits, from file descriptor 3: the end of a
// pipe for node.Events, then one listener per cluster on the host's loopback.
const (
	eventsFD = 3
	doorsFD  = 4
)

func dnsAddress() string {
	return netip.AddrPortFrom(topology.Router(), topology.DNSPort).String()
}

func registryAddress() string {
	return netip.AddrPortFrom(topology.Router(), topology.RegistryPort).String()
}

// Mirror is the URL at which nodes reach the registry of the lab.
func Mirror() string { return "http://" + registryAddress() }
