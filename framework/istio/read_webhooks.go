package istio

import (
	"context"
	"net/url"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// webhooks reads the webhooks that inject, of all revisions and tags.
func (r *reader) webhooks(ctx context.Context) {
	var all []Webhook
	from := r.client.Kubernetes.AdmissionregistrationV1().MutatingWebhookConfigurations()
	err := list(ctx, r, "mutatingwebhookconfigurations.admissionregistration.k8s.io", metav1.NamespaceAll, "",
		func(ctx context.Context, _ string, opts metav1.ListOptions) (*admissionv1.MutatingWebhookConfigurationList, error) {
			return from.List(ctx, opts)
		}, func(page *admissionv1.MutatingWebhookConfigurationList) {
			for i := range page.Items {
				all = append(all, webhooksOf(&page.Items[i])...)
			}
		})
	if err == nil {
		err = r.findServices(ctx, all)
	}
	r.out.Webhooks = sectionOf("the injectors' webhooks", all, err)
}

// injectorSuffix ends the names of all webhooks that inject
// (manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml).
const injectorSuffix = "sidecar-injector.istio.io"

func webhooksOf(configuration *admissionv1.MutatingWebhookConfiguration) []Webhook {
	labelled := configuration.Labels[names.Revision] != "" || configuration.Labels[names.Tag] != ""
	var all []Webhook
	for i := range configuration.Webhooks {
		hook := &configuration.Webhooks[i]
		if !labelled && !strings.HasSuffix(hook.Name, injectorSuffix) {
			continue
		}
		webhook := Webhook{
			Configuration: configuration.Name, Name: hook.Name,
			Revision: configuration.Labels[names.Revision], Tag: configuration.Labels[names.Tag],
			Fails: hook.FailurePolicy == nil || *hook.FailurePolicy == admissionv1.Fail,
		}
		if service := hook.ClientConfig.Service; service != nil {
			webhook.Service = service.Namespace + "/" + service.Name
			if service.Path != nil {
				webhook.Path = *service.Path
			}
		}
		if called := hook.ClientConfig.URL; called != nil {
			if parsed, err := url.Parse(*called); err == nil {
				webhook.Path, webhook.Beyond = parsed.Path, Read([]string{parsed.Hostname()})
			}
		}
		if hook.NamespaceSelector != nil {
			webhook.NamespaceSelector = LabelSelector{*hook.NamespaceSelector}
		}
		if hook.ObjectSelector != nil {
			webhook.ObjectSelector = LabelSelector{*hook.ObjectSelector}
		}
		all = append(all, webhook)
	}
	return all
}

// findServices looks for the Services that webhooks call, each once.
func (r *reader) findServices(ctx context.Context, webhooks []Webhook) error {
	type target struct {
		found  bool
		beyond Section[[]string]
	}
	known := map[string]target{}
	for i := range webhooks {
		name := webhooks[i].Service
		if name == "" {
			continue
		}
		to, asked := known[name]
		if !asked {
			service, err := r.service(ctx, name)
			if err != nil {
				return err
			}
			to = target{beyond: Read[[]string](nil)}
			if service != nil {
				to = target{found: true, beyond: r.beyond(ctx, service)}
			}
			known[name] = to
		}
		webhooks[i].ServiceFound, webhooks[i].Beyond = to.found, to.beyond
	}
	return nil
}

// service is the Service of a name NAMESPACE/NAME; nil where there is none.
func (r *reader) service(ctx context.Context, of string) (*corev1.Service, error) {
	namespace, name, _ := strings.Cut(of, "/")
	found, err := ask(ctx, r, "get services in "+namespace, func(ctx context.Context) (*corev1.Service, error) {
		return r.client.Kubernetes.CoreV1().Services(namespace).Get(ctx, name, metav1.GetOptions{})
	})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return found, err
}

// beyond is where a Service leads that selects no pods: by its name, or by EndpointSlices
// that somebody wrote.
func (r *reader) beyond(ctx context.Context, service *corev1.Service) Section[[]string] {
	switch {
	case service.Spec.Type == corev1.ServiceTypeExternalName:
		return Read([]string{service.Spec.ExternalName})
	case len(service.Spec.Selector) > 0:
		return Read[[]string](nil)
	}
	var addresses []string
	label := discoveryv1.LabelServiceName + "=" + service.Name
	err := list(ctx, r, "endpointslices.discovery.k8s.io", service.Namespace, label,
		func(ctx context.Context, namespace string, opts metav1.ListOptions) (*discoveryv1.EndpointSliceList, error) {
			return r.client.Kubernetes.DiscoveryV1().EndpointSlices(namespace).List(ctx, opts)
		}, func(page *discoveryv1.EndpointSliceList) {
			for i := range page.Items {
				for _, endpoint := range page.Items[i].Endpoints {
					addresses = append(addresses, endpoint.Addresses...)
				}
			}
		})
	slices.Sort(addresses)
	return sectionOf("endpoints of Service "+service.Namespace+"/"+service.Name, slices.Compact(addresses), err)
}
