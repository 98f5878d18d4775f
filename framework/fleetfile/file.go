package fleetfile

import (
	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
)

// The header of every fleet file.
const (
	APIVersion = "eastwest.dev/v1alpha1"
	Kind       = "Fleet"
)

// File is a fleet as its file or its flags describe it: paths are absolute,
// defaults are filled in. It holds no secret: kubeconfigs are paths.
type File struct {
	// Path of the fleet file; empty when the fleet was given by contexts.
	Path string `json:"path,omitempty"`
	Name string `json:"name"`
	// Platform is that of every cluster that names none of its own.
	Platform string `json:"platform,omitempty"`
	CA       string `json:"ca"`
	// Revision is that of every cluster that names none of its own; empty
	// means: find it out, and refuse to guess between several.
	Revision string `json:"revision,omitempty"`
	// Revisions are the two that are compared, as OLD,NEW; empty leaves them to a flag.
	Revisions string `json:"revisions,omitempty"`
	// FleetProject is the ID of the fleet's project, which asmcli wants.
	FleetProject string `json:"fleetProject,omitempty"`
	MeshID       string `json:"meshID,omitempty"`
	// Namespace of the sample programs. Existing is true where it was made beforehand: then
	// a run writes in it alone, and leaves it there.
	Namespace string `json:"namespace"`
	Existing  bool   `json:"existingNamespace,omitempty"`
	Tools     Tools  `json:"tools"`
	// SamplesDir is Istio's folder samples, from which the images of the
	// sample programs are read where Images does not name them.
	SamplesDir string `json:"samplesDir,omitempty"`
	Images     Images `json:"images"`
	// Workload is what the pods of a run have beside their images.
	Workload fleet.Workload `json:"workload"`
	Clusters []*Cluster     `json:"clusters"`
	// Accept are findings and failing scenarios that the fleet's owners live with for a while.
	Accept []*Acceptance `json:"accept,omitempty"`

	// Warnings are what is no mistake but may surprise.
	Warnings []string `json:"warnings,omitempty"`
}

// Acceptance is a finding of a check, or a scenario that fails, that is known and lived
// with. Cluster and Object, a pattern of a word in what a check finds, are empty for any;
// Until is a day, YYYY-MM-DD.
type Acceptance struct {
	Check    string `json:"check,omitempty"`
	Scenario string `json:"scenario,omitempty"`
	Cluster  string `json:"cluster,omitempty"`
	Object   string `json:"object,omitempty"`
	Reason   string `json:"reason"`
	Owner    string `json:"owner"`
	Until    string `json:"until"`
}

// Tools are the programs of the fleet's own mesh. Each is an absolute path
// that exists, or empty.
type Tools struct {
	// OutputDir is the folder that "asmcli install" left.
	OutputDir  string `json:"outputDir,omitempty"`
	Istioctl   string `json:"istioctl,omitempty"`
	GenGateway string `json:"genGateway,omitempty"`
	Asmcli     string `json:"asmcli,omitempty"`
	Kubectl    string `json:"kubectl,omitempty"`
}

// Images are those of the sample programs. HelloWorld may hold "{version}". Echo is empty
// where none is named.
type Images struct {
	HelloWorld string `json:"helloWorld"`
	Sleep      string `json:"sleep"`
	Echo       string `json:"echo,omitempty"`
}

// Cluster is one cluster of a fleet.
type Cluster struct {
	// Name is the fleet membership's name, and the cluster's in the mesh.
	Name       string `json:"name"`
	Kubeconfig string `json:"kubeconfig"`
	// Context is the one of the kubeconfig; after loading never empty.
	Context  string `json:"context"`
	Platform string `json:"platform"`
	// Network is the network ID; empty means: ask the cluster.
	Network string `json:"network,omitempty"`
	// Server is the URL by which other clusters' pods reach the API server;
	// empty means Endpoint.
	Server   string `json:"server,omitempty"`
	Revision string `json:"revision,omitempty"`

	// Endpoint is the API server's URL in the kubeconfig.
	Endpoint string `json:"endpoint"`
}

// Specs are the clusters as framework/fleet wants them. A network that the
// file leaves open is empty in them.
func (f *File) Specs() []fleet.ClusterSpec {
	specs := make([]fleet.ClusterSpec, 0, len(f.Clusters))
	for _, c := range f.Clusters {
		specs = append(specs, fleet.ClusterSpec{
			Name: c.Name, Kubeconfig: c.Kubeconfig, Context: c.Context, Network: c.Network,
			RemoteServer: c.Server, Revision: c.Revision, Platform: c.Platform,
		})
	}
	return specs
}

// Platforms are those of the clusters, in their order.
func (f *File) Platforms() []cell.Platform {
	platforms := make([]cell.Platform, 0, len(f.Clusters))
	for _, c := range f.Clusters {
		platforms = append(platforms, cell.Platform(c.Platform))
	}
	return platforms
}
