//go:build apiserver

package preflight_test

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/kube/kubetest"
	"github.com/eastwest-mesh/eastwest/framework/mesh"
	"github.com/eastwest-mesh/eastwest/framework/preflight"
)

// What is read of a real API server, each object wrong in its own way.
func TestAPIServerFacts(t *testing.T) {
	plane := kubetest.Start(t)
	plant(t, clientOf(t, plane.Config))
	result := preflight.Run(t.Context(), preflight.Options{
		Clusters:  []fleet.ClusterSpec{{Name: "west", Kubeconfig: plane.Kubeconfig, Platform: "gdc-vmware"}},
		CA:        cell.Istio,
		Namespace: "sample",
	})
	for _, want := range []struct {
		id, cluster string
		status      preflight.Status
		found       string
	}{
		{"reach", "west", preflight.OK, "Kubernetes v"},
		{"istiod", "west", preflight.OK, "revision asm-1, version 1.28.2-asm.4, 1 Ready"},
		{"webhook", "west", preflight.OK, "istio-sidecar-injector-asm-1"},
		{"cluster-id", "west", preflight.Warning, `istiod calls the cluster "cn-f-global-west"`},
		{"network", "west", preflight.Refused, `namespace istio-system says "n-west", the injector's values says "default", the label of the gateway's Service says "n-old"`},
		{"ca", "west", preflight.Refused, "the control plane's CA is GoogleCA"},
		{"roots", "", preflight.OK, "a common root certificate"},
		{"trust", "", preflight.OK, "f.svc.id.goog"},
		{"existing", "west", preflight.Refused, "an earlier run has left its objects: run-1"},
		{"remotes", "west", preflight.Refused, "istio-remote-secret-east leads to https://127.0.0.1:6443"},
	} {
		check := find(result, want.id, want.cluster)
		if check.Status != want.status || !strings.Contains(check.Found, want.found) {
			t.Errorf("%s: want %s with %q, got %+v", want.id, want.status, want.found, check)
		}
	}
	if text := result.Text(); strings.Contains(text, "secret-token") {
		t.Errorf("a credential is told:\n%s", text)
	}
}

// plant makes the objects of a control plane that does not run.
func plant(t *testing.T, client kubernetes.Interface) {
	t.Helper()
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx, system, opts := t.Context(), names.System, metav1.CreateOptions{}
	core := client.CoreV1()
	must(core.Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: system, Labels: map[string]string{names.Network: "n-west"}}}, opts))
	must(core.Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "sample", Labels: map[string]string{kube.LabelRun: "run-1"}}}, opts))
	for name, data := range map[string]map[string]string{
		"istio-sidecar-injector-asm-1": {"values": `{"global": {"network": "default"}}`},
		"istio-asm-1":                  {"mesh": "trustDomain: f.svc.id.goog\ndefaultConfig: {proxyMetadata: {CA_PROVIDER: GoogleCA}}\n"},
		"istio-ca-root-cert":           {"root-cert.pem": certificate(t)},
	} {
		must(core.ConfigMaps(system).Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: data}, opts))
	}
	must(core.ServiceAccounts(system).Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "istiod"}}, opts))
	pod, err := core.Pods(system).Create(ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "istiod-1", Labels: map[string]string{"app": "istiod", names.Revision: "asm-1"}},
		Spec: corev1.PodSpec{ServiceAccountName: "istiod", Containers: []corev1.Container{{
			Name: "discovery", Image: "gcr.io/asm/pilot:1.28.2-asm.4", Env: []corev1.EnvVar{{Name: "CLUSTER_ID", Value: "cn-f-global-west"}},
		}}},
	}, opts)
	must(pod, err)
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	must(core.Pods(system).UpdateStatus(ctx, pod, metav1.UpdateOptions{}))
	must(client.AdmissionregistrationV1().MutatingWebhookConfigurations().Create(ctx, webhook(), opts))
	must(core.Services(system).Create(ctx, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: names.Gateway, Labels: map[string]string{names.Network: "n-old"}},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: names.CrossPort}}},
	}, opts))
	must(core.Secrets(system).Create(ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: mesh.RemoteSecret("east"), Labels: map[string]string{names.MultiCluster: "true"}},
		StringData: map[string]string{"east": `{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}],
clusters: [{name: c, cluster: {server: "https://127.0.0.1:6443"}}], users: [{name: u, user: {token: secret-token}}]}`},
	}, opts))
}

func webhook() *admissionv1.MutatingWebhookConfiguration {
	none, url := admissionv1.SideEffectClassNone, "https://192.0.2.1/inject"
	ignore := admissionv1.Ignore
	return &admissionv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "istio-sidecar-injector-asm-1", Labels: map[string]string{names.Revision: "asm-1"}},
		Webhooks: []admissionv1.MutatingWebhook{{
			Name: "rev.namespace.sidecar-injector.istio.io", SideEffects: &none, AdmissionReviewVersions: []string{"v1"},
			FailurePolicy: &ignore, ClientConfig: admissionv1.WebhookClientConfig{URL: &url},
		}},
	}
}

// certificate is any in PEM.
func certificate(t *testing.T) string {
	t.Helper()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
}
