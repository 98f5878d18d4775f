package mesh

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

// discovery checks what create-mesh leaves unchecked: it can succeed on an
// incomplete mesh.
func (b *builder) discovery(cluster fleet.ClusterSpec) []plan.Action {
	others := slices.DeleteFunc(slices.Clone(b.opts.Clusters), func(c fleet.ClusterSpec) bool { return c.Name == cluster.Name })
	actions := []plan.Action{
		plan.Await{
			Title: "check the remote secrets",
			Shell: kubectlHere("--namespace="+fleet.SystemNamespace, "get secrets --selector="+RemoteSecretLabel+"=true"),
			Until: func(ctx context.Context, site *plan.Site) error {
				return checkRemoteSecrets(ctx, site.Client, others)
			},
		},
		plan.Await{
			Title: "await istiod synced with " + names(others),
			Shell: kubectlHere("--namespace="+fleet.SystemNamespace, "exec deployment/"+Istiod, "-- pilot-discovery request GET /debug/clusterz"),
			Until: func(ctx context.Context, site *plan.Site) error {
				return AwaitSynced(ctx, site.Client, clusterNames(others), site.Bounds)
			},
		},
	}
	return append(actions, b.knownGateways(cluster)...)
}

func clusterNames(clusters []fleet.ClusterSpec) []string {
	all := make([]string, 0, len(clusters))
	for _, cluster := range clusters {
		all = append(all, cluster.Name)
	}
	slices.Sort(all)
	return all
}

func names(clusters []fleet.ClusterSpec) string {
	if len(clusters) == 0 {
		return "no other cluster"
	}
	return strings.Join(clusterNames(clusters), ", ")
}

// Remote is a remote secret as istiod reads it, without its credentials.
type Remote struct {
	// Secret is the Secret's name and Cluster the key of its data, which is
	// the cluster ID that istiod uses.
	Secret, Cluster string
	// Server is the API server's URL.
	Server string
}

// Remotes lists the remote secrets of a cluster, by the name of the Secret.
func Remotes(ctx context.Context, client *kube.Client) ([]Remote, error) {
	secrets, err := client.Kubernetes.CoreV1().Secrets(fleet.SystemNamespace).
		List(ctx, metav1.ListOptions{LabelSelector: RemoteSecretLabel + "=true"})
	if err != nil {
		return nil, fmt.Errorf("list the remote secrets of cluster %q: %w", client.Name, err)
	}
	var (
		remotes []Remote
		errs    []error
	)
	for _, secret := range secrets.Items {
		found, err := remotesOf(secret)
		if err != nil {
			errs = append(errs, fmt.Errorf("remote secret %s on cluster %q: %w", secret.Name, client.Name, err))
		}
		remotes = append(remotes, found...)
	}
	return remotes, errors.Join(errs...)
}

// errUnreadable stands for what a parser says about a kubeconfig with
// credentials, which may quote it.
var errUnreadable = errors.New("its kubeconfig cannot be read; run create-mesh again")

func remotesOf(secret corev1.Secret) ([]Remote, error) {
	clusters := make([]string, 0, len(secret.Data))
	for cluster := range secret.Data {
		clusters = append(clusters, cluster)
	}
	slices.Sort(clusters)
	remotes := make([]Remote, 0, len(clusters))
	for _, cluster := range clusters {
		config, err := clientcmd.Load(secret.Data[cluster])
		if err != nil {
			return remotes, errUnreadable
		}
		context, ok := config.Contexts[config.CurrentContext]
		if !ok || config.Clusters[context.Cluster] == nil {
			return remotes, errUnreadable
		}
		remotes = append(remotes, Remote{Secret: secret.Name, Cluster: cluster, Server: config.Clusters[context.Cluster].Server})
	}
	return remotes, nil
}

// checkRemoteSecrets wants one remote secret for each other cluster, none
// else, each with a server that another cluster's pods can reach.
func checkRemoteSecrets(ctx context.Context, client *kube.Client, others []fleet.ClusterSpec) error {
	remotes, err := Remotes(ctx, client)
	if err != nil {
		return err
	}
	return errors.Join(judgeRemotes(client.Name, remotes, others)...)
}

func judgeRemotes(cluster string, remotes []Remote, others []fleet.ClusterSpec) []error {
	var errs []error
	for _, other := range others {
		if !slices.ContainsFunc(remotes, func(r Remote) bool { return r.Cluster == other.Name }) {
			errs = append(errs, fmt.Errorf("cluster %q has no remote secret for cluster %q; run create-mesh again", cluster, other.Name))
		}
	}
	for _, remote := range remotes {
		known := slices.ContainsFunc(others, func(c fleet.ClusterSpec) bool { return c.Name == remote.Cluster })
		if !known {
			errs = append(errs, fmt.Errorf("cluster %q has remote secret %s for cluster %q, which is not in the fleet; delete it, or add the cluster", cluster, remote.Secret, remote.Cluster))
		}
		if Loopback(remote.Server) {
			errs = append(errs, fmt.Errorf("cluster %q: remote secret %s has server %s, which istiod's pod takes for itself; make it with --server and an address that other clusters reach", cluster, remote.Secret, remote.Server))
		}
	}
	return errs
}

// Loopback is whether a server's URL leads back to whoever reads it.
func Loopback(server string) bool {
	parsed, err := url.Parse(server)
	if err != nil {
		return false
	}
	host := parsed.Hostname()
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && (ip.IsLoopback() || ip.IsUnspecified())
}

// RemoteStatus is one line of istiod's /debug/clusterz.
type RemoteStatus struct {
	ID         string `json:"id"`
	SecretName string `json:"secretName"`
	SyncStatus string `json:"syncStatus"`
}

// IstiodRemotes is what one istiod pod knows of remote clusters.
type IstiodRemotes struct {
	Pod     string
	Remotes []RemoteStatus
}

// Clusterz asks every Ready istiod pod of a cluster for its remote clusters.
// Istio lists istiod's own cluster too, without a secret; it is left out.
func Clusterz(ctx context.Context, client *kube.Client) ([]IstiodRemotes, error) {
	pods, err := client.Kubernetes.CoreV1().Pods(fleet.SystemNamespace).List(ctx, metav1.ListOptions{LabelSelector: fleet.IstiodSelector})
	if err != nil {
		return nil, fmt.Errorf("list istiod pods of cluster %q: %w", client.Name, err)
	}
	var all []IstiodRemotes
	for i := range pods.Items {
		if !fleet.PodReady(&pods.Items[i]) {
			continue
		}
		remotes, err := clusterzOf(ctx, client, pods.Items[i].Name)
		if err != nil {
			return nil, err
		}
		all = append(all, IstiodRemotes{Pod: pods.Items[i].Name, Remotes: remotes})
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("cluster %q has no Ready istiod pod", client.Name)
	}
	return all, nil
}

func clusterzOf(ctx context.Context, client *kube.Client, pod string) ([]RemoteStatus, error) {
	target := kube.Target{Namespace: fleet.SystemNamespace, Pod: pod, Container: "discovery"}
	result, err := client.Exec(ctx, target, kube.ExecOptions{
		Command: []string{"pilot-discovery", "request", "GET", "/debug/clusterz"},
	})
	if err != nil {
		return nil, err
	}
	if result.ExitCode != 0 {
		return nil, fmt.Errorf("ask %s on cluster %q for /debug/clusterz: exit code %d: %s", target, client.Name, result.ExitCode, result.Stderr)
	}
	return parseClusterz(result.Stdout)
}

func parseClusterz(output []byte) ([]RemoteStatus, error) {
	var listed []RemoteStatus
	if err := json.Unmarshal(output, &listed); err != nil {
		return nil, fmt.Errorf("read /debug/clusterz: %w", err)
	}
	return slices.DeleteFunc(listed, func(r RemoteStatus) bool { return r.SecretName == "" }), nil
}

// synced is istiod's word for a remote cluster whose objects it has read
// (istio pkg/kube/multicluster/cluster.go).
const synced = "synced"

// AwaitSynced waits until every istiod pod of a cluster is synced with
// exactly the given remote clusters.
func AwaitSynced(ctx context.Context, client *kube.Client, others []string, bounds kube.Bounds) error {
	return client.AwaitPoll(ctx, kube.Poll{
		For:   "istiod synced with " + strings.Join(others, ", "),
		Bound: bounds.Sync,
		Hint:  "read istiod's log for the remote cluster's name; the server in the remote secret must be reachable from istiod's pod",
		Ask: func(ctx context.Context) (kube.State, error) {
			istiods, err := Clusterz(ctx, client)
			if err != nil {
				return kube.State{}, err
			}
			return judgeSynced(istiods, others), nil
		},
	})
}

func judgeSynced(istiods []IstiodRemotes, others []string) kube.State {
	state := kube.State{Met: true}
	var seen []string
	for _, istiod := range istiods {
		statuses := make([]string, 0, len(istiod.Remotes))
		count := 0
		for _, remote := range istiod.Remotes {
			statuses = append(statuses, remote.ID+" "+remote.SyncStatus)
			if remote.SyncStatus == synced && slices.Contains(others, remote.ID) {
				count++
			}
		}
		if count != len(others) || len(istiod.Remotes) != len(others) {
			state.Met = false
		}
		slices.Sort(statuses)
		if len(statuses) == 0 {
			statuses = []string{"no remote cluster"}
		}
		seen = append(seen, istiod.Pod+": "+strings.Join(statuses, ", "))
	}
	state.Seen = strings.Join(seen, "; ")
	return state
}
