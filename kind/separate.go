package kind

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/eastwest-mesh/eastwest/kind/internal/engine"
)

// separate makes the pod and service addresses of the other clusters
// unreachable from this one. Without it, what is sent to them leaves by the
// node's default route, through the host, for whatever network the host is in:
// there something may well answer, and a mesh that sends calls past its
// gateways would look as if it worked.
func (c *Cluster) separate(ctx context.Context, all []Plan) error {
	_, err := engine.Exec(ctx, c.node.String(), "sh", "-c", strings.Join(separation(c.Plan, all), " && "))
	if err != nil {
		return fmt.Errorf("separate node %s from the other clusters: %w", c.node, err)
	}
	return nil
}

// separation are the commands of the node of cluster own.
func separation(own Plan, all []Plan) []string {
	commands := []string{"true"}
	for _, other := range all {
		if other == own {
			continue
		}
		for _, foreign := range []netip.Prefix{other.Pods(), other.Services()} {
			commands = append(commands, "ip route replace unreachable "+foreign.String())
		}
	}
	return commands
}
