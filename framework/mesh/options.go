package mesh

import (
	"errors"
	"fmt"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

// RemoteSecret is the name of the Secret that holds access to a cluster.
func RemoteSecret(cluster string) string { return names.RemoteSecretPrefix + cluster }

// The plan's names for the tools that are used.
const (
	istioctlVariable   = "ISTIOCTL"
	genGatewayVariable = "GEN_EASTWEST_GATEWAY"
	asmcliVariable     = "ASMCLI"
	outputDirVariable  = "OUTPUT_DIR"
	exposeVariable     = "EXPOSE_SERVICES"
	caDirVariable      = "CA_DIR"
	fleetVariable      = "FLEET_PROJECT_ID"
)

// Options say what kind of mesh the steps make.
type Options struct {
	Clusters []fleet.ClusterSpec
	Traits   fleet.Traits
	// MeshID is the same in all clusters.
	MeshID string
	// PilotCertProvider is the cell's value of the guide's flag, usually "istiod".
	PilotCertProvider string
	// GatewayFlags are the cell's flags of istioctl for the gateway; nil means
	// those of a current istioctl.
	GatewayFlags []string
	// FleetID is the fleet's project, for asmcli.
	FleetID string
	// Revision is that of the control planes that are waited for; empty waits for all that are
	// there.
	Revision string
	// Placeholders is true where nobody knows the clusters yet: paths, networks
	// and the fleet's project of the printed script are to be filled in.
	Placeholders bool
}

func (o Options) gatewayFlags() []string {
	if o.GatewayFlags != nil {
		return o.GatewayFlags
	}
	return []string{"--set", "values.global.pilotCertProvider=" + o.certProvider()}
}

// Validate tells everything that the steps cannot be made with.
func (o Options) Validate() error {
	errs := []error{fleet.Validate(o.Clusters)}
	for _, cluster := range o.Clusters {
		errs = append(errs, o.checkPrimary(cluster))
		if cluster.Network == "" {
			errs = append(errs, fmt.Errorf("mesh: cluster %q: want a network ID", cluster.Name))
		}
	}
	if o.MeshID == "" {
		errs = append(errs, errors.New("mesh: want a mesh ID"))
	}
	if o.Traits.Tools.Istioctl == "" {
		errs = append(errs, errors.New("mesh: want the path of istioctl"))
	}
	if o.Traits.InstallsMesh && (o.Traits.Hub == "" || o.Traits.Tag == "") {
		errs = append(errs, fmt.Errorf("mesh: want hub and tag of istiod's image, got %q and %q", o.Traits.Hub, o.Traits.Tag))
	}
	if o.Traits.Tools.Asmcli != "" && o.FleetID == "" {
		errs = append(errs, errors.New("mesh: want the fleet's project ID for asmcli create-mesh"))
	}
	return errors.Join(errs...)
}

func (o Options) certProvider() string {
	if o.PilotCertProvider == "" {
		return "istiod"
	}
	return o.PilotCertProvider
}

// Variables are what the commands of the steps refer to, with the values that
// the specs and the traits give.
func Variables(opts Options) []plan.Variable {
	tools := opts.Traits.Tools
	variables := []plan.Variable{{
		Name: istioctlVariable, Value: tools.Istioctl, Comment: "the istioctl of the control plane's version",
	}}
	for _, tool := range []plan.Variable{
		{Name: genGatewayVariable, Value: tools.GenGateway, Comment: "gen-eastwest-gateway.sh of the same version"},
		{Name: exposeVariable, Value: tools.ExposeServices, Comment: "expose-services.yaml beside it"},
		{Name: asmcliVariable, Value: tools.Asmcli, Comment: "the asmcli that installed the control planes"},
		{Name: outputDirVariable, Value: tools.OutputDir, Comment: "the folder that asmcli install left"},
	} {
		if tool.Value != "" {
			variables = append(variables, tool)
		}
	}
	if opts.Traits.InstallsMesh {
		variables = append(variables, plan.Variable{
			Name: caDirVariable, Value: "eastwest-ca", Comment: "a folder for the keys and certificates of the CAs; keep it, or remove it at the end",
		})
	}
	if opts.Placeholders {
		variables = append(variables, plan.Variable{
			Name: fleetVariable, Value: "FLEET_PROJECT_ID", Comment: "the project of the fleet", Placeholder: true,
		})
	}
	for _, cluster := range opts.Clusters {
		variables = append(variables, plan.Variable{
			Name: plan.KubeconfigVariable(cluster.Name), Value: cluster.Kubeconfig, Placeholder: opts.Placeholders,
			Comment: fmt.Sprintf("a kubeconfig whose only context is %s", cluster.Name),
		})
		if opts.Placeholders {
			variables = append(variables, plan.Variable{
				Name: networkVariable(cluster.Name), Value: cluster.Network,
				Comment: fmt.Sprintf("the network of %s: label %s of its namespace %s", cluster.Name, names.Network, names.System),
			})
		}
	}
	return variables
}

func networkVariable(cluster string) string {
	return "NETWORK" + strings.TrimPrefix(plan.KubeconfigVariable(cluster), "KUBECONFIG")
}

// PlaceholderFleetID stands for the fleet's project in a plan with placeholders.
func PlaceholderFleetID() string { return plan.Use(fleetVariable) }

// istioctl starts a command line of istioctl.
func istioctl(args ...string) []string {
	return append([]string{plan.Use(istioctlVariable)}, args...)
}

// kubectlHere starts a shown kubectl command on the cluster of the action.
func kubectlHere(args ...string) string {
	return strings.Join(append([]string{`kubectl --kubeconfig="` + plan.Here() + `"`}, args...), " ")
}
