package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/report"
)

func checkAPI(fleet []Facts) []report.Finding {
	var found []report.Finding
	owner := map[string]string{}
	for _, facts := range fleet {
		name := facts.Cluster.Name
		if facts.APIError != "" {
			found = append(found, report.Finding{
				Cluster: name, Found: "the API server does not answer: " + facts.APIError,
				Want: "the API server answers", Remedy: remedyAPI(facts.Cluster),
			})
			continue
		}
		if first, twice := owner[facts.UID]; twice && facts.UID != "" {
			found = append(found, report.Finding{
				Cluster: name, Found: fmt.Sprintf("%s and %s are one and the same cluster (kube-system has UID %s in both)", first, name, facts.UID),
				Want: "different clusters", Remedy: remedySameCluster,
			})
		}
		owner[facts.UID] = name
	}
	return found
}

func checkInstall(fleet []Facts) []report.Finding {
	var found []report.Finding
	ids := map[string]string{}
	for _, facts := range reached(fleet) {
		name := facts.Cluster.Name
		if facts.Unanswered != "" {
			found = append(found, report.Finding{
				Cluster: name, Found: facts.Unanswered, Want: "commands in pods end at once",
				Remedy: remedyKubelet(facts.Cluster),
			})
		}
		if problem := istiodProblem(facts); problem != "" {
			found = append(found, report.Finding{
				Cluster: name, Found: problem, Want: "at least one istiod pod is ready",
				Remedy: remedyIstiod(facts.Cluster),
			})
			continue
		}
		id := clusterID(facts)
		if first, twice := ids[id]; twice && id != "" {
			found = append(found, report.Finding{
				Cluster: name, Cause: "F-14",
				Found: fmt.Sprintf("istiod's CLUSTER_ID is %q, as in %s", id, first),
				Want:  "a cluster ID of its own in each cluster", Remedy: remedyClusterID,
			})
		}
		ids[id] = name
	}
	return found
}

// istiodProblem says why no istiod of the cluster can serve; empty when one can.
func istiodProblem(facts Facts) string {
	if !facts.NamespaceFound {
		return "the namespace istio-system does not exist"
	}
	if unread(facts, "istiod") {
		return ""
	}
	if len(facts.Istiods) == 0 {
		return "there is no istiod pod (label app=istiod) in istio-system"
	}
	var states []string
	for _, istiod := range facts.Istiods {
		if istiod.Ready {
			return ""
		}
		states = append(states, describePod(istiod.Pod))
	}
	return "no istiod is ready: " + strings.Join(states, "; ")
}

// clusterID is what istiod calls its own cluster.
func clusterID(facts Facts) string {
	for _, istiod := range facts.Istiods {
		if id := istiod.Env["CLUSTER_ID"]; id != "" && istiod.Ready {
			return id
		}
	}
	return ""
}

func describePod(pod Pod) string {
	switch {
	case pod.Reason != "":
		return fmt.Sprintf("pod %s is not ready: %s", pod.Name, pod.Reason)
	case !pod.Ready:
		return fmt.Sprintf("pod %s is not ready", pod.Name)
	default:
		return fmt.Sprintf("pod %s is ready", pod.Name)
	}
}

// unread reports whether something with this prefix could not be read, so that
// its absence proves nothing.
func unread(facts Facts, what string) bool {
	return slices.ContainsFunc(facts.Unread, func(line string) bool { return strings.HasPrefix(line, what) })
}
