package istio

import (
	"context"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// remoteSecrets reads those that istiod reads, and those that look as if somebody meant it
// to: without the label, or in another namespace.
func (r *reader) remoteSecrets(ctx context.Context) {
	secrets, logins, err := r.listRemoteSecrets(ctx)
	if err == nil {
		r.identifyRemotes(ctx, secrets, logins)
	}
	r.out.RemoteSecrets = sectionOf("remote secrets", secrets, err)
}

// listRemoteSecrets returns, beside the secrets, how each of their entries logs in.
func (r *reader) listRemoteSecrets(ctx context.Context) ([]RemoteSecret, [][]login, error) {
	var secrets []RemoteSecret
	var logins [][]login
	from := func(ctx context.Context, namespace string, opts metav1.ListOptions) (*corev1.SecretList, error) {
		return r.client.Kubernetes.CoreV1().Secrets(namespace).List(ctx, opts)
	}
	keep := func(wanted func(*corev1.Secret) bool) func(*corev1.SecretList) {
		return func(page *corev1.SecretList) {
			for i := range page.Items {
				if secret := &page.Items[i]; wanted(secret) {
					summary, entries := remoteSecretOf(secret)
					secrets, logins = append(secrets, summary), append(logins, entries)
				}
			}
		}
	}
	all := func(*corev1.Secret) bool { return true }
	label := names.MultiCluster + "=" + names.True
	if err := list(ctx, r, "secrets", names.System, label, from, keep(all)); err != nil {
		return nil, nil, err
	}
	named := func(s *corev1.Secret) bool { return strings.HasPrefix(s.Name, names.RemoteSecretPrefix) }
	if err := list(ctx, r, "secrets", names.System, names.MultiCluster+"!="+names.True, from, keep(named)); err != nil {
		return nil, nil, err
	}
	elsewhere := func(s *corev1.Secret) bool { return s.Namespace != names.System }
	if err := list(ctx, r, "secrets", metav1.NamespaceAll, label, from, keep(elsewhere)); err != nil && !apierrors.IsForbidden(err) {
		return nil, nil, err
	}
	return secrets, logins, nil
}

func remoteSecretOf(secret *corev1.Secret) (RemoteSecret, []login) {
	out := RemoteSecret{Namespace: secret.Namespace, Name: secret.Name, Labelled: secret.Labels[names.MultiCluster] == names.True, Run: secret.Labels[kube.LabelRun]}
	var logins []login
	for _, id := range sorted(secret.Data) {
		entry, login := parseRemote(secret.Data[id])
		entry.ID = id
		out.Entries, logins = append(out.Entries, entry), append(logins, login)
	}
	return out, logins
}

// identifyRemotes asks who answers at each entry's server.
func (r *reader) identifyRemotes(ctx context.Context, secrets []RemoteSecret, logins [][]login) {
	eachOf(ctx, len(secrets), func(ctx context.Context, i int) {
		eachOf(ctx, len(secrets[i].Entries), func(ctx context.Context, k int) {
			entry := &secrets[i].Entries[k]
			at, err := r.loggedIn(entry.Server, logins[i][k])
			r.identify(ctx, entry, secrets[i].Name, at, err)
		})
	})
}

// knownAt is the cluster of the fleet that has a server, if one has.
func (r *reader) knownAt(server string) (peer, bool) {
	at := slices.IndexFunc(r.peers, func(p peer) bool {
		return slices.ContainsFunc(p.servers, func(own string) bool { return SameServer(own, server) })
	})
	if at < 0 {
		return peer{}, false
	}
	return r.peers[at], true
}
