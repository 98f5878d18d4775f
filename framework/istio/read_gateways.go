package istio

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// gateways reads the ways into the cluster's network as istiod finds them
// (pilot/pkg/serviceregistry/kube/controller/network.go), and what looks like one to people.
func (r *reader) gateways(ctx context.Context) {
	gateways, err := r.readGateways(ctx)
	r.out.Gateways = sectionOf("gateways", gateways, err)
}

func (r *reader) readGateways(ctx context.Context) (Gateways, error) {
	var found Gateways
	err := everywhere(ctx, r, "services", "", []string{names.System}, func(ctx context.Context, namespace string, opts metav1.ListOptions) (*corev1.ServiceList, error) {
		found.OnlySystem = namespace != metav1.NamespaceAll
		return r.client.Kubernetes.CoreV1().Services(namespace).List(ctx, opts)
	}, func(page *corev1.ServiceList) {
		for i := range page.Items {
			if leadsToGateway(&page.Items[i]) {
				found.Services = append(found.Services, gatewayServiceOf(&page.Items[i]))
			}
		}
	})
	if err != nil {
		return Gateways{}, err
	}
	if err := r.gatewayNodes(ctx, found.Services); err != nil {
		return Gateways{}, err
	}
	r.warnings(ctx, found.Services)
	if found.Pods, err = r.gatewayPods(ctx, found.Services); err != nil {
		return Gateways{}, err
	}
	found.Deployed, err = r.deployed(ctx, found)
	return found, err
}

func leadsToGateway(service *corev1.Service) bool {
	return service.Labels[names.Network] != "" || service.Labels[names.GatewayLabel] == names.GatewayValue ||
		service.Spec.Selector[names.GatewayLabel] == names.GatewayValue
}

func gatewayServiceOf(service *corev1.Service) GatewayService {
	out := GatewayService{
		Namespace: service.Namespace, Name: service.Name, Type: string(service.Spec.Type),
		Network: service.Labels[names.Network], Port: names.CrossPort, Ports: portsOf(service),
		Selector: service.Spec.Selector, ExternalIPs: service.Spec.ExternalIPs,
	}
	// What is no number is not heeded, as istiod does.
	if port, err := strconv.ParseUint(service.Labels[names.GatewayPort], 10, 16); err == nil {
		out.Port = uint32(port)
	}
	if service.Spec.Type == corev1.ServiceTypeLoadBalancer {
		for _, ingress := range service.Status.LoadBalancer.Ingress {
			if address := cmp.Or(ingress.IP, ingress.Hostname); address != "" {
				out.Addresses = append(out.Addresses, address)
			}
		}
	}
	if selector, ok := service.Annotations[names.NodeSelector]; ok {
		out.NodeSelector = cmp.Or(selector, "{}")
	}
	return out
}

func portsOf(service *corev1.Service) []ServicePort {
	var ports []ServicePort
	for _, port := range service.Spec.Ports {
		ports = append(ports, ServicePort{Name: port.Name, Port: number(port.Port), NodePort: number(port.NodePort), TargetPort: targetOf(port)})
	}
	return ports
}

// targetOf is the pods' port: the Service's own where it says none, 0 where it is a name.
func targetOf(port corev1.ServicePort) uint32 {
	switch {
	case port.TargetPort.Type == intstr.String:
		return 0
	case port.TargetPort.IntVal == 0:
		return number(port.Port)
	}
	return number(port.TargetPort.IntVal)
}

// number is a port; what Kubernetes does not allow is 0.
func number(port int32) uint32 {
	if port < 0 || port > 65535 {
		return 0
	}
	return uint32(port)
}

// gatewayNodes finds the addresses of Services of type NodePort whose annotation selects nodes.
func (r *reader) gatewayNodes(ctx context.Context, services []GatewayService) error {
	byNodes := func(s GatewayService) bool {
		return s.Type == string(corev1.ServiceTypeNodePort) && s.NodeSelector != ""
	}
	if !slices.ContainsFunc(services, byNodes) {
		return nil
	}
	var nodes []corev1.Node
	err := list(ctx, r, "nodes", metav1.NamespaceAll, "", func(ctx context.Context, _ string, opts metav1.ListOptions) (*corev1.NodeList, error) {
		return r.client.Kubernetes.CoreV1().Nodes().List(ctx, opts)
	}, func(page *corev1.NodeList) { nodes = append(nodes, page.Items...) })
	if err != nil {
		return fmt.Errorf("the nodes whose addresses a gateway has: %w", err)
	}
	for i := range services {
		if byNodes(services[i]) {
			services[i].Nodes = nodeAddresses(nodes, services[i].NodeSelector)
		}
	}
	return nil
}

// nodeAddresses are the first ExternalIP of each selected node. A selector that cannot be
// read selects all nodes (pilot/pkg/serviceregistry/kube/controller/util.go).
func nodeAddresses(nodes []corev1.Node, selector string) []string {
	var wanted map[string]string
	if err := json.Unmarshal([]byte(selector), &wanted); err != nil {
		wanted = nil
	}
	var addresses []string
	for i := range nodes {
		if !subset(wanted, nodes[i].Labels) {
			continue
		}
		at := slices.IndexFunc(nodes[i].Status.Addresses, func(a corev1.NodeAddress) bool {
			return a.Type == corev1.NodeExternalIP && a.Address != ""
		})
		if at >= 0 {
			addresses = append(addresses, nodes[i].Status.Addresses[at].Address)
		}
	}
	return addresses
}

// warnings reads why a Service has no address.
func (r *reader) warnings(ctx context.Context, services []GatewayService) {
	eachOf(ctx, len(services), func(ctx context.Context, i int) {
		service := &services[i]
		if service.Type != string(corev1.ServiceTypeLoadBalancer) || len(service.Addresses) > 0 {
			return
		}
		var events []corev1.Event
		err := list(ctx, r, "events", service.Namespace, "", func(ctx context.Context, namespace string, opts metav1.ListOptions) (*corev1.EventList, error) {
			opts.FieldSelector = "involvedObject.kind=Service,type=Warning,involvedObject.name=" + service.Name
			return r.client.Kubernetes.CoreV1().Events(namespace).List(ctx, opts)
		}, func(page *corev1.EventList) { events = append(events, page.Items...) })
		if err == nil { // an aid to the reader only; nothing rests on it
			service.Warnings = messagesOf(events)
		}
	})
}

// messagesOf are events' messages, each once, the newest last.
func messagesOf(events []corev1.Event) []string {
	last := func(e corev1.Event) metav1.Time {
		if !e.LastTimestamp.IsZero() {
			return e.LastTimestamp
		}
		return metav1.NewTime(e.EventTime.Time)
	}
	slices.SortStableFunc(events, func(a, b corev1.Event) int { return last(a).Compare(last(b).Time) })
	var messages []string
	for _, event := range events {
		message := shorten(event.Reason + ": " + event.Message)
		messages = slices.DeleteFunc(messages, func(m string) bool { return m == message })
		messages = append(messages, message)
	}
	return messages
}

// gatewayPods are those that the Services select, and those that are labelled as the guide
// labels them, wherever they are.
func (r *reader) gatewayPods(ctx context.Context, services []GatewayService) ([]Pod, error) {
	var pods []Pod
	if err := everywhere(ctx, r, "pods", names.GatewaySelector, []string{names.System}, r.listPods, collectPods(&pods)); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, service := range services {
		selector := labels.SelectorFromSet(service.Selector).String()
		if len(service.Selector) == 0 || seen[service.Namespace+" "+selector] {
			continue
		}
		seen[service.Namespace+" "+selector] = true
		selected, err := r.pods(ctx, service.Namespace, selector)
		if err != nil {
			return nil, err
		}
		pods = append(pods, selected...)
	}
	return sortPods(pods), nil
}

// deployed is whether anything makes gateways' pods; where there are pods it does.
func (r *reader) deployed(ctx context.Context, found Gateways) (bool, error) {
	if len(found.Pods) > 0 {
		return true, nil
	}
	namespaces := map[string]bool{names.System: true}
	for _, service := range found.Services {
		namespaces[service.Namespace] = true
	}
	for _, namespace := range slices.Sorted(maps.Keys(namespaces)) {
		makes := func(pod map[string]string) bool {
			return pod[names.GatewayLabel] == names.GatewayValue || slices.ContainsFunc(found.Services, func(s GatewayService) bool {
				return s.Namespace == namespace && len(s.Selector) > 0 && subset(s.Selector, pod)
			})
		}
		if deployed, err := r.anyMakes(ctx, namespace, makes); deployed || err != nil {
			return deployed, err
		}
	}
	return false, nil
}

// anyMakes looks for a Deployment or a DaemonSet whose pods are wanted.
func (r *reader) anyMakes(ctx context.Context, namespace string, wanted func(pod map[string]string) bool) (bool, error) {
	deployed := false
	err := list(ctx, r, "deployments.apps", namespace, "", r.listDeployments, func(page *appsv1.DeploymentList) {
		for i := range page.Items {
			deployed = deployed || wanted(page.Items[i].Spec.Template.Labels)
		}
	})
	if deployed || err != nil {
		return deployed, err
	}
	err = list(ctx, r, "daemonsets.apps", namespace, "", func(ctx context.Context, namespace string, opts metav1.ListOptions) (*appsv1.DaemonSetList, error) {
		return r.client.Kubernetes.AppsV1().DaemonSets(namespace).List(ctx, opts)
	}, func(page *appsv1.DaemonSetList) {
		for i := range page.Items {
			deployed = deployed || wanted(page.Items[i].Spec.Template.Labels)
		}
	})
	return deployed, err
}

func (r *reader) listDeployments(ctx context.Context, namespace string, opts metav1.ListOptions) (*appsv1.DeploymentList, error) {
	return r.client.Kubernetes.AppsV1().Deployments(namespace).List(ctx, opts)
}

// HostNames are the addresses that have to be resolved.
func (s GatewayService) HostNames() []string {
	return slices.DeleteFunc(slices.Clone(s.Addresses), func(address string) bool { return net.ParseIP(address) != nil })
}
