package fleet

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Workload is what the pods of a run have beside their containers' images and
// commands, so that they run where the fleet's own pods do. Its fields are those of
// Kubernetes' PodSpec, Container and ObjectMeta of the same names. The zero value asks for
// what WithDefaults gives.
type Workload struct {
	// Labels and Annotations are added to the pods' own.
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`

	NodeSelector     map[string]string             `json:"nodeSelector,omitempty"`
	Tolerations      []corev1.Toleration           `json:"tolerations,omitempty"`
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty"`
	// ServiceAccount is the account of all pods; empty gives Sleep one of its own and
	// HelloWorld the namespace's default.
	ServiceAccount string `json:"serviceAccount,omitempty"`
	// Resources are those of each of our containers, not of their sidecars.
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`

	PodSecurityContext *corev1.PodSecurityContext `json:"podSecurityContext,omitempty"`
	SecurityContext    *corev1.SecurityContext    `json:"securityContext,omitempty"`
}

// The user and group of the containers: any that are not root's and not the proxy's, whose
// traffic the capture leaves alone (1337).
const workloadUser = 1000

// WithDefaults fills in what is not given: Linux nodes, requests and limits that are
// enough for a few thousand calls, and what the Pod Security Standard "restricted" asks
// for (kubernetes.io/docs/concepts/security/pod-security-standards).
func (w Workload) WithDefaults() Workload {
	selector := map[string]string{corev1.LabelOSStable: "linux"}
	maps.Copy(selector, w.NodeSelector)
	w.NodeSelector = selector
	if w.Resources == nil {
		w.Resources = &corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("10m"), corev1.ResourceMemory: resource.MustParse("32Mi")},
			Limits:   corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1"), corev1.ResourceMemory: resource.MustParse("256Mi")},
		}
	}
	if w.PodSecurityContext == nil {
		w.PodSecurityContext = &corev1.PodSecurityContext{
			RunAsNonRoot: new(true), RunAsUser: new(int64(workloadUser)), RunAsGroup: new(int64(workloadUser)),
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		}
	}
	if w.SecurityContext == nil {
		w.SecurityContext = &corev1.SecurityContext{
			AllowPrivilegeEscalation: new(false),
			Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		}
	}
	return w
}

// Values are what the templates of pods take of a workload: the fields of the pod and of
// each container, and the additional labels and annotations.
func (w Workload) Values() map[string]any {
	w = w.WithDefaults()
	pod := struct {
		ServiceAccountName string                        `json:"serviceAccountName,omitempty"`
		NodeSelector       map[string]string             `json:"nodeSelector,omitempty"`
		Tolerations        []corev1.Toleration           `json:"tolerations,omitempty"`
		ImagePullSecrets   []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty"`
		SecurityContext    *corev1.PodSecurityContext    `json:"securityContext,omitempty"`
	}{w.ServiceAccount, w.NodeSelector, w.Tolerations, w.ImagePullSecrets, w.PodSecurityContext}
	container := struct {
		Resources       *corev1.ResourceRequirements `json:"resources,omitempty"`
		SecurityContext *corev1.SecurityContext      `json:"securityContext,omitempty"`
	}{w.Resources, w.SecurityContext}
	return map[string]any{"Pod": pod, "Container": container, "Labels": w.Labels, "Annotations": w.Annotations}
}
