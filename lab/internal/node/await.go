package node

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	watchtools "k8s.io/client-go/tools/watch"
)

func (s Spec) client() (kubernetes.Interface, error) {
	cfg, err := clientcmd.BuildConfigFromFlags("", s.kubeconfig("admin"))
	if err != nil {
		return nil, err
	}
	return kubernetes.NewForConfig(cfg)
}

// poll asks again and again, because a program that starts cannot be watched.
func poll(ctx context.Context, check func(context.Context) error) error {
	const interval = 50 * time.Millisecond
	var last error
	err := wait.PollUntilContextTimeout(ctx, interval, bound, true, func(ctx context.Context) (bool, error) {
		last = check(ctx)
		return last == nil, nil
	})
	if err != nil && last != nil {
		return fmt.Errorf("not within %s; last: %w", bound, last)
	}
	return err
}

func awaitListener(ctx context.Context, network, address string) error {
	return poll(ctx, func(ctx context.Context) error {
		var d net.Dialer
		c, err := d.DialContext(ctx, network, address)
		if err != nil {
			return err
		}
		return c.Close()
	})
}

// awaitAPI waits until the API server is well at a path. /readyz is also when
// the bootstrap roles are there: a component that needs them and starts earlier
// is refused and backs off for seconds.
func awaitAPI(ctx context.Context, client kubernetes.Interface, path string) error {
	return poll(ctx, func(ctx context.Context) error {
		return client.Discovery().RESTClient().Get().AbsPath(path).Do(ctx).Error()
	})
}

// awaitReady waits until the node is Ready and the service account that every
// pod needs exists.
func awaitReady(ctx context.Context, client kubernetes.Interface, node string) error {
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	nodes := client.CoreV1().Nodes()
	lw := named(node, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) { return nodes.List(ctx, o) }, nodes.Watch)
	amiss := "there is no such node"
	_, err := watchtools.UntilWithSync(ctx, lw, &corev1.Node{}, nil, func(e watch.Event) (bool, error) {
		if n, ok := e.Object.(*corev1.Node); ok && e.Type != watch.Deleted {
			amiss = unschedulable(n)
		}
		return amiss == "", nil
	})
	if err != nil {
		return fmt.Errorf("want condition Ready and no taint; it has %s: %w", amiss, err)
	}
	accounts := client.CoreV1().ServiceAccounts(metav1.NamespaceDefault)
	lw = named("default", func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) { return accounts.List(ctx, o) }, accounts.Watch)
	_, err = watchtools.UntilWithSync(ctx, lw, &corev1.ServiceAccount{}, nil, func(e watch.Event) (bool, error) {
		return e.Type == watch.Added || e.Type == watch.Modified, nil
	})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("want ServiceAccount default/default: %w", err)
	}
	return nil
}

// named looks at one object only.
func named(name string, list cache.ListWithContextFunc, w cache.WatchFuncWithContext) cache.ListerWatcher {
	only := fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			o.FieldSelector = only
			return list(ctx, o)
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			o.FieldSelector = only
			return w(ctx, o)
		},
	}
}

// unschedulable says what keeps pods off a node; empty for nothing.
func unschedulable(n *corev1.Node) string {
	var amiss []string
	ready := false
	for _, c := range n.Status.Conditions {
		holds := c.Status == corev1.ConditionTrue
		isReady := c.Type == corev1.NodeReady
		ready = ready || isReady && holds
		if isReady != holds { // the other conditions are troubles
			amiss = append(amiss, fmt.Sprintf("condition %s %s (%s)", c.Type, c.Status, c.Message))
		}
	}
	for _, t := range n.Spec.Taints {
		amiss = append(amiss, "taint "+t.Key)
	}
	switch {
	case ready && len(n.Spec.Taints) == 0:
		return ""
	case len(amiss) == 0:
		return "no condition Ready yet"
	default:
		return strings.Join(amiss, ", ")
	}
}
