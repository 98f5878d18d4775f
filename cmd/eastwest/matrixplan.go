package main

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/plan"
	"github.com/eastwest-mesh/eastwest/framework/run"
)

// outline is the plan of a cell as long as no fleet file names the clusters.
func outline(c cell.Cell, clusters int) (plan.Plan, error) {
	release, err := cell.ParseVersion(newestRules)
	if err != nil {
		return plan.Plan{}, err
	}
	return run.NewPlan(run.Outline(c, clusters, release))
}

// writePlan writes a cell's plan beside the reports: to be read, and as a script.
func writePlan(base string, c cell.Cell, clusters int) error {
	made, err := outline(c, clusters)
	if err != nil {
		return fmt.Errorf("plan %s x %s: %w", c.Platform, c.CA, err)
	}
	var errs []error
	for _, form := range []struct {
		suffix string
		format plan.Format
	}{{".txt", plan.Text}, {".sh", plan.Shell}} {
		var out bytes.Buffer
		errs = append(errs, plan.Print(&out, made, form.format), writeReport(base+form.suffix, out.Bytes()))
	}
	return errors.Join(errs...)
}

// printElsewhere prints the plan of a cell that cannot be proved here, so that
// whoever asked has at least what is to be done where it can.
func printElsewhere(streams ioStreams, w where) error {
	made, err := outline(w.cell, w.clusters)
	if err != nil {
		return err
	}
	return plan.Print(streams.out, made, plan.Text)
}
