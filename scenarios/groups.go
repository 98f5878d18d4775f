package scenarios

import (
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

// groups parts versions by what a caller's calls can show. A gateway passes connections on,
// not requests, and the caller's proxy keeps its connections: behind the gateways of a
// network, one pod of any of its clusters may answer all that comes over a connection. So
// the versions of clusters that share another network than the caller's count together.
// Pods of the caller's own network are called one by one.
func groups(f *fleet.Fleet, source *fleet.Cluster, versions []string) [][]string {
	var all [][]string
	at := map[string]int{}
	for _, cluster := range f.Clusters {
		if !slices.Contains(versions, cluster.Version) {
			continue
		}
		if i, shared := at[cluster.Network]; shared && cluster.Network != source.Network {
			all[i] = append(all[i], cluster.Version)
			continue
		}
		at[cluster.Network] = len(all)
		all = append(all, []string{cluster.Version})
	}
	return all
}

// sharesOf expects from each group as many calls as its versions would get one by one.
func sharesOf(groups [][]string) []verdict.Share {
	versions := 0
	for _, group := range groups {
		versions += len(group)
	}
	var shares []verdict.Share
	for _, group := range groups {
		share := verdict.Share{Version: strings.Join(group, " or "), Part: float64(len(group)) / float64(versions)}
		if len(group) > 1 {
			share.Of = group
		}
		shares = append(shares, share)
	}
	return shares
}

// unseen are the versions of groups of several that answered no call.
func unseen(counts verdict.Counts, groups [][]string) []string {
	var missing []string
	for _, group := range groups {
		for _, version := range group {
			if len(group) > 1 && counts.Versions[version] == 0 {
				missing = append(missing, version)
			}
		}
	}
	return missing
}
