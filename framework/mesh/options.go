package mesh

import (
	"errors"
	"fmt"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

// The names of what the steps make; they are Istio's and the page's.
const (
	Gateway         = "istio-eastwestgateway"
	GatewaySelector = "istio=eastwestgateway"
	// GatewayPort is where callers of other networks arrive, chosen by the
	// server name of their TLS.
	GatewayPort = 15443
	// ExposeGateway is the Gateway resource that opens GatewayPort.
	ExposeGateway = "cross-network-gateway"

	// Istiod names the control plane's Deployment of the default revision.
	Istiod = "istiod"

	// ReaderAccount is the account that other clusters' istiods read with.
	ReaderAccount = "istio-reader-service-account"
	// ReaderToken is the Secret that istioctl looks for, or makes, for it.
	ReaderToken = ReaderAccount + "-istio-remote-secret-token"
	// RemoteSecretLabel marks a Secret in which istiod finds a remote cluster.
	RemoteSecretLabel = "istio/multiCluster"

	// CASecret holds the key and certificates of istiod's CA.
	CASecret = "cacerts"
)

// RemoteSecret is the name of the Secret that holds access to a cluster.
func RemoteSecret(cluster string) string { return "istio-remote-secret-" + cluster }

// The plan's names for the tools that are used.
const (
	istioctlVariable   = "ISTIOCTL"
	genGatewayVariable = "GEN_EASTWEST_GATEWAY"
	asmcliVariable     = "ASMCLI"
	outputDirVariable  = "OUTPUT_DIR"
	exposeVariable     = "EXPOSE_SERVICES"
)

// Options say what kind of mesh the steps make.
type Options struct {
	Clusters []fleet.ClusterSpec
	Traits   fleet.Traits
	// MeshID is the same in all clusters.
	MeshID string
	// PilotCertProvider is the cell's value of the page's flag, usually "istiod".
	PilotCertProvider string
	// GatewayFlags are the cell's flags of istioctl for the gateway; nil means
	// those of a current istioctl.
	GatewayFlags []string
	// FleetID is the fleet's project, for asmcli.
	FleetID string
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
	variables := []plan.Variable{{
		Name: istioctlVariable, Value: opts.Traits.Tools.Istioctl, Comment: "the istioctl of the control plane's version",
	}}
	if tool := opts.Traits.Tools.GenGateway; tool != "" {
		variables = append(variables, plan.Variable{
			Name: genGatewayVariable, Value: tool, Comment: "gen-eastwest-gateway.sh of the same version",
		})
	}
	if tool := opts.Traits.Tools.Asmcli; tool != "" {
		variables = append(variables, plan.Variable{
			Name: asmcliVariable, Value: tool, Comment: "the asmcli that installed the control planes",
		})
	}
	if folder := opts.Traits.Tools.OutputDir; folder != "" {
		variables = append(variables, plan.Variable{
			Name: outputDirVariable, Value: folder, Comment: "the folder that asmcli install left",
		})
	}
	if file := opts.Traits.Tools.ExposeServices; file != "" {
		variables = append(variables, plan.Variable{
			Name: exposeVariable, Value: file, Comment: "expose-services.yaml of the same folder",
		})
	}
	for _, cluster := range opts.Clusters {
		variables = append(variables, plan.Variable{
			Name: plan.KubeconfigVariable(cluster.Name), Value: cluster.Kubeconfig,
			Comment: fmt.Sprintf("a kubeconfig whose current context is %s", cluster.Name),
		})
	}
	return variables
}

// istioctl starts a command line of istioctl.
func istioctl(args ...string) []string {
	return append([]string{plan.Use(istioctlVariable)}, args...)
}

// kubectlHere starts a shown kubectl command on the cluster of the action.
func kubectlHere(args ...string) string {
	return `kubectl --kubeconfig="` + plan.Here() + `" ` + strings.Join(args, " ")
}
