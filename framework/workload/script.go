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

// PageCalls is how often the page calls from each cluster.
const PageCalls = 20

// ByHand returns the page's own proof and clean-up.
func ByHand(opts Options) []plan.Optional {
	prove := plan.Optional{
		Switch: SwitchProve, Source: "page lines 274-298 (A10d); eastwest measures it instead, in a sample of a size that is sound",
		Title: fmt.Sprintf("Call HelloWorld %d times from every cluster: every version should answer", PageCalls),
	}
	cleanUp := plan.Optional{
		Switch: SwitchCleanUp, Source: "page, last 3 lines (A11); gateways, secrets and what they need stay",
		Title: "Delete the sample",
	}
	for _, cluster := range opts.Clusters {
		prove.Commands = append(prove.Commands, plan.Command{Cluster: cluster.Name, Shell: fmt.Sprintf(
			`kubectl --kubeconfig="%s" --namespace=%[2]s exec deployment/%[3]s --container=%[3]s -- \
  /bin/sh -c 'for i in $(seq 1 %[4]d); do curl -sS helloworld.%[2]s:%[5]d/hello; done'`,
			plan.Here(), opts.namespace(), Sleep, PageCalls, HelloWorldPort)})
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
