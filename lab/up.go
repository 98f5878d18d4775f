package lab

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/eastwest-mesh/eastwest/lab/images"
	"github.com/eastwest-mesh/eastwest/lab/internal/cgroup"
	"github.com/eastwest-mesh/eastwest/lab/internal/node"
	"github.com/eastwest-mesh/eastwest/lab/internal/sandbox"
	"github.com/eastwest-mesh/eastwest/lab/internal/supervisor"
	"github.com/eastwest-mesh/eastwest/lab/internal/topology"
	"github.com/eastwest-mesh/eastwest/lab/parts"
)

// Lab is a running lab.
type Lab struct {
	State State
	// Timing is how long the clusters took; only the process that started the lab knows it.
	Timing Timing
	f      folders
}

// Timing says how long the start of a lab took, from the moment its parts and
// images were there.
type Timing struct {
	// Ready is until every cluster was ready, in the order of the clusters.
	Ready []time.Duration
}

// Up makes a lab and returns when its clusters are ready. When it fails or
// the context ends, nothing of the lab is left.
func Up(ctx context.Context, o Options) (*Lab, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	// First of all, so that a machine that cannot run a lab keeps no trace of one.
	if err := parts.Prepare(ctx, o.parts()); err != nil {
		return nil, err
	}
	raiseInotify(inotifyFile, o.Progress)
	f := o.folders()
	release, err := f.acquire()
	if err != nil {
		return nil, err
	}
	defer release()
	if st, err := f.running(); err == nil {
		return nil, &RunningError{State: st}
	}
	if err := f.sweep(ctx); err != nil {
		return nil, err
	}
	m, err := prepare(ctx, o)
	if err != nil {
		return nil, err
	}
	l, err := start(ctx, f, m)
	if err != nil {
		// Cleaning up must not be cut short by what cut the start short.
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), sweepBound)
		defer cancel()
		return nil, errors.Join(err, f.sweep(clean))
	}
	return l, nil
}

// start makes the clusters from what is prepared.
func start(ctx context.Context, f folders, m materials) (*Lab, error) {
	clusters, err := m.options.topology()
	if err != nil {
		return nil, err
	}
	if err := f.make(); err != nil {
		return nil, err
	}
	doors, err := openDoors(clusters)
	if err != nil {
		return nil, err
	}
	defer closeAll(doors)
	own, err := istioOf(cmp.Or(m.options.Istio, parts.HeadIstio), m.parts, m.store)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	st := State{
		Name: f.name, Started: began, Parts: m.parts.Versions(),
		Envoy: m.parts.Envoy(), Istios: []Istio{own}, TrustDomain: m.options.TrustDomain,
	}
	spec, err := layout(f, m, clusters, doors, &st)
	if err != nil {
		return nil, err
	}
	if err := writeJSON(f.spec(), spec); err != nil {
		return nil, err
	}
	ready, err := launch(ctx, f, m, st, doors)
	if err != nil {
		return nil, err
	}
	st, err = f.readState()
	if err != nil {
		return nil, err
	}
	timing := Timing{Ready: make([]time.Duration, len(clusters))}
	for i, c := range clusters {
		timing.Ready[i] = ready[c.Name()].Sub(began)
	}
	return &Lab{State: st, Timing: timing, f: f}, nil
}

// openDoors listens on a free port of the host's loopback for each cluster.
func openDoors(clusters []topology.Cluster) ([]*net.TCPListener, error) {
	var doors []*net.TCPListener
	for _, c := range clusters {
		l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			closeAll(doors)
			return nil, fmt.Errorf("open a port on 127.0.0.1 for the API server of cluster %q (the lab needs one free port for each cluster): %w", c.Name(), err)
		}
		doors = append(doors, l)
	}
	return doors, nil
}

func closeAll(doors []*net.TCPListener) {
	for _, d := range doors {
		_ = d.Close()
	}
}

// layout writes every node's credentials and images, in parallel, and says
// what the supervisor shall run.
func layout(f folders, m materials, clusters []topology.Cluster, doors []*net.TCPListener, st *State) (supervisor.Spec, error) {
	spec := supervisor.Spec{
		NodeCommand: append([]string{m.executable}, NodeArgs()...),
		Store:       m.store.Dir(), Names: m.store.Names(), Control: f.control(), Balancing: m.options.Balancing,
		Nodes: make([]node.Spec, len(clusters)),
	}
	st.Clusters = make([]Cluster, len(clusters))
	var group errgroup.Group
	for i, c := range clusters {
		n := node.Spec{
			Cluster: c, Dir: f.node(c.Name()), Bin: m.parts.BinDir(), CNI: m.parts.CNIDir(),
			Pause: m.store.Names().Pause, Mirror: supervisor.Mirror(), Cgroup: f.cgroupPath() + "/" + c.Name(),
			Audit: m.options.Audit, Neighbours: c.Neighbours(clusters),
		}
		spec.Nodes[i] = n
		st.Clusters[i] = Cluster{Name: c.Name(), Network: c.Network(), Primary: m.options.Primaries[c.Name()], Kubeconfig: f.kubeconfig(c.Name()), Server: c.Server()}
		if n.Audit {
			st.Clusters[i].AuditLog = n.AuditLog()
		}
		group.Go(func() error {
			if err := node.MakeCredentials(n, f.kubeconfig(c.Name()), "https://"+doors[i].Addr().String()); err != nil {
				return fmt.Errorf("make the credentials of cluster %q: %w", c.Name(), err)
			}
			if err := os.MkdirAll(filepath.Dir(n.ContainerdRoot()), 0o755); err != nil {
				return err
			}
			return images.CloneGolden(m.golden, n.ContainerdRoot())
		})
	}
	if err := group.Wait(); err != nil {
		return spec, err
	}
	return spec, mergeKubeconfigs(f, st.Clusters)
}

// launch starts the sandbox and waits until every cluster is ready. It returns when each was.
func launch(ctx context.Context, f folders, m materials, st State, doors []*net.TCPListener) (map[string]time.Time, error) {
	group, err := cgroup.Open(f.cgroupPath())
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(f.log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	events, inside, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer events.Close()
	files := []*os.File{inside}
	for _, d := range doors {
		file, err := d.File()
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	cmd, err := sandbox.Start(ctx, sandbox.Spec{
		Init: append([]string{m.executable}, InitArgs(f.spec())...), Files: files, Output: log, Group: group,
		Note: func(id sandbox.Identity) error { st.Process = id; return f.writeState(st) },
	})
	for _, file := range files {
		_ = file.Close()
	}
	if err != nil {
		return nil, err
	}
	// Waited for as long as this process lives, so that a lab that ends is not left as a zombie.
	go func() { _ = cmd.Wait() }()
	return awaitReady(ctx, cmd, events, st, f.log(), m.options.Progress)
}

func writeJSON(file string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o600)
}

// command is the package of the eastwest binary, whatever its file is called.
const command = "github.com/eastwest-mesh/eastwest/cmd/eastwest"

// executable returns an eastwest binary.
func executable(ctx context.Context, o Options) (string, error) {
	if o.Executable != "" {
		return o.Executable, nil
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Path == command {
		return os.Executable()
	}
	out := o.Cache + "/bin/eastwest"
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", out, command)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the eastwest binary that runs inside the lab: %w\n%s", err, text)
	}
	return out, nil
}
