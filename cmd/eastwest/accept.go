package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/checks"
	"github.com/eastwest-mesh/eastwest/framework/fleetfile"
	"github.com/eastwest-mesh/eastwest/framework/run"
)

// acceptances are those of a fleet file, which must name checks and scenarios that there are.
func acceptances(file *fleetfile.File) ([]checks.Acceptance, error) {
	var all []checks.Acceptance
	var errs []error
	for i, a := range file.Accept {
		if err := known(a); err != nil {
			errs = append(errs, fmt.Errorf("%s: accept[%d].%w", file.Path, i, err))
		}
		until, err := time.Parse(checks.Day, a.Until)
		errs = append(errs, err)
		all = append(all, checks.Acceptance{
			Check: a.Check, Scenario: a.Scenario, Cluster: a.Cluster, Object: a.Object, Reason: a.Reason, Owner: a.Owner, Until: until,
		})
	}
	return all, errors.Join(errs...)
}

func known(a *fleetfile.Acceptance) error {
	if a.Check != "" {
		if _, found := checks.Find(a.Check); !found {
			return fmt.Errorf("check: there is no check %s; \"eastwest explain\" lists them", a.Check)
		}
		return nil
	}
	for _, suite := range suites() {
		at := slices.IndexFunc(suite.Scenarios, func(s run.Scenario) bool { return s.ID == a.Scenario })
		switch {
		case at < 0:
		case suite.Scenarios[at].Base:
			return fmt.Errorf("scenario: %s cannot be accepted: all others stand on it, and without it nothing is proven", a.Scenario)
		case suite.Name == suiteRevisions:
			return fmt.Errorf("scenario: %s cannot be accepted: it is what a move to another revision rests on", a.Scenario)
		default:
			return nil
		}
	}
	return fmt.Errorf("scenario: there is no scenario %q; \"eastwest scenarios\" lists them", a.Scenario)
}
