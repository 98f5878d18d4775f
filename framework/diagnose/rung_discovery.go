package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/report"
)

// checkDiscovery follows how one cluster comes to know the others: the remote
// secrets, what they lead to, what istiod says of them, and the Service that
// the caller's name resolution needs.
func checkDiscovery(fleet []Facts) []report.Finding {
	var found []report.Finding
	for _, facts := range reached(fleet) {
		if !facts.NamespaceFound {
			continue
		}
		if !unread(facts, "remote secrets") {
			found = append(found, secretProblems(facts, fleet)...)
		}
		found = append(found, syncProblems(facts, fleet)...)
		// In a namespace that was made beforehand there may be neither caller nor HelloWorld.
		if facts.Sample.Found && !facts.Sample.ServiceFound && len(facts.Sample.Pods) > 0 {
			found = append(found, report.Finding{
				Cluster: facts.Cluster.Name, Cause: "F-24",
				Found: fmt.Sprintf("there is no Service helloworld in namespace %s: its name does not resolve here", facts.Sample.Namespace),
				Want:  "the Service in every cluster that calls it", Remedy: remedyService(facts.Sample.Namespace),
			})
		}
	}
	return found
}

// secretProblems compares the remote secrets with the other clusters of the fleet.
func secretProblems(facts Facts, fleet []Facts) []report.Finding {
	var found []report.Finding
	owners := map[string]string{}
	for _, secret := range facts.Secrets {
		if !slices.ContainsFunc(secret.Entries, func(e RemoteEntry) bool { return ofFleet(e, fleet) }) {
			continue // a cluster of the mesh that is not in the fleet: see outside
		}
		found = append(found, misplaced(facts, secret)...)
		for _, entry := range secret.Entries {
			found = append(found, badServer(facts, secret, entry)...)
			if first, twice := owners[entry.ID]; twice && counts(secret) {
				found = append(found, report.Finding{
					Cluster: facts.Cluster.Name, Cause: "F-15",
					Found: fmt.Sprintf("secrets %s and %s are both for cluster ID %q: istiod ignores the second", first, secret.Name, entry.ID),
					Want:  "one remote secret for each cluster", Remedy: remedyTwice(facts.Cluster, entry.ID, first, secret.Name),
				})
			}
			if counts(secret) {
				owners[entry.ID] = secret.Name
			}
		}
	}
	for _, other := range fleet {
		if other.Cluster.Name == facts.Cluster.Name || hasSecretFor(facts.Secrets, other, everywhere) {
			continue
		}
		found = append(found, report.Finding{
			Cluster: facts.Cluster.Name, Cause: "F-08",
			Found: fmt.Sprintf("there is no remote secret for cluster %s in istio-system: istiod here cannot see its endpoints", other.Cluster.Name),
			Want:  "a secret istio-system/istio-remote-secret-" + other.Cluster.Name + " with label istio/multiCluster=true", Remedy: remedyRemoteSecret(facts.Cluster, other.Cluster),
		})
	}
	return found
}

// counts reports whether istiod reads this secret.
func counts(secret RemoteSecret) bool { return secret.Labelled && secret.Namespace == "istio-system" }

func everywhere(RemoteSecret) bool { return true }

// hasSecretFor finds a secret for the other cluster by its ID or its server.
func hasSecretFor(secrets []RemoteSecret, other Facts, only func(RemoteSecret) bool) bool {
	for _, secret := range secrets {
		if only(secret) && slices.ContainsFunc(secret.Entries, func(e RemoteEntry) bool { return leadsTo(e, other) }) {
			return true
		}
	}
	return false
}

// leadsTo reports whether an entry is for the cluster. create-mesh names its
// secrets after kubeconfig contexts, so that the ID alone may differ from what
// the cluster calls itself.
func leadsTo(entry RemoteEntry, cluster Facts) bool {
	return entry.ID == cluster.Cluster.Name ||
		entry.ID != "" && entry.ID == clusterID(cluster) ||
		entry.Server != "" && entry.Server == cluster.Cluster.Server
}

// misplaced finds secrets that look like remote secrets but that istiod does not read.
func misplaced(facts Facts, secret RemoteSecret) []report.Finding {
	var what, want string
	switch {
	case !secret.Labelled:
		what, want = "has no label istio/multiCluster=true, so istiod does not read it", "label istio/multiCluster=true"
	case secret.Namespace != "istio-system":
		what, want = "is in namespace "+secret.Namespace+", where istiod does not look", "namespace istio-system"
	default:
		return nil
	}
	return []report.Finding{{
		Cluster: facts.Cluster.Name, Cause: "F-09",
		Found: fmt.Sprintf("remote secret %s/%s %s", secret.Namespace, secret.Name, what),
		Want:  want, Remedy: remedyMisplaced(facts.Cluster, secret),
	}}
}

func badServer(facts Facts, secret RemoteSecret, entry RemoteEntry) []report.Finding {
	finding := report.Finding{
		Cluster: facts.Cluster.Name, Cause: "F-10",
		Want:   "the URL of an API server that istiod's pod can reach",
		Remedy: remedyServer(entry.ID),
	}
	switch {
	case entry.Broken != "":
		finding.Cause = "F-09"
		finding.Found = fmt.Sprintf("remote secret %s: the kubeconfig for %q cannot be read: %s", secret.Name, entry.ID, entry.Broken)
	case fleet.Loopback(entry.Server):
		finding.Found = fmt.Sprintf("remote secret %s leads to %s: that is istiod's own pod, not cluster %s", secret.Name, entry.Server, entry.ID)
	default:
		return nil
	}
	return []report.Finding{finding}
}

// syncProblems looks at what every istiod pod says of the remote clusters; a
// pod of several may lag behind (cause F-37).
func syncProblems(facts Facts, fleet []Facts) []report.Finding {
	var found []report.Finding
	for _, istiod := range facts.Istiods {
		if !istiod.Ready || !istiod.RemotesKnown {
			continue
		}
		for _, remote := range istiod.Remotes {
			if remote.Status == "synced" {
				continue
			}
			found = append(found, report.Finding{
				Cluster: facts.Cluster.Name, Cause: "F-10",
				Found: fmt.Sprintf("istiod pod %s reports cluster %s (secret %s) as %q", istiod.Name, remote.ID, remote.Secret, remote.Status),
				Want:  "synced", Remedy: remedySync(facts.Cluster.Name, remote.ID),
			})
		}
		for _, other := range fleet {
			if other.Cluster.Name == facts.Cluster.Name || !hasSecretFor(facts.Secrets, other, counts) || knows(istiod, other) {
				continue
			}
			found = append(found, report.Finding{
				Cluster: facts.Cluster.Name, Cause: "F-37",
				Found: fmt.Sprintf("istiod pod %s does not list cluster %s, although there is a remote secret for it", istiod.Name, other.Cluster.Name),
				Want:  "every istiod pod lists every other cluster", Remedy: remedyRestart(facts.Cluster, "istio-system"),
			})
		}
	}
	return found
}

func knows(istiod Istiod, other Facts) bool {
	return slices.ContainsFunc(istiod.Remotes, func(r Remote) bool {
		return r.ID == other.Cluster.Name || r.ID == clusterID(other) ||
			strings.HasSuffix(r.Secret, "istio-remote-secret-"+other.Cluster.Name)
	})
}

// ofFleet is true for an entry that leads to a cluster of the fleet, or says that it
// does. One that cannot be read may be anybody's, and is judged.
func ofFleet(entry RemoteEntry, fleet []Facts) bool {
	return entry.Broken != "" || slices.ContainsFunc(fleet, func(f Facts) bool {
		return leadsTo(entry, f) || entry.ID == f.Cluster.Name || entry.ID == clusterID(f)
	})
}

// outside names the clusters of the mesh that are not of this fleet. They are right as
// they are: also one that does not sync is for its owner to judge.
func outside(facts Facts, fleet []Facts) []string {
	var notes []string
	for _, secret := range facts.Secrets {
		for _, entry := range secret.Entries {
			if ofFleet(entry, fleet) || !counts(secret) {
				continue
			}
			note := fmt.Sprintf("remote secret %s leads to cluster %q, which is of the mesh and not of this fleet", secret.Name, entry.ID)
			if !syncs(facts, entry.ID) {
				note += "; istiod is not synced with it"
			}
			notes = append(notes, note)
		}
	}
	return notes
}

func syncs(facts Facts, id string) bool {
	for _, istiod := range facts.Istiods {
		for _, remote := range istiod.Remotes {
			if remote.ID == id && remote.Status == "synced" {
				return true
			}
		}
	}
	return false
}
