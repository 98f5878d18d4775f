package node

import (
	"path/filepath"

	"github.com/eastwest-mesh/eastwest/lab/internal/topology"
)

// Spec is all that a node needs to know. It holds no secret: those are files below Dir.
type Spec struct {
	Cluster topology.Cluster `json:"cluster"`
	// Neighbours are the other clusters on the same network.
	Neighbours []topology.Cluster `json:"neighbours,omitempty"`
	// Dir holds everything that the node writes.
	Dir string `json:"dir"`
	// Bin holds the parts, CNI the CNI plugins.
	Bin string `json:"bin"`
	CNI string `json:"cni"`
	// Pause is the reference of the image that holds a pod's namespaces.
	Pause string `json:"pause"`
	// Mirror is the URL of the registry that answers for every registry.
	Mirror string `json:"mirror"`
	// Cgroup is the path that pods' cgroups go below.
	Cgroup string `json:"cgroup"`
	// Audit makes the API server keep an audit log.
	Audit bool `json:"audit,omitempty"`
}

// AuditLog is where the API server's audit log is kept, where there is one.
func (s Spec) AuditLog() string { return s.file("logs", "audit.log") }

func (s Spec) file(name ...string) string {
	return filepath.Join(append([]string{s.Dir}, name...)...)
}

func (s Spec) kubeconfig(user string) string { return s.file("kubeconfig", user+".yaml") }
func (s Spec) pki(name string) string        { return s.file("pki", name) }

// The CNI configuration, and the folder of plugins that are added to the parts'.
func (s Spec) cniConf() string { return s.file("cni", "net.d") }
func (s Spec) cniBin() string  { return s.file("cni", "bin") }

// ContainerdRoot is where the node's containerd keeps its images; the golden
// image store is cloned to it before the node starts.
func (s Spec) ContainerdRoot() string { return s.file("containerd", "root") }

// containerdSocket is below the node's own /run.
const containerdSocket = "/run/containerd/containerd.sock"

// AdminKubeconfig is the file with which the lab itself reaches the API server,
// over the network between the clusters.
func (s Spec) AdminKubeconfig() string { return s.kubeconfig("admin") }
