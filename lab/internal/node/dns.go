package node

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// The name and the ports that clusters' DNS has everywhere (kubeadm's addon manifests,
// and what tools look for).
const (
	dnsService = "kube-dns"
	dnsPort    = 53
)

// publishDNS gives pods the DNS as every cluster does: by a Service with an address of
// its own. CoreDNS is a program of the node here and no pod, so that the Service has
// no selector and an EndpointSlice that is written by hand.
func (s Spec) publishDNS(ctx context.Context, client kubernetes.Interface) error {
	labels := map[string]string{
		"k8s-app": dnsService, "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS",
	}
	services := client.CoreV1().Services(metav1.NamespaceSystem)
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: dnsService, Labels: labels},
		Spec: corev1.ServiceSpec{
			ClusterIP: s.Cluster.DNSService().String(),
			Ports: []corev1.ServicePort{
				{Name: "dns", Port: dnsPort, Protocol: corev1.ProtocolUDP},
				{Name: "dns-tcp", Port: dnsPort, Protocol: corev1.ProtocolTCP},
			},
		},
	}
	// The API server makes kube-system by itself, a moment after it is ready.
	err := poll(ctx, func(ctx context.Context) error {
		_, err := services.Create(ctx, service, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) {
			return nil
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("make Service %s: %w", dnsService, err)
	}
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Name: dnsService, Labels: map[string]string{
			discoveryv1.LabelServiceName: dnsService, discoveryv1.LabelManagedBy: "eastwest-lab",
		}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints: []discoveryv1.Endpoint{{
			Addresses: []string{s.Cluster.Node().String()}, Conditions: discoveryv1.EndpointConditions{Ready: new(true)},
		}},
	}
	for _, port := range service.Spec.Ports {
		slice.Ports = append(slice.Ports, discoveryv1.EndpointPort{Name: &port.Name, Port: &port.Port, Protocol: &port.Protocol})
	}
	_, err = client.DiscoveryV1().EndpointSlices(metav1.NamespaceSystem).Create(ctx, slice, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("make EndpointSlice %s: %w", dnsService, err)
	}
	return nil
}
