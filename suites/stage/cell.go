package stage

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/report"
)

// imitate makes the place take on the traits of the cell's platform, where
// the cell is rehearsed, and tells in the report which it does and which not.
func (c *Config) imitate() {
	if c.Asked == nil || !c.Cell.Rehearsal {
		return
	}
	asked := *c.Asked
	if place, ok := c.Provider.(fleet.Imitator); ok {
		c.Cell.Imitated = place.Imitate(Balancing(asked))
	} else {
		c.Cell.NotImitated = append(c.Cell.NotImitated, fmt.Sprintf("the load balancer of %s, which gives a gateway %s", asked.Title, article(asked.LoadBalancer.Address)))
	}
	c.Cell.NotImitated = append(c.Cell.NotImitated, notImitated(asked)...)
}

// Balancing is how the load balancers of a cell's platform give addresses.
func Balancing(c cell.Cell) fleet.Balancing {
	return fleet.Balancing{
		Hostname: c.LoadBalancer.Address == cell.Hostname, Several: c.LoadBalancer.Several, Late: c.LoadBalancer.Late,
	}
}

func article(kind cell.AddressKind) string {
	if kind == cell.Hostname {
		return "a host name"
	}
	return "an address"
}

// notImitated lists what no place but the platform itself has.
func notImitated(c cell.Cell) []string {
	missing := []string{fmt.Sprintf("what makes the address there (%s), with its health checks, time-outs and firewalls", c.LoadBalancer.Maker)}
	if c.LoadBalancer.Note != "" {
		missing = append(missing, "of that in particular: "+c.LoadBalancer.Note)
	}
	return append(missing, fmt.Sprintf("%s: its Kubernetes, nodes and network", c.Title), "asmcli and Google's images of Istio")
}

// adopt finds out the versions that decide about the cell's flags and takes
// these: the ones that the page gives for that cell and that istioctl.
func (s *Stage) adopt(ctx context.Context) error {
	if s.config.Asked == nil {
		return nil
	}
	traits := s.config.Provider.Traits()
	tools := cell.Tools{}
	var err error
	if tools.Istioctl, err = istioctlVersion(ctx, traits.Tools.Istioctl, s.bounds.Tool); err != nil {
		return err
	}
	// Where the control plane is ours it has the version of its image.
	if tools.Mesh, err = cell.ParseVersion(traits.Tag); err != nil {
		tools.Mesh = tools.Istioctl
	}
	s.config.PilotCertProvider = s.config.Asked.CertProvider(tools.Mesh)
	s.config.gatewayFlags = s.config.Asked.GatewayFlags(tools)
	if s.run.Cell.Rehearsal {
		s.run.Cell.Imitated = append(s.run.Cell.Imitated, fmt.Sprintf("the page's flags for the cell with istioctl %s: %s", tools.Istioctl, strings.Join(s.config.gatewayFlags, " ")))
	}
	return nil
}

// istioctlVersion asks a local istioctl for its own version.
func istioctlVersion(ctx context.Context, path string, bound time.Duration) (cell.Version, error) {
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "version", "--remote=false", "--output=json").Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, strings.TrimSpace(string(exit.Stderr)))
		}
		return cell.Version{}, fmt.Errorf("ask %s for its version, which decides about the page's flags: %w", path, err)
	}
	return parseIstioctlVersion(out)
}

func parseIstioctlVersion(out []byte) (cell.Version, error) {
	var document struct {
		ClientVersion struct {
			Version string `json:"version"`
			Tag     string `json:"tag"`
		} `json:"clientVersion"`
	}
	if err := json.Unmarshal(out, &document); err != nil {
		return cell.Version{}, fmt.Errorf("read the version of istioctl: want the JSON of \"istioctl version -o json\": %w", err)
	}
	version, err := cell.ParseVersion(document.ClientVersion.Version)
	if err == nil {
		return version, nil
	}
	version, errTag := cell.ParseVersion(document.ClientVersion.Tag)
	if errTag != nil {
		return cell.Version{}, fmt.Errorf("read the version of istioctl %q: %w", cmp.Or(document.ClientVersion.Version, document.ClientVersion.Tag), err)
	}
	return version, nil
}

// AskedOf is the report's part of a cell that was asked for on a place.
func AskedOf(asked cell.Cell, place cell.Place) report.Cell {
	return report.Cell{
		Platform: string(asked.Platform), CA: string(asked.CA), Place: string(place), Rehearsal: asked.Home != place,
	}
}
