package mesh

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

// discovery checks what create-mesh leaves unchecked: it can succeed on an
// incomplete mesh.
func (b *builder) discovery(cluster fleet.ClusterSpec) []plan.Action {
	others := slices.DeleteFunc(slices.Clone(b.opts.Clusters), func(c fleet.ClusterSpec) bool { return c.Name == cluster.Name })
	// What istiod calls the others: the keys of the secrets, which whoever made
	// them chose. The first action finds them out for the second.
	ids := clusterNames(others)
	actions := []plan.Action{
		plan.Await{
			Title: "check the remote secrets",
			Shell: kubectlHere("--namespace="+names.System, "get secrets --selector="+names.MultiCluster+"=true"),
			Until: func(ctx context.Context, site *plan.Site) error {
				found, err := checkRemotes(ctx, site, others)
				if err == nil {
					ids = found
				}
				return err
			},
		},
		plan.Await{
			Title: "await istiod synced with " + namesOf(others),
			Shell: syncedShell(clusterNames(others)),
			Until: func(ctx context.Context, site *plan.Site) error {
				return AwaitSynced(ctx, site.Client, ids, site.Bounds)
			},
		},
	}
	return append(actions, b.knownGateways(cluster)...)
}

// syncedShell waits by hand until every istiod has read the clusters.
func syncedShell(ids []string) string {
	conditions := make([]string, 0, len(ids))
	for _, id := range ids {
		conditions = append(conditions, fmt.Sprintf(`\"id\":\"%s\",\"secretName\":\"[^\"]+\",\"syncStatus\":\"%s\"`, id, synced))
	}
	return askIstiods(names.Clusterz, "is not synced", conditions)
}

// askIstiods is a shell loop that asks every istiod pod for a debug document,
// stripped of space, until it fits all patterns, two minutes at most. They are
// regular expressions, in which bash wants quotes escaped.
func askIstiods(document, complaint string, patterns []string) string {
	ask := kubectlHere("--namespace="+names.System, `exec "$pod"`, "--container="+names.IstiodContainer, "-- pilot-discovery request GET "+document)
	conditions := make([]string, 0, len(patterns))
	for _, pattern := range patterns {
		conditions = append(conditions, "[[ $status =~ "+pattern+" ]]")
	}
	return "for pod in $(" + kubectlHere("--namespace="+names.System, "get pods --selector="+names.IstiodSelector, "--output=name") + "); do\n" +
		"  for try in {1..120}; do\n" +
		"    status=$(" + ask + " | tr -d ' \\n') || true\n" +
		"    if " + strings.Join(conditions, " && ") + "; then break; fi\n" +
		`    if [ "$try" = 120 ]; then echo "$pod ` + complaint + `: $status" >&2; exit 1; fi` + "\n" +
		"    sleep 1\n  done\ndone"
}

func clusterNames(clusters []fleet.ClusterSpec) []string {
	all := make([]string, 0, len(clusters))
	for _, cluster := range clusters {
		all = append(all, cluster.Name)
	}
	slices.Sort(all)
	return all
}

func namesOf(clusters []fleet.ClusterSpec) string {
	if len(clusters) == 0 {
		return "no other cluster"
	}
	return strings.Join(clusterNames(clusters), ", ")
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
	documents, err := istiodDebug(ctx, client, names.Clusterz)
	if err != nil {
		return nil, err
	}
	all := make([]IstiodRemotes, 0, len(documents))
	for _, one := range documents {
		remotes, err := parseClusterz(one.content)
		if err != nil {
			return nil, err
		}
		all = append(all, IstiodRemotes{Pod: one.pod, Remotes: remotes})
	}
	return all, nil
}

// debugDocument is what one istiod pod answered.
type debugDocument struct {
	pod     string
	content []byte
}

// istiodDebug asks every Ready istiod pod of a cluster for a debug document. A
// cluster without such a pod is an error: nobody could be asked.
func istiodDebug(ctx context.Context, client *kube.Client, path string) ([]debugDocument, error) {
	pods, err := client.Kubernetes.CoreV1().Pods(names.System).List(ctx, metav1.ListOptions{LabelSelector: names.IstiodSelector})
	if err != nil {
		return nil, fmt.Errorf("list istiod pods of cluster %q: %w", client.Name, err)
	}
	var documents []debugDocument
	for i := range pods.Items {
		if !fleet.PodReady(&pods.Items[i]) {
			continue
		}
		target := kube.Target{Namespace: names.System, Pod: pods.Items[i].Name, Container: names.IstiodContainer}
		result, err := client.Exec(ctx, target, kube.ExecOptions{Command: []string{"pilot-discovery", "request", "GET", path}})
		if err != nil {
			return nil, err
		}
		if result.ExitCode != 0 {
			return nil, fmt.Errorf("ask %s on cluster %q for %s: exit code %d: %s", target, client.Name, path, result.ExitCode, result.Stderr)
		}
		documents = append(documents, debugDocument{pod: target.Pod, content: result.Stdout})
	}
	if len(documents) == 0 {
		return nil, fmt.Errorf("cluster %q has no Ready istiod pod", client.Name)
	}
	return documents, nil
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

// AwaitSynced waits until every istiod pod of a cluster is synced with the given
// remote clusters, whatever others it has.
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
		if count != len(others) {
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
