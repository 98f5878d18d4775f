package faults

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/lab/pki"
)

// cacerts is the Secret that istiod takes its intermediate and root from.
const cacerts = "cacerts"

// changeRoot signs the whole cluster anew under a root of its own: istiod and
// every proxy restart, so that no certificate of the common root remains.
func changeRoot(ctx context.Context, t *target) error {
	s, err := t.kube.CoreV1().Secrets(istioSystem).Get(ctx, cacerts, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if err := t.keep(s.Data); err != nil {
		return err
	}
	ca, err := pki.NewAuthority("a root that the other clusters do not know")
	if err != nil {
		return err
	}
	pair, err := ca.Pair()
	if err != nil {
		return err
	}
	return t.sign(ctx, map[string][]byte{
		"ca-cert.pem": pair.Cert, "ca-key.pem": pair.Key, "root-cert.pem": pair.Cert, "cert-chain.pem": pair.Cert,
	})
}

func restoreRoot(ctx context.Context, t *target) error {
	var data map[string][]byte
	if err := t.recall(&data); err != nil {
		return err
	}
	if err := t.sign(ctx, data); err != nil {
		return err
	}
	return t.forget()
}

func (t *target) sign(ctx context.Context, data map[string][]byte) error {
	secrets := t.kube.CoreV1().Secrets(istioSystem)
	s, err := secrets.Get(ctx, cacerts, metav1.GetOptions{})
	if err != nil {
		return err
	}
	s.Data = data
	if _, err := secrets.Update(ctx, s, metav1.UpdateOptions{}); err != nil {
		return err
	}
	d, err := t.istiod(ctx)
	if err != nil {
		return err
	}
	if err := t.restart(ctx, istioSystem, d.Name); err != nil {
		return err
	}
	return t.restartProxies(ctx)
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
	done := map[string]bool{}
	var errs []error
	for _, p := range pods.Items {
		c := metav1.GetControllerOf(&p)
		if c == nil || !hasProxy(&p) {
			continue
		}
		deployment := owner[p.Namespace+"/"+c.Name]
		if key := p.Namespace + "/" + deployment; deployment == "" || done[key] {
			continue
		} else {
			done[key] = true
		}
		if err := t.restart(ctx, p.Namespace, deployment); err != nil {
			errs = append(errs, fmt.Errorf("restart %s/%s: %w", p.Namespace, deployment, err))
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
