package fleetfile

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
)

func TestNamespaceAndWorkload(t *testing.T) {
	s := newSite(t, goodFleet+`namespace: {name: shop, existing: true}
workload:
  nodeSelector: {pool: mesh}
  tolerations: [{key: dedicated, operator: Exists}]
  imagePullSecrets: [{name: registry}]
  serviceAccount: caller
`)
	file, err := s.load()
	if err != nil {
		t.Fatal(err)
	}
	if file.Namespace != "shop" || !file.Existing {
		t.Errorf("want namespace shop, made beforehand, got %q, %t", file.Namespace, file.Existing)
	}
	want := fleet.Workload{
		NodeSelector: map[string]string{"pool": "mesh"}, ServiceAccount: "caller",
		Tolerations:      []corev1.Toleration{{Key: "dedicated", Operator: corev1.TolerationOpExists}},
		ImagePullSecrets: []corev1.LocalObjectReference{{Name: "registry"}},
	}
	if diff := cmp.Diff(want, file.Workload); diff != "" {
		t.Errorf("workload (-want +got):\n%s", diff)
	}
}

// What is wrong is reported with the field, before a cluster is touched.
func TestNamespaceAndWorkloadThatAreWrong(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"a flag that is none", "namespace: {name: shop, existing: \"yes\"}", "namespace.existing: want true or false, got a string"},
		{"a field that is none", "namespace: {nam: shop}", "namespace.nam: unknown field"},
		{"Kubernetes' own", "namespace: {name: kube-system, existing: true}", "namespace.name: \"kube-system\" is the mesh's or Kubernetes' own"},
		{"to be deleted", "namespace: default", "not the run's to make and to delete"},
		{"an unknown setting", "workload: {nodeSelectors: {a: b}}", "unknown field \"nodeSelectors\""},
		{"a quantity that is none", "workload: {resources: {limits: {cpu: lots}}}", "quantities must match"},
		{"a list for a map", "workload: {labels: [a]}", "cannot unmarshal array"},
		{"a label that is none", "workload: {labels: {a b: c}}", "workload.labels: Invalid value: \"a b\""},
		{"a label of the run's own", "workload: {labels: {app: x}}", "workload.labels[app]: Invalid value: \"x\": is the run's own"},
		{"an account that the run's namespace cannot have", "workload: {serviceAccount: x}", "workload.serviceAccount: Invalid value: \"x\": must be in the namespace before the run"},
		{"a secret that the run's namespace cannot have", "workload: {imagePullSecrets: [{name: x}]}", "workload.imagePullSecrets: Invalid value: \"x\": must be in the namespace before"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := newSite(t, goodFleet+test.text+"\n").load()
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("want %q, got %v", test.want, err)
			}
		})
	}
}
