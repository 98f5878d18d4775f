package fleet

import (
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// ClusterSpec says how one cluster is reached and what it is called. It is all
// that is needed to plan; nothing of it is secret, since Kubeconfig is a path.
type ClusterSpec struct {
	// Name is the cluster's name in the mesh: a DNS-1123 label, because it
	// becomes the name of remote secrets and of kubeconfig contexts.
	Name string `json:"name"`
	// Kubeconfig is the path of a kubeconfig file and Context a context in it
	// (empty: its current context).
	Kubeconfig string `json:"kubeconfig"`
	Context    string `json:"context,omitempty"`
	// Network is the cluster's network ID; clusters with different IDs reach
	// each other only through east-west gateways. Empty means unknown; a plan needs it.
	Network string `json:"network"`
	// Primary names the cluster whose control plane serves this one; empty means that it has
	// its own, or that this is not known.
	Primary string `json:"primary,omitempty"`
	// RemoteServer is the URL of the API server as the other clusters' pods
	// reach it; empty means that of the kubeconfig.
	RemoteServer string `json:"remoteServer,omitempty"`
	// Revision is the control plane's revision; empty means: find it out, and
	// refuse to guess between several.
	Revision string `json:"revision,omitempty"`
	// Platform is the cell's platform of this cluster, such as "aws" or "lab".
	Platform string `json:"platform,omitempty"`
}

// Version is the HelloWorld version of the cluster at index i of a fleet: v1..vN.
func Version(i int) string { return fmt.Sprintf("v%d", i+1) }

// Validate tells everything that is wrong with the specs, before any cluster
// is touched. Clusters must have distinct names; distinct networks are not
// required, since a flat mesh is a mesh too.
func Validate(specs []ClusterSpec) error {
	var errs []error
	if len(specs) == 0 {
		errs = append(errs, errors.New("fleet: want at least one cluster"))
	}
	seen := make(map[string]bool, len(specs))
	for i, spec := range specs {
		if seen[spec.Name] {
			errs = append(errs, fmt.Errorf("fleet: two clusters are named %q; give each a name of its own", spec.Name))
		}
		seen[spec.Name] = true
		errs = append(errs, validateSpec(i, spec)...)
	}
	return errors.Join(errs...)
}

func validateSpec(i int, spec ClusterSpec) []error {
	var errs []error
	if problems := validation.IsDNS1123Label(spec.Name); len(problems) > 0 {
		errs = append(errs, fmt.Errorf("fleet: cluster %d: name %q: %s", i+1, spec.Name, strings.Join(problems, "; ")))
	}
	if spec.Kubeconfig == "" {
		errs = append(errs, fmt.Errorf("fleet: cluster %q: want the path of a kubeconfig", spec.Name))
	}
	if problems := validation.IsValidLabelValue(spec.Network); len(problems) > 0 {
		errs = append(errs, fmt.Errorf("fleet: cluster %q: want a network ID that is a label value, got %q; %s", spec.Name, spec.Network, strings.Join(problems, "; ")))
	}
	return errs
}
