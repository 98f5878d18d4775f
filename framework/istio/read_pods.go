package istio

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	podresource "k8s.io/component-helpers/resource"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/istio/releases"
)

// everyPod reads all pods of the cluster, for the proxies that they have and the room that
// they take on their nodes.
func (r *reader) everyPod(ctx context.Context) {
	census := newCensus()
	err := list(ctx, r, "pods", metav1.NamespaceAll, "", r.listPods, func(page *corev1.PodList) {
		for i := range page.Items {
			census.count(&page.Items[i])
		}
	})
	r.out.Proxies = sectionOf("the proxies of all namespaces", census.proxySets(), err)
	r.out.ControlPlanes = sectionOf("how control planes are set up", census.controlPlanes, err)
	var rooms []NodeRoom
	if err == nil {
		rooms, err = r.rooms(ctx, census.requested)
	}
	r.out.Rooms = sectionOf("room on the nodes", rooms, err)
}

// census counts pods. Only sums of them are kept: a fleet has thousands.
type census struct {
	proxies   map[proxyKey]*ProxySet
	requested map[string]taken // by the name of the node

	controlPlanes []ControlPlane
	newest        map[string]time.Time // of the istiods of a revision
	flags         map[string]bool      // of istiod, see releases.Flags
}

// proxyKey is what proxies of one set have in common.
type proxyKey struct {
	namespace, name, revision, inject, injectedBy, version string
	gateway, native                                        bool
}

type taken struct {
	Requests
	pods int64
}

func newCensus() *census {
	return &census{proxies: map[proxyKey]*ProxySet{}, requested: map[string]taken{}, flags: releases.Flags(releases.Istiod), newest: map[string]time.Time{}}
}

func (c *census) count(pod *corev1.Pod) {
	if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return
	}
	on, asks := c.requested[pod.Spec.NodeName], requestsOf(pod)
	c.requested[pod.Spec.NodeName] = taken{Requests{on.CPU + asks.CPU, on.Memory + asks.Memory}, on.pods + 1}
	if pod.Namespace == names.System && pod.Labels[istiodLabel] == names.Istiod && pod.DeletionTimestamp == nil {
		c.istiod(pod, asks)
	}
	set, ok := proxyOf(pod)
	if !ok || pod.DeletionTimestamp != nil {
		return
	}
	key := proxyKey{
		namespace: set.Namespace, name: set.Name, revision: set.Labels[names.Revision], inject: set.Labels[names.Inject],
		injectedBy: set.InjectedBy, version: set.Version, gateway: set.Gateway, native: set.Native,
	}
	if c.proxies[key] == nil {
		c.proxies[key] = &set
	}
	c.proxies[key].Pods++
}

// istiodLabel is what names.IstiodSelector selects by.
const istiodLabel = "app"

// istiod counts a pod of a control plane. All of a revision are set up alike, but while a
// change is rolled out: then the newest tells what the others will be.
func (c *census) istiod(pod *corev1.Pod, asks Requests) {
	revision := cmp.Or(pod.Labels[names.Revision], names.DefaultRevision)
	at := slices.IndexFunc(c.controlPlanes, func(p ControlPlane) bool { return p.Revision == revision })
	if at < 0 {
		c.controlPlanes = append(c.controlPlanes, ControlPlane{Revision: revision})
		at = len(c.controlPlanes) - 1
	}
	plane := &c.controlPlanes[at]
	if created := pod.CreationTimestamp.Time; plane.Pods == 0 || created.After(c.newest[revision]) {
		plane.CASecret, plane.Requests, plane.Flags = caSecretOf(pod), asks, c.flagsOf(pod)
		c.newest[revision] = created
	}
	plane.Pods++
}

// caSecretOf is the Secret of the volume in which istiod looks for a CA
// (manifests/charts/istio-control/istio-discovery/templates/deployment.yaml).
func caSecretOf(pod *corev1.Pod) string {
	for _, volume := range pod.Spec.Volumes {
		if volume.Name == names.CASecret && volume.Secret != nil {
			return volume.Secret.SecretName
		}
	}
	return ""
}

func (c *census) flagsOf(pod *corev1.Pod) map[string]string {
	at := slices.IndexFunc(pod.Spec.Containers, func(c corev1.Container) bool { return c.Name == names.IstiodContainer })
	if at < 0 {
		return nil
	}
	flags := map[string]string{}
	for _, variable := range pod.Spec.Containers[at].Env {
		if variable.ValueFrom == nil && c.flags[variable.Name] {
			flags[variable.Name] = variable.Value
		}
	}
	return flags
}

// proxySets are in the order of their names.
func (c *census) proxySets() []ProxySet {
	all := make([]ProxySet, 0, len(c.proxies))
	for _, set := range c.proxies {
		all = append(all, *set)
	}
	slices.SortFunc(all, func(a, b ProxySet) int {
		return cmp.Or(strings.Compare(a.String(), b.String()), strings.Compare(a.InjectedBy, b.InjectedBy), strings.Compare(a.Version, b.Version),
			strings.Compare(a.Labels[names.Revision], b.Labels[names.Revision]), strings.Compare(a.Labels[names.Inject], b.Labels[names.Inject]))
	})
	return all
}

// proxyOf is what a pod says of its proxy; ok is false where it has none.
func proxyOf(pod *corev1.Pod) (set ProxySet, ok bool) {
	isProxy := func(c corev1.Container) bool { return c.Name == names.Proxy }
	containers := slices.Concat(pod.Spec.Containers, pod.Spec.InitContainers)
	at := slices.IndexFunc(containers, isProxy)
	if at < 0 {
		return ProxySet{}, false
	}
	return ProxySet{
		Namespace: pod.Namespace, Name: ownerOf(pod), Labels: chooses(pod.Labels),
		InjectedBy: InjectedBy(pod.Annotations[names.SidecarStatus]), Version: istiodVersion(containers[at].Image),
		Gateway: slices.Contains(containers[at].Args, names.Router), Native: at >= len(pod.Spec.Containers),
	}, true
}

// chooses are the labels by which a pod chooses its injector.
func chooses(labels map[string]string) map[string]string {
	kept := maps.Clone(labels)
	maps.DeleteFunc(kept, func(key, _ string) bool { return key != names.Revision && key != names.Inject })
	if len(kept) == 0 {
		return nil
	}
	return kept
}

// ownerOf is the name of what a pod is one of; of a ReplicaSet that of the Deployment.
func ownerOf(pod *corev1.Pod) string {
	owner := metav1.GetControllerOf(pod)
	switch {
	case owner == nil:
		return pod.Name
	case owner.Kind == "ReplicaSet":
		return strings.TrimSuffix(owner.Name, "-"+pod.Labels["pod-template-hash"])
	}
	return owner.Name
}

// requestsOf is what the scheduler counts for a pod.
func requestsOf(pod *corev1.Pod) Requests {
	list := podresource.PodRequests(pod, podresource.PodResourcesOptions{})
	return Requests{CPU: list.Cpu().MilliValue(), Memory: list.Memory().Value()}
}

// rooms is what is left of every node that takes pods.
func (r *reader) rooms(ctx context.Context, requested map[string]taken) ([]NodeRoom, error) {
	var rooms []NodeRoom
	err := list(ctx, r, "nodes", metav1.NamespaceAll, "", func(ctx context.Context, _ string, opts metav1.ListOptions) (*corev1.NodeList, error) {
		return r.client.Kubernetes.CoreV1().Nodes().List(ctx, opts)
	}, func(page *corev1.NodeList) {
		for i := range page.Items {
			if node := &page.Items[i]; takesPods(node) {
				rooms = append(rooms, roomOf(node, requested[node.Name]))
			}
		}
	})
	return rooms, err
}

func takesPods(node *corev1.Node) bool {
	return !node.Spec.Unschedulable && slices.ContainsFunc(node.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
}

func roomOf(node *corev1.Node, by taken) NodeRoom {
	has := node.Status.Allocatable
	return NodeRoom{
		Name: node.Name, CPU: has.Cpu().MilliValue() - by.CPU, Memory: has.Memory().Value() - by.Memory, Pods: has.Pods().Value() - by.pods,
		Tainted: slices.ContainsFunc(node.Spec.Taints, func(t corev1.Taint) bool { return t.Effect != corev1.TaintEffectPreferNoSchedule }),
	}
}
