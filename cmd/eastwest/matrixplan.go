package main

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/page"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

// fleetTools are the newest versions whose flags the matrix knows: a plan that
// is made without a fleet cannot ask.
func fleetTools() cell.Tools {
	newest := cell.Version{Major: 1, Minor: 28}
	return cell.Tools{Mesh: newest, Istioctl: newest}
}

// cellPlan is the plan of a cell on a fleet of n clusters that nobody has named
// yet: the names in it are to be replaced, or given by a fleet file.
func cellPlan(c cell.Cell, n int) (plan.Plan, error) {
	var specs []fleet.ClusterSpec
	for i := range n {
		name := fmt.Sprintf("cluster%d", i+1)
		specs = append(specs, fleet.ClusterSpec{
			Name: name, Kubeconfig: name + ".yaml", Context: name, Network: fmt.Sprintf("network%d", i+1), Platform: string(c.Platform),
		})
	}
	tools := fleetTools()
	return page.New(page.Options{
		Clusters: specs, FleetID: "FLEET_PROJECT_ID",
		PilotCertProvider: c.CertProvider(tools.Mesh), GatewayFlags: c.GatewayFlags(tools),
		Traits: fleet.Traits{
			Tools: fleet.Tools{
				Istioctl: "./istioctl", Kubectl: "kubectl", Asmcli: "./asmcli",
				GenGateway: "asm/istio/expansion/gen-eastwest-gateway.sh",
			},
			Images: fleet.Images{HelloWorld: "docker.io/istio/examples-helloworld-{version}:1.0", Sleep: "docker.io/curlimages/curl:8.16.0"},
			Bounds: kube.DefaultBounds(),
		},
	})
}

// writePlan writes a cell's plan beside the reports: to be read, and as a script.
func writePlan(base string, c cell.Cell, clusters int) error {
	made, err := cellPlan(c, clusters)
	if err != nil {
		return fmt.Errorf("plan %s x %s: %w", c.Platform, c.CA, err)
	}
	made.Title += fmt.Sprintf(": %s with %s, for Cloud Service Mesh %s", c.Title, c.CA, fleetTools().Mesh)
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
