package checks

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0509() Check {
	return Check{
		ID: "EW0509", Severity: Error,
		Title:    "An istiod is not synced with another cluster",
		Question: "Is every istiod in use synced with every other cluster of the fleet?",
		Why:      "Its proxies have no endpoint of the other cluster, or those of the time when it still was.",
		Source:   "https://istio.io/latest/docs/ops/diagnostic-tools/multicluster/",
		Explains: []string{"EW0413", "EW0512", "EW08"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				l.others(c, func(other *istio.Cluster) { notSynced(l, c, other) })
			})
		},
	}
}

func notSynced(l *Look, c, other *istio.Cluster) {
	istiods, ok := Need(l, c, c.Istiods)
	secrets, read := Need(l, c, c.RemoteSecrets)
	if !ok || !read {
		return
	}
	var lagging []string
	var of istio.Istiod
	id := ""
	for _, istiod := range serving(c, istiods) {
		remotes, _ := Need(l, c, istiod.Remotes)
		same := remotesOf(remotes, secrets, other)
		if len(same) == 0 || slices.ContainsFunc(same, func(r istio.Remote) bool { return r.Status == names.Synced }) {
			continue
		}
		of, id = istiod, same[0].ID
		lagging = append(lagging, fmt.Sprintf("istiod %s reports %s (Secret %s) as %q", istiod.Name, same[0].ID, same[0].Secret, same[0].Status))
	}
	if len(lagging) == 0 {
		return
	}
	l.Find(Finding{
		Cluster: c.Name, Pairs: l.reads(c, other),
		Found: fmt.Sprintf("%s is not synced with %s: %s", c.Name, other.Name, wordsOf(lagging)),
		Want:  names.Synced,
		Fix: Fix{
			Text: fmt.Sprintf("istiod's pod must reach the API server of %s and be let in: check address, firewall, certificate and token of the remote secret; istiod's log has the error. Make the Secret again where it is wrong; where it was put right since, older releases need a restart of istiod:", other.Name),
			Commands: []string{
				kubectl(c, "logs --namespace="+quote(of.Namespace), quote(of.Name), "--container="+names.IstiodContainer) + " | grep --fixed-strings " + quote(id),
				makeSecretAs(c, other, id),
				restartIstiod(c, of),
			},
		},
	})
}
