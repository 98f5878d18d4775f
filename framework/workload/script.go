package workload

import (
	"fmt"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

// The switches of the commands for whoever follows the plan by hand.
const (
	SwitchProve   = "PROVE"
	SwitchCleanUp = "CLEAN_UP"
)

// GuideCalls is how often the guide calls from each cluster.
const GuideCalls = 20

// OptionalParts returns the guide's own proof and clean-up.
func OptionalParts(opts Options) []plan.Optional {
	prove := plan.Optional{
		Switch: SwitchProve, Source: "guide, \"Verify cross-cluster load balancing\"; eastwest measures it instead, in a sample of a size that is sound",
		Title: fmt.Sprintf("Call HelloWorld %d times from every cluster: every version should answer", GuideCalls),
	}
	cleanUp := plan.Optional{
		Switch: SwitchCleanUp, Source: "guide, \"Clean up\"; gateways, secrets and what they need stay",
		Title: "Delete the sample",
	}
	for _, cluster := range opts.Clusters {
		prove.Commands = append(prove.Commands, plan.Command{Cluster: cluster.Name, Shell: fmt.Sprintf(
			`kubectl --kubeconfig="%s" --namespace=%[2]s exec deployment/%[3]s --container=%[3]s -- \
  /bin/sh -c 'for i in $(seq 1 %[4]d); do curl -sS helloworld.%[2]s:%[5]d/hello; done'`,
			plan.Here(), opts.namespace(), Sleep, GuideCalls, HelloWorldPort)})
		remove := fmt.Sprintf("delete namespace %s --ignore-not-found", opts.namespace())
		if opts.Existing {
			remove = fmt.Sprintf("--namespace=%s delete deployment,service,serviceaccount %s --ignore-not-found", opts.namespace(), strings.Join(opts.names(), " "))
		}
		cleanUp.Commands = append(cleanUp.Commands, plan.Command{Cluster: cluster.Name, Shell: fmt.Sprintf(`kubectl --kubeconfig="%s" %s`, plan.Here(), remove)})
	}
	return []plan.Optional{prove, cleanUp}
}

// names are those of what is deployed, on any cluster.
func (o Options) names() []string {
	names := []string{HelloWorld, Sleep}
	for i := range o.Clusters {
		names = append(names, Deployment(fleet.Version(i)))
	}
	return names
}
