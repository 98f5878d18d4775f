package ledger

import (
	"fmt"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// Stay is an object that undo has left where it is: it may not be the run's, or
// somebody has made it theirs.
type Stay struct {
	Cluster string
	Ref     kube.Ref
	// Why says what keeps it from being taken for the run's alone.
	Why string
	// Look is the command that shows it.
	Look string
}

// String tells what stays, why, and how to look at it.
func (s Stay) String() string {
	return fmt.Sprintf("cluster %q: %s stays: %s; to look at it: %s", s.Cluster, s.Ref, s.Why, s.Look)
}

// kubectl is the beginning of a command for a cluster of the run, with the kubeconfig
// and the context that its owner gave.
func (h Header) kubectl(cluster string) string {
	for _, c := range h.Clusters {
		if c.Name == cluster {
			return c.kubectl()
		}
	}
	return "kubectl"
}

func (c Cluster) kubectl() string { return kube.Command("kubectl", c.Kubeconfig, c.Context) }

// about is the rest of a command about an object.
func about(verb string, ref kube.Ref, flags ...string) string {
	words := []string{verb, resourceName(ref), kube.Quote(ref.Name)}
	if ref.Namespace != "" {
		words = append(words, "--namespace="+kube.Quote(ref.Namespace))
	}
	return strings.Join(append(words, flags...), " ")
}

// resourceName is a kind as kubectl takes it, with its group, since Istio and the
// Gateway API have kinds of the same name.
func resourceName(ref kube.Ref) string {
	name := strings.ToLower(ref.Kind)
	if group := ref.GroupVersionKind().Group; group != "" {
		name += "." + group
	}
	return name
}
