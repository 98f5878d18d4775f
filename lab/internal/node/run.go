package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/eastwest-mesh/eastwest/lab/internal/network"
	"github.com/eastwest-mesh/eastwest/lab/internal/sandbox"
)

// Run is the life of a node: it returns when the context ends or a program
// dies. It must run in network and mount namespaces of its own, with the
// node's link there. Stages are reported as they are reached.
func Run(ctx context.Context, s Spec, report func(Stage)) error {
	if err := privateFolders(s.Dir); err != nil {
		return err
	}
	if err := s.usualFolders(); err != nil {
		return err
	}
	if err := network.ConfigureNode(s.Cluster, s.Neighbours); err != nil {
		return err
	}
	if err := s.writeConfig(); err != nil {
		return fmt.Errorf("configure cluster %q: %w", s.Cluster.Name(), err)
	}
	group, ctx := errgroup.WithContext(ctx)
	r := &runner{spec: s, group: group, ctx: ctx}
	group.Go(func() error { return r.bringUp(report) })
	return group.Wait()
}

// privateFolders gives the node a /run of its own, and keeps from the host
// what parts write under fixed names.
func privateFolders(keep string) error {
	if err := sandbox.Tmpfs("/run"); err != nil {
		return err
	}
	return sandbox.Scratch(keep, "/etc", "/opt", "/usr", "/var")
}

// usualFolders shows the node's CNI folders where every other cluster has them, so that
// who adds a plugin, as Istio CNI does, finds them.
func (s Spec) usualFolders() error {
	return errors.Join(sandbox.Bind(s.cniConf(), "/etc/cni/net.d"), sandbox.Bind(s.cniBin(), "/opt/cni/bin"))
}

// bringUp starts the programs, each as soon as what it needs is there: one that
// starts earlier looks, finds nothing, and looks again a second later.
func (r *runner) bringUp(report func(Stage)) error {
	s := r.spec
	if err := r.startAll(s.etcd(), s.containerd()); err != nil {
		return err
	}
	if err := awaitListener(r.ctx, "tcp", etcdAddress); err != nil {
		return fmt.Errorf("await etcd of cluster %q: %w", s.Cluster.Name(), err)
	}
	if err := r.startAll(s.apiserver()); err != nil {
		return err
	}
	if err := awaitListener(r.ctx, "unix", containerdSocket); err != nil {
		return fmt.Errorf("await containerd of cluster %q: %w", s.Cluster.Name(), err)
	}
	report(StageContainerd)
	client, err := s.client()
	if err != nil {
		return err
	}
	// What a kubelet may do is decided by the authorizer for nodes, which needs no roles.
	if err := awaitAPI(r.ctx, client, "/livez/ping"); err != nil {
		return fmt.Errorf("await the API server of cluster %q: %w", s.Cluster.Name(), err)
	}
	if err := r.startAll(s.kubelet()); err != nil {
		return err
	}
	if err := awaitAPI(r.ctx, client, "/readyz"); err != nil {
		return fmt.Errorf("await the API server of cluster %q: %w", s.Cluster.Name(), err)
	}
	report(StageAPI)
	if err := r.startAll(s.controllerManager(), s.scheduler(), s.proxy(), s.dns()); err != nil {
		return err
	}
	if err := s.publishDNS(r.ctx, client); err != nil {
		return fmt.Errorf("give cluster %q its DNS: %w", s.Cluster.Name(), err)
	}
	if err := awaitReady(r.ctx, client, s.Cluster.NodeName()); err != nil {
		return fmt.Errorf("await node %q: %w", s.Cluster.NodeName(), err)
	}
	report(StageReady)
	return nil
}

func (r *runner) startAll(programs ...program) error {
	for _, p := range programs {
		if err := r.start(p); err != nil {
			return err
		}
	}
	return nil
}

// bound is how long each of a node's waits may take on a busy machine.
const bound = 2 * time.Minute
