package istio

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// upgrade reads what only an upgrade needs. All of it is about the whole cluster: where not
// all namespaces may be read it is unknown.
func (r *reader) upgrade(ctx context.Context) {
	if r.opts.Asked.Upgrade == nil {
		return
	}
	together(ctx, r.allNamespaces, r.everyPod, r.labelled, r.gatewayAPI, r.validators, r.envoyFilters, r.serviceEntries)
}

// allNamespaces reads namespaces, and which root istiod publishes in each.
func (r *reader) allNamespaces(ctx context.Context) {
	var all []MeshNamespace
	err := list(ctx, r, "namespaces", metav1.NamespaceAll, "", func(ctx context.Context, _ string, opts metav1.ListOptions) (*corev1.NamespaceList, error) {
		return r.client.Kubernetes.CoreV1().Namespaces().List(ctx, opts)
	}, func(page *corev1.NamespaceList) {
		for _, namespace := range page.Items {
			if namespace.DeletionTimestamp == nil {
				all = append(all, MeshNamespace{Name: namespace.Name, Labels: namespace.Labels})
			}
		}
	})
	if err == nil {
		err = r.publishedRoots(ctx, all)
	}
	r.out.Namespaces = sectionOf("namespaces", all, err)
}

func (r *reader) publishedRoots(ctx context.Context, namespaces []MeshNamespace) error {
	published := map[string][]string{}
	err := list(ctx, r, "configmaps", metav1.NamespaceAll, "", func(ctx context.Context, namespace string, opts metav1.ListOptions) (*corev1.ConfigMapList, error) {
		opts.FieldSelector = "metadata.name=" + names.RootConfigMap
		return r.client.Kubernetes.CoreV1().ConfigMaps(namespace).List(ctx, opts)
	}, func(page *corev1.ConfigMapList) {
		for _, found := range page.Items {
			// What holds no certificate is as good as nothing there.
			roots, _ := parseCertificates([]byte(found.Data[names.RootKey]))
			for _, root := range roots {
				published[found.Namespace] = append(published[found.Namespace], root.Fingerprint)
			}
		}
	})
	for i := range namespaces {
		namespaces[i].Roots = published[namespaces[i].Name]
		slices.Sort(namespaces[i].Roots)
	}
	return err
}

// validators reads the webhooks that judge Istio's resources.
func (r *reader) validators(ctx context.Context) {
	all, err := r.readValidators(ctx)
	r.out.Validators = sectionOf("the validating webhooks", all, err)
}

func (r *reader) readValidators(ctx context.Context) ([]Webhook, error) {
	var all []Webhook
	from := r.client.Kubernetes.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	err := list(ctx, r, "validatingwebhookconfigurations.admissionregistration.k8s.io", metav1.NamespaceAll, "",
		func(ctx context.Context, _ string, opts metav1.ListOptions) (*admissionv1.ValidatingWebhookConfigurationList, error) {
			return from.List(ctx, opts)
		}, func(page *admissionv1.ValidatingWebhookConfigurationList) {
			for i := range page.Items {
				all = append(all, validatorsOf(&page.Items[i])...)
			}
		})
	if err == nil {
		err = r.findServices(ctx, all)
	}
	return all, err
}

// validatorSuffix ends the names of the webhooks by which istiod judges resources
// (manifests/charts/istio-control/istio-discovery/templates/validatingwebhookconfiguration.yaml
// and manifests/charts/base/templates/defaultrevision-validatingwebhookconfiguration.yaml).
const validatorSuffix = "validation.istio.io"

func validatorsOf(configuration *admissionv1.ValidatingWebhookConfiguration) []Webhook {
	var all []Webhook
	for i := range configuration.Webhooks {
		hook := &configuration.Webhooks[i]
		if !strings.HasSuffix(hook.Name, validatorSuffix) {
			continue
		}
		webhook := Webhook{
			Configuration: configuration.Name, Name: hook.Name, Revision: configuration.Labels[names.Revision],
			Fails: hook.FailurePolicy == nil || *hook.FailurePolicy == admissionv1.Fail,
		}
		if service := hook.ClientConfig.Service; service != nil {
			webhook.Service = service.Namespace + "/" + service.Name
		}
		if hook.ObjectSelector != nil {
			webhook.ObjectSelector = LabelSelector{*hook.ObjectSelector}
		}
		all = append(all, webhook)
	}
	return all
}

// labelled reads the resources that only one revision's control planes read.
func (r *reader) labelled(ctx context.Context) {
	kinds := names.Configuration()
	found, errs := make([][]Labelled, len(kinds)), make([]error, len(kinds))
	eachOf(ctx, len(kinds), func(ctx context.Context, i int) {
		kind := schema.GroupKind{Group: kinds[i].Group, Kind: kinds[i].Kind}
		errs[i] = r.all(ctx, kind, names.Revision, func(object unstructured.Unstructured) error {
			found[i] = append(found[i], Labelled{Kind: kinds[i].Kind, Resource: kinds[i].Resource + "." + kinds[i].Group, Meta: metaOf(object)})
			return nil
		})
	})
	r.out.Labelled = sectionOf("resources with the label "+names.Revision, slices.Concat(found...), errors.Join(errs...))
}

// envoyFilters and serviceEntries read these.
func (r *reader) envoyFilters(ctx context.Context) {
	var all []EnvoyFilter
	err := r.all(ctx, schema.GroupKind{Group: names.Networking, Kind: "EnvoyFilter"}, "", func(object unstructured.Unstructured) error {
		filter, err := parseEnvoyFilter(object)
		all = append(all, filter)
		return err
	})
	r.out.EnvoyFilters = sectionOf("EnvoyFilters", all, err)
}

func (r *reader) serviceEntries(ctx context.Context) {
	var all []ServiceEntry
	err := r.all(ctx, schema.GroupKind{Group: names.Networking, Kind: "ServiceEntry"}, "", func(object unstructured.Unstructured) error {
		var parsed struct {
			Spec struct {
				Hosts      []string `json:"hosts"`
				Addresses  []string `json:"addresses"`
				Resolution string   `json:"resolution"`
			} `json:"spec"`
		}
		if err := convert(object, &parsed); err != nil {
			return malformed(fmt.Sprintf("ServiceEntry %s/%s: %v", object.GetNamespace(), object.GetName(), err))
		}
		all = append(all, ServiceEntry{Meta: metaOf(object), Hosts: parsed.Spec.Hosts, Addresses: parsed.Spec.Addresses, Resolution: parsed.Spec.Resolution})
		return nil
	})
	r.out.ServiceEntries = sectionOf("ServiceEntries", all, err)
}

func parseEnvoyFilter(object unstructured.Unstructured) (EnvoyFilter, error) {
	var parsed struct {
		Spec struct {
			Priority      int32 `json:"priority"`
			ConfigPatches []struct {
				Match struct {
					Proxy struct {
						ProxyVersion string `json:"proxyVersion"`
					} `json:"proxy"`
					Listener struct {
						FilterChain struct {
							Filter struct {
								Name      string `json:"name"`
								SubFilter struct {
									Name string `json:"name"`
								} `json:"subFilter"`
							} `json:"filter"`
						} `json:"filterChain"`
					} `json:"listener"`
				} `json:"match"`
			} `json:"configPatches"`
		} `json:"spec"`
	}
	out := EnvoyFilter{Meta: metaOf(object)}
	if err := convert(object, &parsed); err != nil {
		return out, malformed(fmt.Sprintf("EnvoyFilter %s/%s: %v", out.Namespace, out.Name, err))
	}
	out.Prioritized = parsed.Spec.Priority != 0
	for _, patch := range parsed.Spec.ConfigPatches {
		filter := patch.Match.Listener.FilterChain.Filter
		out.ProxyVersions = addOnce(out.ProxyVersions, patch.Match.Proxy.ProxyVersion)
		out.Filters = addOnce(out.Filters, cmp.Or(filter.SubFilter.Name, filter.Name))
	}
	return out, nil
}

// addOnce adds a word that is not empty and not there yet.
func addOnce(words []string, word string) []string {
	if word == "" || slices.Contains(words, word) {
		return words
	}
	return append(words, word)
}

// gatewayAPI reads which version of the Gateway API is there, and what of it is in use.
func (r *reader) gatewayAPI(ctx context.Context) {
	found := GatewayAPI{Bundles: map[string]string{}, InUse: map[string]int{}}
	err := r.readGatewayAPI(ctx, &found)
	r.out.GatewayAPI = sectionOf("the Gateway API", found, err)
}

func (r *reader) readGatewayAPI(ctx context.Context, into *GatewayAPI) error {
	for _, kind := range names.GatewayAPI() {
		crd := kind.Resource + "." + kind.Group
		definition, err := r.definition(ctx, crd)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return err
		}
		into.Bundles[crd] = definition.GetAnnotations()[names.BundleVersion]
		err = r.all(ctx, schema.GroupKind{Group: kind.Group, Kind: kind.Kind}, "", func(object unstructured.Unstructured) error {
			into.InUse[crd]++
			if kind.Kind == "Gateway" {
				class, _, _ := unstructured.NestedString(object.Object, "spec", "gatewayClassName")
				into.Gateways = append(into.Gateways, GatewayObject{Meta: metaOf(object), Class: class})
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) definition(ctx context.Context, name string) (*unstructured.Unstructured, error) {
	definitions := schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
	return ask(ctx, r, "get customresourcedefinitions.apiextensions.k8s.io", func(ctx context.Context) (*unstructured.Unstructured, error) {
		return r.client.Dynamic.Resource(definitions).Get(ctx, name, metav1.GetOptions{})
	})
}
