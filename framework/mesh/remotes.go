package mesh

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// Remote is a remote secret as istiod reads it, without its credentials.
type Remote struct {
	// Secret is the Secret's name and Cluster the key of its data, which is
	// the cluster ID that istiod uses.
	Secret, Cluster string
	// Server is the API server's URL.
	Server string
}

// access is a remote secret with its credentials: it is never printed.
type access struct {
	Remote
	config rest.Config
}

// Remotes lists the remote secrets of a cluster, by the name of the Secret.
func Remotes(ctx context.Context, client *kube.Client) ([]Remote, error) {
	found, err := accesses(ctx, client, names.MultiCluster+"=true")
	remotes := make([]Remote, 0, len(found))
	for _, one := range found {
		remotes = append(remotes, one.Remote)
	}
	return remotes, err
}

func accesses(ctx context.Context, client *kube.Client, selector string) ([]access, error) {
	secrets, err := client.Kubernetes.CoreV1().Secrets(names.System).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, fmt.Errorf("list the remote secrets of cluster %q: %w", client.Name, err)
	}
	var (
		all  []access
		errs []error
	)
	for _, secret := range secrets.Items {
		found, err := accessesOf(secret)
		if err != nil {
			errs = append(errs, fmt.Errorf("remote secret %s on cluster %q: %w", secret.Name, client.Name, err))
		}
		all = append(all, found...)
	}
	return all, errors.Join(errs...)
}

// errUnreadable stands for what a parser says about a kubeconfig with
// credentials, which may quote it.
var errUnreadable = errors.New("its kubeconfig cannot be read; run create-mesh again")

func accessesOf(secret corev1.Secret) ([]access, error) {
	clusters := make([]string, 0, len(secret.Data))
	for cluster := range secret.Data {
		clusters = append(clusters, cluster)
	}
	slices.Sort(clusters)
	all := make([]access, 0, len(clusters))
	for _, cluster := range clusters {
		config, err := clientcmd.Load(secret.Data[cluster])
		if err != nil {
			return all, errUnreadable
		}
		context, ok := config.Contexts[config.CurrentContext]
		if !ok || config.Clusters[context.Cluster] == nil {
			return all, errUnreadable
		}
		server := config.Clusters[context.Cluster]
		all = append(all, access{
			Remote: Remote{Secret: secret.Name, Cluster: cluster, Server: server.Server},
			config: connection(server, config.AuthInfos[context.AuthInfo]),
		})
	}
	return all, nil
}

// connection takes from a kubeconfig only what is data. Its other ways to get
// credentials run programs or read files of whoever opens it, and a Secret of
// somebody's cluster must not make this machine do that.
func connection(server *api.Cluster, user *api.AuthInfo) rest.Config {
	config := rest.Config{Host: server.Server, TLSClientConfig: rest.TLSClientConfig{
		CAData: server.CertificateAuthorityData, ServerName: server.TLSServerName, Insecure: server.InsecureSkipTLSVerify,
	}}
	if user != nil {
		config.BearerToken = user.Token
	}
	return config
}
