package parts

import (
	"fmt"
	"slices"
	"strings"
)

// cniPlugins are the programs that live in [Set.CNIDir].
var cniPlugins = map[string]bool{"ptp": true, "loopback": true, "host-local": true, "portmap": true}

// family is one tool-only module: programs that are built together.
type family struct {
	name     string            // of its module in lab/parts/pins
	module   string            // the module whose version the programs tell
	cgo      bool              // runc needs libseccomp; everything else is static
	tags     string            // build tags, comma separated
	stamps   []stamp           // set at link time
	programs []string          // every program, as Set.Path knows it
	renames  map[string]string // what go names a program -> what it is called
	release  string            // of an Istio whose module does not name it
	diskMiB  uint64            // what a first build takes: modules, Go's build cache, programs (measured)
}

// stamp is one -X of the linker. In value, {version} is the module's version
// with its v, {release} the version people know it by, {major} and {minor} its
// numbers, {revision} the commit of a pseudo-version.
type stamp struct{ variable, value string }

// chosen gives the families that are asked for by name, all of the lab's for none.
func (o Options) chosen() ([]family, error) {
	istio, err := chosenIstio(o.Istio)
	if err != nil {
		return nil, err
	}
	if len(o.Families) == 0 {
		return families(istio), nil
	}
	var wanted []family
	all := append(families(istio), extraFamilies()...)
	for _, name := range o.Families {
		i := slices.IndexFunc(all, func(f family) bool { return f.name == name })
		if i < 0 {
			return nil, fmt.Errorf("lab/parts/pins has no family %q", name)
		}
		wanted = append(wanted, all[i])
	}
	return wanted, nil
}

// extraFamilies are built only where they are asked for by name: no lab's first
// start has to wait for them.
func extraFamilies() []family {
	return []family{
		{
			// What a kind node has beside the lab's own parts.
			name: "kindnode", module: "sigs.k8s.io/cri-tools", diskMiB: 900,
			stamps:   []stamp{{"sigs.k8s.io/cri-tools/pkg/version.Version", "{version}"}},
			programs: []string{"crictl"},
		},
		{
			// What Istio's own integration tests deploy and run beside echo. The tests themselves are no
			// tools: internal/istiotests compiles them in the same module.
			name: "istiotests", module: "istio.io/istio", diskMiB: 1600,
			programs: []string{"echo-basic", "extauthz", "helm", "jwt-server"},
			renames:  map[string]string{"src": "jwt-server"},
		},
	}
}

// families lists what a lab needs, the quickest to build first, so that a
// machine that cannot build at all says so after seconds.
func families(istio family) []family {
	return []family{
		{
			name: "runc", module: "github.com/opencontainers/runc", diskMiB: 200,
			// The tags of runc's own Makefile plus the pure Go user and host
			// look-ups; without seccomp it cannot start a default container.
			cgo: true, tags: "seccomp,netgo,osusergo",
			programs: []string{"runc"},
		},
		{
			name: "node", module: "github.com/containerd/containerd/v2", diskMiB: 1250,
			stamps:   []stamp{{"github.com/containerd/containerd/v2/version.Version", "{version}"}},
			programs: []string{"containerd", "containerd-shim-runc-v2", "ctr", "host-local", "loopback", "portmap", "ptp"},
		},
		{
			name: "dns", module: "github.com/coredns/coredns", diskMiB: 2600,
			programs: []string{"coredns"},
		},
		istio,
		// After istio, whose dependencies it has in the same versions: 530 of its 731 packages
		// are then compiled already.
		{
			name: "echo", module: istioModule, diskMiB: 200,
			programs: []string{"echo-client", "echo-server"},
			renames:  map[string]string{"client": "echo-client", "server": "echo-server"},
		},
		{
			name: "kubernetes", module: "k8s.io/kubernetes", diskMiB: 4900,
			stamps: kubernetesStamps(),
			programs: []string{
				"etcd", "kube-apiserver", "kube-controller-manager", "kube-proxy",
				"kube-scheduler", "kubeadm", "kubectl", "kubelet",
			},
			// go names a program after its import path, and etcd's main package
			// is the module go.etcd.io/etcd/server/v3.
			renames: map[string]string{"server": "etcd", "v3": "etcd"},
		},
	}
}

// istio is the family of the Istio that a lab has by default.
const istio = "istio"

// istioStamps follow istio's common/scripts/report_build_info.sh.
func istioStamps() []stamp {
	const pkg = "istio.io/istio/pkg/version."
	return []stamp{
		{pkg + "buildVersion", "{release}"},
		{pkg + "buildGitRevision", "{revision}"},
		{pkg + "buildStatus", "Clean"},
		{pkg + "buildTag", "{release}"},
		{pkg + "buildHub", IstioHub},
	}
}

// kubernetesStamps follow kubernetes' hack/lib/version.sh. The same variables
// exist in two modules; the clients use the second. The tree state of a source
// that is no git checkout is "archive"; its commit is not known.
func kubernetesStamps() []stamp {
	var stamps []stamp
	for _, pkg := range []string{"k8s.io/component-base/version.", "k8s.io/client-go/pkg/version."} {
		stamps = append(stamps,
			stamp{pkg + "gitVersion", "{version}"},
			stamp{pkg + "gitMajor", "{major}"},
			stamp{pkg + "gitMinor", "{minor}"},
			stamp{pkg + "gitTreeState", "archive"},
			stamp{pkg + "gitCommit", "unknown"},
		)
	}
	return stamps
}

// recipe is everything about a build that go.mod and go.sum do not tell; it is
// part of the cache key.
func (f family) recipe() string {
	recipe := fmt.Sprintf("%s cgo=%t tags=%s stamps=%v programs=%v renames=%v flags=%v",
		f.name, f.cgo, f.tags, f.stamps, f.programs, f.renames, BuildFlags())
	if f.release != "" {
		recipe += " release=" + f.release
	}
	return recipe
}

// BuildFlags make the programs the same wherever the source tree lies, and keep
// the compiler from writing what the linker then leaves out: measured with ctr, a
// tenth of a first build's time and a fifth of its share of Go's build cache. What
// else is built here has them too (.ci/goflags), since Go compiles a package anew
// for others.
func BuildFlags() []string {
	return []string{"-mod=readonly", "-trimpath", "-buildvcs=false", "-gcflags=all=-dwarf=false"}
}

// listArgs are the flags that go list and go build must share: with others,
// list would judge packages of another build.
func (f family) listArgs() []string {
	args := BuildFlags()
	if f.tags != "" {
		args = append(args, "-tags="+f.tags)
	}
	return args
}

// env is what go runs with: the user's own, except for what would change the build.
func (f family) env(environ []string) []string {
	cgo := "CGO_ENABLED=0"
	if f.cgo {
		cgo = "CGO_ENABLED=1"
	}
	return append(environ, cgo, "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local", "GOOS=", "GOARCH=")
}

// ldflags strip the programs (a set is 1 GB with symbols removed) and stamp them.
func (f family) ldflags(values *strings.Replacer) string {
	flags := []string{"-s", "-w"}
	for _, s := range f.stamps {
		flags = append(flags, "-X", s.variable+"="+values.Replace(s.value))
	}
	return strings.Join(flags, " ")
}
