package mesh

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio"
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
				return AwaitSynced(ctx, site.Client, Awaited{Revision: b.opts.Revision, Others: ids}, site.Bounds)
			},
		},
	}
	return append(actions, b.knownGateways(cluster)...)
}

// syncedShell waits by hand until every istiod has read the clusters.
func syncedShell(ids []string) string {
	conditions := make([]string, 0, len(ids))
	for _, id := range ids {
		conditions = append(conditions, fmt.Sprintf(`\"id\":\"%s\",\"secretName\":\"[^\"]+\",\"syncStatus\":\"%s\"`, id, names.Synced))
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

// Awaited is what the istiods of a cluster are to know.
type Awaited struct {
	// Revision is theirs; empty means those of every revision.
	Revision string
	// Others are names of clusters, or of networks.
	Others []string
}

// knowing reads what a cluster's Ready istiods, all or those of a revision, say of other
// clusters: parts is PartRemotes or PartNetworks. A cluster without any is an error: nobody
// could be asked.
func knowing(ctx context.Context, client *kube.Client, revision string, parts istio.Part) ([]istio.Istiod, error) {
	cluster := &fleet.Cluster{ClusterSpec: fleet.ClusterSpec{Name: client.Name}, Client: client}
	all, why := istio.Look(ctx, cluster, parts).Istiods.Get()
	if why != nil {
		return nil, fmt.Errorf("cluster %q: %w", client.Name, why)
	}
	ready := slices.DeleteFunc(slices.Clone(all), func(i istio.Istiod) bool { return !i.Ready || revision != "" && i.Revision != revision })
	if len(ready) == 0 {
		return nil, fmt.Errorf("cluster %q has no Ready istiod pod", client.Name)
	}
	return ready, nil
}

// AwaitSynced waits until every istiod pod of a cluster is synced with the given
// remote clusters, whatever others it has.
func AwaitSynced(ctx context.Context, client *kube.Client, awaited Awaited, bounds kube.Bounds) error {
	others := awaited.Others
	return client.AwaitPoll(ctx, kube.Poll{
		For:   "istiod synced with " + strings.Join(others, ", "),
		Bound: bounds.Sync,
		Hint:  "read istiod's log for the remote cluster's name; the server in the remote secret must be reachable from istiod's pod",
		Ask: func(ctx context.Context) (kube.State, error) {
			istiods, err := knowing(ctx, client, awaited.Revision, istio.PartRemotes)
			if err != nil {
				return kube.State{}, err
			}
			return judgeSynced(istiods, others), nil
		},
	})
}

func judgeSynced(istiods []istio.Istiod, others []string) kube.State {
	state := kube.State{Met: true}
	seen := make([]string, 0, len(istiods))
	for _, istiod := range istiods {
		remotes, why := istiod.Remotes.Get()
		if why != nil {
			state.Met = false
			seen = append(seen, why.String())
			continue
		}
		statuses := make([]string, 0, len(remotes))
		count := 0
		for _, remote := range remotes {
			statuses = append(statuses, remote.ID+" "+remote.Status)
			if remote.Status == names.Synced && slices.Contains(others, remote.ID) {
				count++
			}
		}
		state.Met = state.Met && count == len(others)
		slices.Sort(statuses)
		if len(statuses) == 0 {
			statuses = []string{"no remote cluster"}
		}
		seen = append(seen, istiod.Name+": "+strings.Join(statuses, ", "))
	}
	state.Seen = strings.Join(seen, "; ")
	return state
}
