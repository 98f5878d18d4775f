package kind

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/kind/pkg/cluster"
	"sigs.k8s.io/kind/pkg/cluster/nodes"
	kindexec "sigs.k8s.io/kind/pkg/exec"

	"github.com/eastwest-mesh/eastwest/kind/internal/engine"
)

// apiPort is where the API server listens on the node's address; kind's
// common.APIServerInternalPort.
const apiPort = 6443

// Cluster is one cluster of a group, as its users need it.
type Cluster struct {
	Plan
	// Kubeconfig is a file of its own, whose server is a port on the engine's host.
	Kubeconfig string
	// Server is the API server's URL as pods of the other clusters reach it.
	Server string
	// Ready is how long it took until the node was Ready.
	Ready time.Duration

	node nodes.Node
}

// Group is the clusters of one run. Their load balancers are served for as long
// as it is neither closed nor removed.
type Group struct {
	ID       string
	Clusters []Cluster
	// Engine is what runs the nodes.
	Engine engine.Info

	options   Options
	memory    memory
	record    record
	balancers balancers
}

// Ledgers is a folder for what runs on these clusters write down; it goes with
// the clusters.
func (g *Group) Ledgers() string { return g.memory.ledgers() }

// Up makes the clusters in parallel and returns when all are ready. When it
// fails or the context ends, nothing of them is left. What the machine lacks is
// returned as *parts.Unmet before anything is made.
func Up(ctx context.Context, o Options) (*Group, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	info, err := engine.Check(ctx, engine.Want{Nodes: o.Clusters})
	if err != nil {
		return nil, err
	}
	had, err := engine.HasNetwork(ctx, engine.Network())
	if err != nil {
		return nil, err
	}
	m, r, err := remember(o.Cache, record{Started: time.Now(), Clusters: o.Clusters, MadeNetwork: !had})
	if err != nil {
		return nil, err
	}
	g := &Group{ID: r.ID, Engine: info, options: o, memory: m, record: r}
	if err := g.make(ctx); err != nil {
		clean, cancel := removal(ctx)
		defer cancel()
		return nil, errors.Join(err, g.exportAfter(ctx), g.Remove(clean))
	}
	return g, nil
}

// exportAfter saves the logs of clusters that could not be made, unless they
// were not wanted any more.
func (g *Group) exportAfter(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	default:
	}
	if g.options.Logs == "" {
		return nil
	}
	return g.ExportLogs(g.options.Logs)
}

// make creates every cluster, then starts their load balancers.
func (g *Group) make(ctx context.Context) error {
	plans := Plans(g.ID, g.options.Clusters)
	g.Clusters = make([]Cluster, len(plans))
	errs := make([]error, len(plans))
	var group sync.WaitGroup
	for i, p := range plans {
		group.Go(func() {
			if g.Clusters[i], errs[i] = g.create(ctx, p); errs[i] != nil {
				errs[i] = fmt.Errorf("make kind cluster %q: %w", p.Name(), errs[i])
			}
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return g.serve(ctx)
}

// create makes one cluster and waits until it can be used.
func (g *Group) create(ctx context.Context, p Plan) (Cluster, error) {
	c := Cluster{Plan: p, Kubeconfig: g.memory.kubeconfig(p.Name())}
	say := logger{to: g.options.Progress, cluster: p.Name(), began: time.Now()}
	provider := cluster.NewProvider(cluster.ProviderWithDocker(), cluster.ProviderWithLogger(say))
	if err := interruptible(ctx, provider, c, g.options.Nodes); err != nil {
		return c, c.withKubelet(ctx, err)
	}
	if err := c.locate(provider); err != nil {
		return c, err
	}
	if err := c.separate(ctx, Plans(g.ID, g.options.Clusters)); err != nil {
		return c, err
	}
	if err := c.useMirror(ctx, g.options.Nodes.Mirror); err != nil {
		return c, err
	}
	loaded := make(chan error, 1)
	go func() { loaded <- c.load(g.options.Load) }()
	ready := c.awaitReady(ctx)
	if ready == nil {
		c.Ready = time.Since(say.began)
		say.line("node Ready")
	}
	if err := errors.Join(ready, <-loaded); err != nil {
		return c, err
	}
	if g.options.Load != nil {
		say.line("images loaded")
	}
	return c, nil
}

// interruptible is kind's Create, which knows no context, ended by one: without
// its container whatever it does next fails.
func interruptible(ctx context.Context, provider *cluster.Provider, c Cluster, nodes Nodes) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	made := make(chan error, 1)
	go func() {
		made <- provider.Create(c.KindName(),
			cluster.CreateWithV1Alpha4Config(c.config(nodes)),
			cluster.CreateWithKubeconfigPath(c.Kubeconfig),
			cluster.CreateWithRetain(true), // so that logs can be exported; Remove deletes it
			// We wait for the node ourselves: kind asks in a loop without a pause,
			// and a node that does not come is no error to it.
			cluster.CreateWithWaitForReady(0),
			cluster.CreateWithDisplayUsage(false), cluster.CreateWithDisplaySalutation(false))
	}()
	for {
		select {
		case err := <-made:
			return explain(err)
		case <-ctx.Done():
		}
		_ = provider.Delete(c.KindName(), c.Kubeconfig) // Remove deletes it again, and tells
		select {
		case err := <-made: // that its container is gone is no news
			_ = err
			return context.Cause(ctx)
		case <-time.After(deleteAgain):
		}
	}
}

// deleteAgain is how often an interrupted creation loses its container, until
// kind has noticed.
const deleteAgain = time.Second

// outputLines is how much of a failed command's output an error carries.
const outputLines = 12

// explain adds what the failed command said: kind's errors leave it out.
func explain(err error) error {
	if err == nil {
		return nil
	}
	failed := kindexec.RunErrorForError(err)
	if failed == nil {
		return err
	}
	return engine.Explain(fmt.Errorf("%w: %s", err, strings.Join(lastWords(string(failed.Output)), "\n")))
}

// lastWords are the last lines of a command's output that say what is wrong. Not
// so kubeadm's log of each of its requests, and the calls that led to an error,
// which it lists after it, each function with its file on the next line. And none
// that could hold a join token.
func lastWords(output string) []string {
	var said []string
	for line := range strings.Lines(output) {
		text := strings.TrimSpace(line)
		if calledAt.MatchString(line) {
			said = said[:max(0, len(said)-1)]
		} else if text != "" && !informs.MatchString(line) {
			said = append(said, text)
		}
	}
	said = slices.DeleteFunc(said, func(line string) bool { return strings.Contains(line, "token") })
	return said[max(0, len(said)-outputLines):]
}

var (
	// calledAt is a file and line of Go as a trace of calls has it.
	calledAt = regexp.MustCompile(`^\t\S+\.(go|s):\d+\s*$`)
	// informs is how klog begins a line that is no warning.
	informs = regexp.MustCompile(`^I\d{4} \d\d:`)
)

// locate finds the node and its address.
func (c *Cluster) locate(provider *cluster.Provider) error {
	all, err := provider.ListInternalNodes(c.KindName())
	if err != nil {
		return explain(err)
	}
	if len(all) != 1 {
		return fmt.Errorf("want one node, found %d", len(all))
	}
	c.node = all[0]
	address, err := c.address()
	if err != nil {
		return err
	}
	c.Server = fmt.Sprintf("https://%s:%d", address, apiPort)
	return nil
}

// address is the node's own, on the engine's network.
func (c *Cluster) address() (netip.Addr, error) {
	four, _, err := c.node.IP()
	if err != nil {
		return netip.Addr{}, fmt.Errorf("find the address of node %s: %w", c.node, explain(err))
	}
	address, err := netip.ParseAddr(four)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("find the address of node %s: %w", c.node, err)
	}
	return address, nil
}

// load gives the node its images.
func (c *Cluster) load(archive Archive) (err error) {
	if archive == nil {
		return nil
	}
	images := archive()
	defer func() { err = errors.Join(err, closed(images)) }()
	// As nodeutils.LoadImageArchive does, but without containerd's transfer
	// service, which takes twice the processor time for the same. What unpacks
	// is left to the node: which snapshotter it has depends on the host.
	cmd := c.node.Command("ctr", "--namespace=k8s.io", "images", "import", "--local",
		"--all-platforms", "--digests", "--no-unpack", "-")
	if err := cmd.SetStdin(images).Run(); err != nil {
		return fmt.Errorf("load images into node %s: %w", c.node, explain(err))
	}
	return nil
}

func closed(c io.Closer) error { return c.Close() }

func (c *Cluster) client() (kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("read the kubeconfig of kind cluster %q: %w", c.Name(), err)
	}
	return kubernetes.NewForConfig(config)
}

// ExportLogs writes the logs of every node that exists to dir, a folder for
// each cluster, as "kind export logs" does.
func (g *Group) ExportLogs(dir string) error {
	provider := cluster.NewProvider(cluster.ProviderWithDocker())
	var errs []error
	for _, p := range Plans(g.ID, g.options.Clusters) {
		if err := provider.CollectLogs(p.KindName(), filepath.Join(dir, p.Name())); err != nil {
			errs = append(errs, fmt.Errorf("export the logs of kind cluster %q: %w", p.Name(), explain(err)))
		}
	}
	return errors.Join(errs...)
}
