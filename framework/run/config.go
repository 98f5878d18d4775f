package run

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/checks"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/ledger"
	"github.com/eastwest-mesh/eastwest/framework/plan"
	"github.com/eastwest-mesh/eastwest/framework/report"
)

// DefaultErrorProbability is the wanted probability that one check of a sound
// mesh fails by chance: once in some 2,700 years of nightly runs.
const DefaultErrorProbability = 1e-6

// Config is everything a run is asked for.
type Config struct {
	Provider fleet.Provider
	// Cell is what was asked for; the data plane is found out.
	Cell report.Cell
	// Asked is the cell of the matrix that Cell names; its flags are used and, in
	// a rehearsal, its platform's traits imitated. Nil means the flags of a
	// current istioctl and the environment's own load balancers.
	Asked *cell.Cell
	// Clusters is the number of clusters, at least 2.
	Clusters int
	// FleetProject and MeshID are the fleet's, empty elsewhere.
	FleetProject, MeshID string
	// Namespace of the sample programs; empty means the sample's own, or with
	// Reuse one that is named after the run.
	Namespace string
	// Existing is true where that namespace was made beforehand: then the run writes in
	// it alone, its lock too, and leaves it there.
	Existing bool
	// Reuse leaves the mesh that is there alone and only deploys the sample.
	Reuse bool
	// Revision is that of every cluster's control plane; empty leaves it to the description of
	// the clusters.
	Revision string
	// Compare has two revisions compared; nil tries HelloWorld.
	Compare *Compare
	// Consent is asked, where a mesh is installed on somebody's clusters, whether what
	// the plan will make there outside of the run's own namespaces may be made; an
	// error refuses it. Nil asks nobody.
	Consent func([]plan.Foreseen) error
	// Accept are findings and failing scenarios that the fleet's owners live with; one that
	// has expired is refused before anything is made.
	Accept []checks.Acceptance
	// Keep leaves everything that was made, for somebody to look at.
	Keep             bool
	ErrorProbability float64
	// Bounds replace those of the environment; the zero value does not.
	Bounds kube.Bounds
	// Command is the command line, for the report.
	Command []string
	// Version is eastwest's own.
	Version string
	// Progress gets one line for each thing done; nil means nobody.
	Progress io.Writer
	// StateDir is where the ledger is kept; empty means the environment's own, or
	// else ledger.DefaultDir.
	StateDir string

	// certProvider and gatewayFlags are the cell's, once the versions are known.
	certProvider string
	gatewayFlags []string
}

// Validate tells everything that is wrong before any cluster is touched.
func (c Config) Validate() error {
	var errs []error
	if c.Provider == nil {
		errs = append(errs, errors.New("want an environment to run on"))
	}
	if c.Clusters < 2 {
		errs = append(errs, fmt.Errorf("want at least 2 clusters, got %d: a mesh of one has nothing to cross", c.Clusters))
	}
	if c.ErrorProbability <= 0 || c.ErrorProbability >= 0.5 {
		errs = append(errs, fmt.Errorf("want an error probability above 0 and below 0.5, got %g", c.ErrorProbability))
	}
	errs = append(errs, c.validateCompare())
	return errors.Join(errs...)
}

func (c Config) withDefaults() (Config, error) {
	if c.ErrorProbability == 0 {
		c.ErrorProbability = DefaultErrorProbability
	}
	if c.Progress == nil {
		c.Progress = io.Discard
	}
	return c, c.Validate()
}

func (c Config) bounds() kube.Bounds {
	switch {
	case c.Bounds != (kube.Bounds{}):
		return c.Bounds
	case c.Provider.Traits().Bounds != (kube.Bounds{}):
		return c.Provider.Traits().Bounds
	default:
		return kube.DefaultBounds()
	}
}

// ofRevision are the clusters with the revision that is asked for.
func (c Config) ofRevision(specs []fleet.ClusterSpec) []fleet.ClusterSpec {
	revision := c.Revision
	if c.Compare != nil {
		revision = c.Compare.Pair.Old
	}
	specs = slices.Clone(specs)
	for i := range specs {
		specs[i].Revision = cmp.Or(revision, specs[i].Revision)
	}
	return specs
}

// planOptions say what of the guide is carried out.
func (r *Run) planOptions(specs []fleet.ClusterSpec) PlanOptions {
	c := r.config
	opts := PlanOptions{
		Clusters: specs, Traits: c.Provider.Traits(), PilotCertProvider: c.certProvider, GatewayFlags: c.gatewayFlags,
		FleetID: c.FleetProject, MeshID: c.MeshID, Namespace: r.namespace, Existing: c.Existing, Reuse: c.Reuse,
	}
	if r.comparing != nil {
		opts.Compared = &r.comparing.Compared
	}
	return opts
}

// stateDir may be asked once the clusters are there.
func (c Config) stateDir() (string, error) {
	if c.StateDir != "" {
		return c.StateDir, nil
	}
	if dir := c.Provider.Traits().StateDir; dir != "" {
		return dir, nil
	}
	return ledger.DefaultDir()
}
