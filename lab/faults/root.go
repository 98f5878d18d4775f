package faults

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/eastwest-mesh/eastwest/lab/internal/pki"
)

// cacerts is the Secret that istiod takes its intermediate and root from.
const cacerts = "cacerts"

// foreignRoot gives istiod a CA of its own, that the other clusters do not know.
func foreignRoot() step {
	return edit(object{"v1", "Secret", istioSystem, cacerts}, func(u *unstructured.Unstructured) error {
		ca, err := pki.NewAuthority("a root that the other clusters do not know")
		if err != nil {
			return err
		}
		pair, err := ca.Pair()
		if err != nil {
			return err
		}
		data := map[string]string{}
		for key, value := range map[string][]byte{
			"ca-cert.pem": pair.Cert, "ca-key.pem": pair.Key, "root-cert.pem": pair.Cert, "cert-chain.pem": pair.Cert,
		} {
			data[key] = base64.StdEncoding.EncodeToString(value)
		}
		return unstructured.SetNestedStringMap(u.Object, data, "data")
	})
}

// restartProxies restarts every Deployment whose pods have a proxy.
func (t *target) restartProxies(ctx context.Context) error {
	pods, err := t.kube.CoreV1().Pods(metav1.NamespaceAll).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	sets, err := t.kube.AppsV1().ReplicaSets(metav1.NamespaceAll).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	owner := map[string]string{}
	for _, rs := range sets.Items {
		if c := metav1.GetControllerOf(&rs); c != nil {
			owner[rs.Namespace+"/"+rs.Name] = c.Name
		}
	}
	done := map[deployment]bool{}
	var errs []error
	for _, p := range pods.Items {
		c := metav1.GetControllerOf(&p)
		if c == nil || !hasProxy(&p) {
			continue
		}
		name := owner[p.Namespace+"/"+c.Name]
		d := deployment(p.Namespace + "/" + name)
		if name == "" || done[d] {
			continue
		}
		done[d] = true
		if err := t.restart(ctx, d); err != nil {
			errs = append(errs, fmt.Errorf("restart %s: %w", d, err))
		}
	}
	return errors.Join(errs...)
}

// hasProxy looks among init containers too, where native sidecars are.
func hasProxy(p *corev1.Pod) bool {
	for _, list := range [][]corev1.Container{p.Spec.Containers, p.Spec.InitContainers} {
		for _, c := range list {
			if c.Name == "istio-proxy" {
				return true
			}
		}
	}
	return false
}
