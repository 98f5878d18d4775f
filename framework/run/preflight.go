package run

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/plan"
	"github.com/eastwest-mesh/eastwest/framework/preflight"
	"github.com/eastwest-mesh/eastwest/framework/workload"
)

// ErrRefused says that a fleet is not as a run needs it: nothing was made.
var ErrRefused = errors.New("the fleet is refused")

// preflight looks at clusters that are somebody's before anything is made on
// them, and refuses what would go wrong, all of it at once.
func (r *Run) preflight(ctx context.Context) error {
	traits := r.config.Provider.Traits()
	if traits.InstallsMesh || r.config.Asked == nil {
		return nil
	}
	pods, err := workload.Pods(workload.Options{Namespace: r.namespace, Images: traits.Images, Workload: traits.Workload})
	if err != nil {
		return err
	}
	result := preflight.Run(ctx, r.fleet.Clusters, preflight.Options{
		CA: cell.CA(r.config.Cell.CA), Namespace: r.namespace, Existing: r.config.Existing, Pods: pods,
		Reuse: r.config.Reuse, Asmcli: traits.Tools.Asmcli != "", Accept: r.config.Accept,
	})
	var refused, unknown []string
	for _, check := range result.Checks {
		if check.Accepted != "" {
			r.found = append(r.found, fmt.Sprintf("%s (accepted %s)", lineOf(check), check.Accepted))
			continue
		}
		line := lineOf(check)
		switch check.Status {
		case preflight.OK:
			continue
		case preflight.Refused:
			refused = append(refused, line)
		case preflight.Unknown:
			unknown = append(unknown, line)
		case preflight.Warning:
			r.found = append(r.found, "warning: "+line)
		}
		r.progress.line(check.Cluster, "preflight: "+string(check.Status)+": "+line)
	}
	switch {
	case len(refused) > 0:
		return fmt.Errorf("%w: %s", ErrRefused, strings.Join(append(refused, unknown...), "; "))
	case len(unknown) > 0:
		return fmt.Errorf("preflight could not find out: %s", strings.Join(unknown, "; "))
	}
	return nil
}

// settle asks clusters that have a mesh for what their description leaves open, and refuses a
// revision that they have not.
func (r *Run) settle(ctx context.Context) error {
	if r.config.Provider.Traits().InstallsMesh && r.config.Revision == "" {
		return nil
	}
	found, err := istio.Settle(ctx, r.fleet.Clusters)
	if err != nil {
		return err
	}
	for _, one := range found {
		for _, line := range one.Lines() {
			r.progress.line("", r.config.Provider.Name()+": "+line)
		}
	}
	return nil
}

// consent lists what the run will make on somebody's clusters outside of its own
// namespaces, and asks whether it may.
func (r *Run) consent(ctx context.Context) error {
	traits := r.config.Provider.Traits()
	if traits.InstallsMesh || r.config.Reuse || r.config.Consent == nil {
		return nil
	}
	env := PlanEnv(r.fleet, traits, r.report.ID, nil)
	foreseen, err := plan.Foresee(ctx, &env, r.plan)
	if err != nil {
		return fmt.Errorf("find out what the run will make: %w", err)
	}
	if len(foreseen) == 0 {
		return nil
	}
	if err := r.config.Consent(foreseen); err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return nil
}

func lineOf(check preflight.Check) string {
	var line strings.Builder
	if check.Cluster != "" {
		fmt.Fprintf(&line, "cluster %q: ", check.Cluster)
	}
	line.WriteString(check.Found)
	if check.Do != "" {
		line.WriteString(": " + check.Do)
	}
	for _, command := range check.Commands {
		line.WriteString(" " + command + ";")
	}
	line.WriteString(" (" + check.ID + ")")
	return line.String()
}
