package kube

import (
	"fmt"
	"net/http"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
)

// The client's rate limit, in requests per second. client-go's default of 5
// makes 40 objects of a control plane take 8 s; the server's own fairness
// (API Priority and Fairness) protects it.
const (
	queriesPerSecond = 100
	queryBurst       = 200
)

// Options say which cluster a Client talks to.
type Options struct {
	// Name is the cluster's name in errors, waits and reports.
	Name string
	// Kubeconfig is the path of a kubeconfig file; there is no fallback to
	// the ambient one.
	Kubeconfig string
	// Context is a context inside Kubeconfig; empty means its current context.
	Context string
	// UserAgent is appended to "eastwest" and shows in audit logs: the run or
	// the scenario.
	UserAgent string
	// Recorder hears of every wait; nil means nobody.
	Recorder Recorder
	// Bounds for requests and commands; the zero value means DefaultBounds.
	Bounds Bounds
}

// Client reaches one cluster. It is safe for use by several goroutines.
type Client struct {
	// Name is the cluster's name, for messages.
	Name string
	// REST is the connection's configuration. It holds credentials: never print it.
	REST       *rest.Config
	Kubernetes kubernetes.Interface
	Dynamic    dynamic.Interface
	// Mapper finds the resource of a kind; it forgets what it knew when a
	// kind is missing, so that new CRDs are found.
	Mapper meta.ResettableRESTMapper

	recorder Recorder
	http     *http.Client
	bounds   Bounds
	meter    *meter
	identity atomic.Pointer[Identity]
}

// New makes a client. It reads the kubeconfig but sends nothing to the cluster.
func New(opts Options) (*Client, error) {
	rules := &clientcmd.ClientConfigLoadingRules{ExplicitPath: opts.Kubeconfig}
	overrides := &clientcmd.ConfigOverrides{CurrentContext: opts.Context}
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("cluster %q: read kubeconfig %s, context %q: %w", opts.Name, opts.Kubeconfig, opts.Context, err)
	}
	return NewForConfig(config, opts)
}

// NewForConfig makes a client from a configuration at hand; Options'
// Kubeconfig and Context are not read.
func NewForConfig(config *rest.Config, opts Options) (*Client, error) {
	config = rest.CopyConfig(config)
	config.QPS, config.Burst = queriesPerSecond, queryBurst
	config.UserAgent = userAgent(opts.UserAgent)
	// One warning of a deprecated API a call is noise for the reader of a run.
	config.WarningHandler = rest.NoWarnings{}
	if opts.Bounds == (Bounds{}) {
		opts.Bounds = DefaultBounds()
	}
	counts := newMeter()
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		// A request's bound begins when it is its turn.
		return metered{next: bounded{next: next, bound: opts.Bounds.Request}, meter: counts}
	})
	httpClient, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("cluster %q: make an HTTP client: %w", opts.Name, err)
	}
	client := &Client{Name: opts.Name, REST: config, recorder: opts.Recorder, http: httpClient, bounds: opts.Bounds, meter: counts}
	if err := client.connect(httpClient); err != nil {
		return nil, fmt.Errorf("cluster %q: %w", opts.Name, err)
	}
	return client, nil
}

func (c *Client) connect(httpClient *http.Client) error {
	typed, err := kubernetes.NewForConfigAndClient(c.REST, httpClient)
	if err != nil {
		return err
	}
	untyped, err := dynamic.NewForConfigAndClient(c.REST, httpClient)
	if err != nil {
		return err
	}
	disco, err := discovery.NewDiscoveryClientForConfigAndClient(c.REST, httpClient)
	if err != nil {
		return err
	}
	c.Kubernetes, c.Dynamic = typed, untyped
	c.Mapper = restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(disco))
	return nil
}

func userAgent(suffix string) string {
	if suffix == "" {
		return "eastwest"
	}
	return "eastwest/" + suffix
}
