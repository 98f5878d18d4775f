package supervisor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/eastwest-mesh/eastwest/internal/kernel"
	"github.com/eastwest-mesh/eastwest/lab/internal/network"
	"github.com/eastwest-mesh/eastwest/lab/internal/node"
	"github.com/eastwest-mesh/eastwest/lab/internal/topology"
	"github.com/eastwest-mesh/eastwest/lab/loadbalancer"
)

// runNode runs one node in network and mount namespaces of its own, and its
// cluster's load balancers.
func (s *supervisor) runNode(ctx context.Context, i int) error {
	spec := s.spec.Nodes[i]
	cmd := exec.CommandContext(ctx, s.spec.NodeCommand[0], s.spec.NodeCommand[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	kernel.Separate(cmd.SysProcAttr, kernel.Namespaces{Network: true, Mount: true})
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = nodeGrace
	// The last words are kept for the message, the rest is in the lab's log.
	var words bytes.Buffer
	cmd.Stderr = io.MultiWriter(os.Stderr, &words)
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start node %q: %w", spec.Cluster.NodeName(), err)
	}
	group, inner := errgroup.WithContext(ctx)
	group.Go(func() error { return s.follow(inner, group, i, cmd.Process.Pid, out) })
	if err := s.hand(spec, cmd.Process.Pid, in); err != nil {
		_ = cmd.Process.Kill()
		return errors.Join(err, group.Wait(), cmd.Wait())
	}
	err = group.Wait()
	if werr := cmd.Wait(); werr != nil && ctx.Err() == nil {
		// Why the node ended says more than that it did.
		return fmt.Errorf("node %q: %w: %s", spec.Cluster.NodeName(), werr, bytes.TrimSpace(words.Bytes()))
	}
	return err
}

// nodeGrace is how long a node may take to stop its programs, one of which
// may itself take a few seconds.
const nodeGrace = 10 * time.Second

// hand gives the waiting node its link, then its spec, which is its sign to begin.
func (s *supervisor) hand(spec node.Spec, pid int, in io.WriteCloser) error {
	defer in.Close()
	if err := s.internet.Attach(spec.Cluster, pid); err != nil {
		return err
	}
	if err := json.NewEncoder(in).Encode(spec); err != nil {
		return fmt.Errorf("tell node %q what it is: %w", spec.Cluster.NodeName(), err)
	}
	return nil
}

// follow passes a node's events on until the node ends. Load balancers start
// with the API server.
func (s *supervisor) follow(ctx context.Context, group *errgroup.Group, i, pid int, out io.Reader) error {
	dec := json.NewDecoder(out)
	for {
		var ev node.Event
		if err := dec.Decode(&ev); err != nil {
			return fmt.Errorf("node %q ended", s.spec.Nodes[i].Cluster.NodeName())
		}
		if ev.Stage == node.StageAPI {
			if err := s.balance(ctx, group, i, pid); err != nil {
				return err
			}
		}
		s.events.send(ev)
	}
}

func (s *supervisor) balance(ctx context.Context, group *errgroup.Group, i, pid int) error {
	spec := s.spec.Nodes[i]
	cfg, err := clientcmd.BuildConfigFromFlags("", spec.AdminKubeconfig())
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return err
	}
	addresses, err := network.NodeAddresses(pid)
	if err != nil {
		return err
	}
	b := loadbalancer.New(loadbalancer.Options{
		Cluster: spec.Cluster.Name(), Client: client, Pool: spec.Cluster.LoadBalancers(), Holder: addresses,
		Front:   newFront(ctx, group, s.internet, s.zone, spec.Cluster.Node()),
		FarPool: spec.Cluster.FarLoadBalancers(), Domain: topology.BalancerZone,
	})
	if err := s.introduce(i, b); err != nil {
		return err
	}
	group.Go(func() error {
		defer addresses.Close()
		return b.Run(ctx)
	})
	return nil
}
