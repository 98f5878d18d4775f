package istio

import (
	"context"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// HelloWorld and Sleep.
const (
	helloWorld = "helloworld"
	sleep      = "sleep"
	appLabel   = "app"
)

// workloads reads HelloWorld and Sleep.
func (r *reader) workloads(ctx context.Context) {
	if r.opts.Namespace == "" {
		r.out.Workloads = NotRead[Workloads](Unknown{What: "HelloWorld and Sleep", Reason: NotAsked, Message: "no namespace was given"})
		return
	}
	workloads, err := r.readWorkloads(ctx)
	r.out.Workloads = sectionOf("HelloWorld and Sleep in "+r.opts.Namespace, workloads, err)
}

func (r *reader) readWorkloads(ctx context.Context) (Workloads, error) {
	var found Workloads
	var err error
	namespace := r.opts.Namespace
	if found.Namespace, err = r.namespace(ctx, namespace); err != nil || !found.Namespace.Found {
		return found, err
	}
	err = list(ctx, r, "services", namespace, "", func(ctx context.Context, namespace string, opts metav1.ListOptions) (*corev1.ServiceList, error) {
		return r.client.Kubernetes.CoreV1().Services(namespace).List(ctx, opts)
	}, func(page *corev1.ServiceList) {
		for i := range page.Items {
			if service := &page.Items[i]; ours(service.Name) {
				found.Services = append(found.Services, serviceOf(service))
			}
		}
	})
	if err != nil {
		return Workloads{}, err
	}
	err = list(ctx, r, "deployments.apps", namespace, "", r.listDeployments, func(page *appsv1.DeploymentList) {
		for i := range page.Items {
			if deployment := &page.Items[i]; ours(deployment.Spec.Template.Labels[appLabel]) {
				found.Deployments = append(found.Deployments, deploymentOf(deployment))
			}
		}
	})
	if err != nil {
		return Workloads{}, err
	}
	found.Pods, err = r.pods(ctx, namespace, appLabel+" in ("+helloWorld+","+sleep+")")
	return found, err
}

func ours(app string) bool { return app == helloWorld || app == sleep }

func serviceOf(service *corev1.Service) Service {
	return Service{
		Name: service.Name, Ports: portsOf(service), Selector: service.Spec.Selector, ExportTo: exportedTo(service), TrafficDistribution: distributionOf(service),
		ClusterIPs: slices.DeleteFunc(slices.Clone(service.Spec.ClusterIPs), func(ip string) bool { return ip == corev1.ClusterIPNone }),
	}
}

// exportedTo are the namespaces that the annotation lists (pilot/pkg/serviceregistry/kube/conversion.go).
func exportedTo(service *corev1.Service) []string {
	var namespaces []string
	for _, namespace := range strings.Split(service.Annotations[names.ExportTo], ",") {
		if namespace = strings.TrimSpace(namespace); namespace != "" {
			namespaces = append(namespaces, namespace)
		}
	}
	return namespaces
}

// distributionOf is how the Service prefers near endpoints, in Kubernetes' field or Istio's
// older annotation.
func distributionOf(service *corev1.Service) string {
	if service.Spec.TrafficDistribution != nil {
		return *service.Spec.TrafficDistribution
	}
	return service.Annotations[names.TrafficDistribution]
}

func deploymentOf(deployment *appsv1.Deployment) Deployment {
	out := Deployment{Name: deployment.Name, Labels: deployment.Spec.Template.Labels, Wanted: 1, Available: deployment.Status.AvailableReplicas}
	if deployment.Spec.Replicas != nil {
		out.Wanted = *deployment.Spec.Replicas
	}
	at := slices.IndexFunc(deployment.Status.Conditions, func(c appsv1.DeploymentCondition) bool {
		return c.Type == appsv1.DeploymentReplicaFailure && c.Status == corev1.ConditionTrue
	})
	if at >= 0 {
		out.Refused = shorten(deployment.Status.Conditions[at].Message)
	}
	return out
}
