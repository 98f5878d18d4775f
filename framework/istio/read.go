package istio

import (
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// Options say what is read beside the mesh itself.
type Options struct {
	// Namespace is that of HelloWorld and Sleep; nothing is read of them when it is empty.
	Namespace string
	// Asked is what somebody wants the mesh to be.
	Asked Asked
	// Eastwest is the version of the program.
	Eastwest string
	// Bounds of each request and command; the zero value means kube.ReadingBounds.
	Bounds kube.Bounds

	// parts are read alone; none means all but PartDenied.
	parts Part
	// execer, in tests, stands for the pods of a cluster.
	execer func(*fleet.Cluster) Execer
}

// Execer runs commands in containers; *kube.Client is one.
type Execer interface {
	Exec(ctx context.Context, target kube.Target, opts kube.ExecOptions) (kube.ExecResult, error)
}

// atOnce is how many requests are made to one cluster at a time.
const atOnce = 8

// Take reads all clusters in parallel. It changes nothing and never fails: what could not
// be read is a Section that says why.
//
// The calls and what belongs to them (Caller.Lookups, Calls and Needed, Endpoint.During)
// are left empty: framework/diagnose makes calls and fills them in.
func Take(ctx context.Context, clusters []*fleet.Cluster, opts Options) *Snapshot {
	if opts.Bounds == (kube.Bounds{}) {
		opts.Bounds = kube.ReadingBounds()
	}
	s := &Snapshot{
		APIVersion: APIVersion, Kind: Kind, Eastwest: opts.Eastwest,
		Namespace: opts.Namespace, Asked: opts.Asked, Clusters: make([]Cluster, len(clusters)),
	}
	known := peersOf(clusters)
	var group sync.WaitGroup
	for i, cluster := range clusters {
		group.Go(func() { s.Clusters[i] = take(ctx, cluster, known, opts) })
	}
	group.Wait()
	s.Count(clusters)
	s.Taken = time.Now().UTC()
	return s
}

// Count notes what the API servers were asked until now, in the order of Clusters. Whoever
// adds to a snapshot, as framework/diagnose does, counts again.
func (s *Snapshot) Count(clusters []*fleet.Cluster) {
	for i, cluster := range clusters {
		if cluster.Client != nil {
			s.Clusters[i].Traffic = cluster.Client.Traffic()
		}
	}
}

// reader reads one cluster. Every section is written by one goroutine only.
type reader struct {
	client *kube.Client
	exec   *patience
	opts   Options
	peers  []peer
	slots  *semaphore.Weighted
	out    *Cluster
}

func take(ctx context.Context, cluster *fleet.Cluster, peers []peer, opts Options) Cluster {
	out := Cluster{
		Name: cluster.Name, Network: cluster.Network, Server: cluster.RemoteServer, Revision: cluster.Revision,
		Version: cluster.Version, Kubeconfig: cluster.Kubeconfig, Context: cluster.Context,
	}
	if cluster.Unreachable != nil || cluster.Client == nil {
		out.Identity = NotRead[Identity](unreachable(cluster))
		return out
	}
	r := &reader{client: cluster.Client, opts: opts, peers: peers, slots: newSlots(), out: &out}
	r.exec = &patience{from: cluster.Client, bound: opts.Bounds.Exec, slots: r.slots}
	if opts.execer != nil {
		r.exec.from = opts.execer(cluster)
	}
	r.read(ctx)
	out.Unanswered = r.exec.gaveUp()
	return out
}

func newSlots() *semaphore.Weighted { return semaphore.NewWeighted(atOnce) }

// unreachable is why a cluster could not be asked who it is when the fleet was connected.
func unreachable(cluster *fleet.Cluster) Unknown {
	err := cluster.Unreachable
	if err == nil {
		err = notAsked("it was not connected")
	}
	return unknown("the API server", &requestError{right: "get namespace " + metav1.NamespaceSystem, cause: err})
}

// read reads what stands by itself, and then what the first has shown to be there.
func (r *reader) read(ctx context.Context) {
	identity, err := r.identity(ctx)
	r.out.Identity = sectionOf("the API server", identity, err)
	if err != nil {
		return // of nothing else would more be learnt than of this
	}
	if r.opts.parts != 0 {
		r.readParts(ctx)
		return
	}
	together(ctx, r.system, r.controlPlanes, r.webhooks, r.roots, r.caRoots, r.gateways, r.remoteSecrets, r.objects, r.workloads, r.upgrade)
	r.proxies(ctx) // it completes the pods, which all that follows looks at
	together(ctx, r.servers, r.networkPolicies, r.rejections, r.caller)
}

// together runs all at the same time and waits for them.
func together(ctx context.Context, all ...func(context.Context)) {
	var group sync.WaitGroup
	for _, one := range all {
		group.Go(func() { one(ctx) })
	}
	group.Wait()
}

// ask makes one request of the API server as soon as there is a slot for it. right is what
// the user must be allowed to.
func ask[T any](ctx context.Context, r *reader, right string, request func(context.Context) (T, error)) (T, error) {
	var none T
	if err := r.slots.Acquire(ctx, 1); err != nil {
		return none, &requestError{right: right, cause: err}
	}
	defer r.slots.Release(1)
	ctx, cancel := context.WithTimeout(ctx, r.opts.Bounds.Request)
	defer cancel()
	value, err := request(ctx)
	if err != nil {
		return none, &requestError{right: right, cause: err}
	}
	return value, nil
}

// namespaces are those of which something is read where not all may be.
func (r *reader) namespaces() []string {
	if r.opts.Namespace == "" || r.opts.Namespace == names.System {
		return []string{names.System}
	}
	return []string{names.System, r.opts.Namespace}
}

// meshNamespaces are these and those of the gateways.
func (r *reader) meshNamespaces() []string {
	all := r.namespaces()
	gateways, _ := r.out.Gateways.Get()
	for _, service := range gateways.Services {
		all = append(all, service.Namespace)
	}
	for _, pod := range gateways.Pods {
		all = append(all, pod.Namespace)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// eachOf calls do for so many indices at the same time and waits for all.
func eachOf(ctx context.Context, count int, do func(ctx context.Context, i int)) {
	var group sync.WaitGroup
	for i := range count {
		group.Go(func() { do(ctx, i) })
	}
	group.Wait()
}
