package main

import (
	"bytes"
	"context"
	_ "embed" // the manifest
	"fmt"
	"text/template"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

//go:embed alpn.yaml
var alpnManifest string

// detectedPorts are the ports of Istio's test applications whose protocol is detected
// and HTTP (auto-http and auto-grpc in pkg/test/framework/components/echo/common/ports),
// each as a Service has it and as a headless one does.
func detectedPorts() []int { return []int{81, 18081, 7071, 17071} }

// alpnFilter is the EnvoyFilter that stands in for istio.alpn.
func alpnFilter() (*unstructured.Unstructured, error) {
	t, err := template.New("alpn.yaml").Parse(alpnManifest)
	if err != nil {
		return nil, err
	}
	var manifest bytes.Buffer
	if err := t.Execute(&manifest, detectedPorts()); err != nil {
		return nil, err
	}
	objects, err := kube.Decode(manifest.Bytes())
	if err != nil {
		return nil, err
	}
	return objects[0], nil
}

// keepFilter sees to it that a cluster has the filter whenever it has the namespace for
// it, until ctx ends: every suite installs Istio anew.
func keepFilter(ctx context.Context, client *kube.Client, filter *unstructured.Unstructured, say func(string, ...any)) error {
	var applying errgroup.Group
	factory := informers.NewSharedInformerFactoryWithOptions(client.Kubernetes, 0, informers.WithTweakListOptions(func(o *metav1.ListOptions) {
		o.FieldSelector = "metadata.name=" + filter.GetNamespace()
	}))
	stop := func() {}
	_, err := factory.Core().V1().Namespaces().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) {
			life, cancel := context.WithCancel(ctx)
			stop = cancel
			applying.Go(func() error {
				defer cancel()
				if err := apply(life, client, filter); err != nil && life.Err() == nil {
					say("%s has no EnvoyFilter %s: %v", client.Name, filter.GetName(), err)
				}
				return nil
			})
		},
		DeleteFunc: func(any) { stop() },
	})
	if err != nil {
		return fmt.Errorf("watch the namespaces of %s: %w", client.Name, err)
	}
	factory.StartWithContext(ctx)
	<-ctx.Done()
	factory.Shutdown() // no handler runs after it
	return applying.Wait()
}

// installBound is how long Istio's definitions and its webhook may take to be there after
// the namespace: both are installed within seconds.
const installBound = 5 * time.Minute

// apply makes the object as soon as the cluster takes one of its kind.
func apply(ctx context.Context, client *kube.Client, obj *unstructured.Unstructured) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, 250*time.Millisecond, installBound, true, func(ctx context.Context) (bool, error) {
		last = applyOnce(ctx, client, obj)
		return last == nil, nil
	})
	if err != nil && last != nil {
		return last
	}
	return err
}

func applyOnce(ctx context.Context, client *kube.Client, obj *unstructured.Unstructured) error {
	kind := obj.GroupVersionKind()
	mapping, err := client.Mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		client.Mapper.Reset()
		return err
	}
	_, err = client.Dynamic.Resource(mapping.Resource).Namespace(obj.GetNamespace()).
		Apply(ctx, obj.GetName(), obj, metav1.ApplyOptions{FieldManager: kube.FieldManager, Force: true})
	return err
}
