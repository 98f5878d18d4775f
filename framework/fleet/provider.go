package fleet

import (
	"context"
	"strings"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// Provider is an environment that has clusters or makes them: the lab, kind, or a
// fleet file. Suites know no other difference between environments than its traits.
type Provider interface {
	// Name is "lab", "kind" or "fleet".
	Name() string
	// Create makes n clusters, or connects to n that are there, and returns
	// how they are reached. What it made before an error is removed by Destroy.
	Create(ctx context.Context, n int) ([]ClusterSpec, error)
	// Destroy removes what Create made; on a fleet it does nothing.
	Destroy(ctx context.Context) error
	// Traits may be asked before Create, for a plan.
	Traits() Traits
}

// LogKeeper is a Provider that can save its clusters' own logs, which matters
// when the run failed and the clusters are about to go.
type LogKeeper interface{ KeepLogs() error }

// Traits are what an environment offers and how it differs from others.
type Traits struct {
	// InstallsMesh is true where the clusters come without a control plane
	// and the plan has to install istiod and its CA: lab and kind, not fleet.
	InstallsMesh bool
	// Hub and Tag name Istio's images, such as "istio" and "1.31.0-eastwest".
	Hub, Tag string
	Images   Images
	Tools    Tools
	// Workload is what the pods of HelloWorld, Sleep and other callers have.
	Workload Workload
	// Drain is how long proxies drain when their pods end; zero means Istio's
	// own default of 5 s.
	Drain time.Duration
	// StateDir is where runs on this environment keep their ledgers, so that they go
	// with clusters that go; empty means the user's own folder for ledgers.
	StateDir string
	// Cleanup is the command that undoes what runs left on this environment, for
	// people to read; empty means "eastwest cleanup".
	Cleanup string
	// Programs are what the clusters are made of, where the environment knows.
	Programs []Program
	// ProxyReadiness is how often a proxy is asked whether it is ready; zero
	// means the chart's 15 s. A gateway has no startup probe, so that one
	// which is not ready at the first question waits as long for the second.
	ProxyReadiness time.Duration
	// MeshValues are settings for istioctl's --set that the clusters' proxies need,
	// such as "values.telemetry.enabled=false". They belong to the environment: nobody
	// else's mesh is installed with them.
	MeshValues []string
	// CNI has pods' traffic captured by Istio's CNI plugin, in place of a privileged init
	// container in each of them.
	CNI bool
	// Proxy is the proxies' image where the environment made it.
	Proxy ProxyImage
	// ClustersLack says in a sentence what these clusters cannot do that a fleet's usually
	// can; empty where nothing is known to be missing.
	ClustersLack string
	// Bounds fit the environment: kube.LocalBounds where nothing leaves the machine.
	Bounds kube.Bounds
}

// ProxyImage is an image of Istio's proxy whose Envoy is known.
type ProxyImage struct {
	// Envoy names it for a reader, such as "upstream Envoy 1.39.3".
	Envoy string
	// Digests are those by which a pod's status may name the image.
	Digests []string
	// Lacks says in a sentence what these proxies cannot do that Istio's own can.
	Lacks string
}

// Program is a program of a cluster and its version.
type Program struct{ Name, Version string }

// Images are those of the sample programs.
type Images struct {
	// HelloWorld may hold "{version}", which becomes v1..vN.
	HelloWorld string
	// Sleep is an image with a POSIX shell and curl.
	Sleep string
	// Echo is an image of Istio's test program echo, with /usr/local/bin/server and
	// /usr/local/bin/client, as istio's pkg/test/echo/docker makes it; empty where there is none.
	Echo string
}

// ForVersion returns the HelloWorld image of one version.
func (i Images) ForVersion(version string) string {
	return strings.ReplaceAll(i.HelloWorld, "{version}", version)
}

// Tools are paths of programs, or bare names to be found in PATH.
type Tools struct {
	Istioctl string
	Kubectl  string
	// GenGateway is gen-eastwest-gateway.sh of the folder that asmcli or Istio's
	// release left; where it is empty eastwest renders the same gateway itself.
	GenGateway string
	// Asmcli makes the mesh of a fleet; where it is empty istioctl makes each
	// remote secret, which is what asmcli does.
	Asmcli string
	// OutputDir is the folder that `asmcli install` left, which asmcli is given
	// again; empty means that it makes one of its own.
	OutputDir string
	// ExposeServices is expose-services.yaml of that folder; where it is empty
	// eastwest applies the same Gateway itself.
	ExposeServices string
}
