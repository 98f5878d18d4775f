package preflight

import (
	"context"
	"fmt"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/checks"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// Options say what for the fleet is looked at.
type Options struct {
	CA cell.CA
	// Namespace of the sample programs.
	Namespace string
	// Existing is true where that namespace was made beforehand.
	Existing bool
	// Pods are like those of the run; they are tried in a namespace made beforehand.
	Pods []*corev1.Pod
	// Reuse is for a run that makes no mesh but expects one.
	Reuse bool
	// Looking is for somebody who has described no run: what one would need to be given is a
	// fact about the clusters, and no reason to refuse them.
	Looking bool
	// Asmcli is true where asmcli makes the remote secrets.
	Asmcli bool
	// Accept are findings that the fleet's owners live with.
	Accept []checks.Acceptance
	// Bounds for the reads; the zero value means kube.ReadingBounds.
	Bounds kube.Bounds
}

// use is what the run needs rights for.
func (o Options) use() Use {
	use := Use{Purpose: Install, Namespace: o.Namespace, Existing: o.Existing, Asmcli: o.Asmcli}
	if o.Reuse {
		use.Purpose = Verify
	}
	return use
}

// Run looks at all clusters in parallel and judges what it found. It changes nothing and
// never fails: what could not be read is a check that is unknown. The clusters may be
// connected with fleet.Options.Tolerate.
func Run(ctx context.Context, clusters []*fleet.Cluster, opts Options) Result {
	if opts.Bounds == (kube.Bounds{}) {
		opts.Bounds = kube.ReadingBounds()
	}
	var snapshot *istio.Snapshot
	missing := make([][]Right, len(clusters))
	unasked := make([]error, len(clusters))
	var group sync.WaitGroup
	group.Go(func() { snapshot = istio.Take(ctx, clusters, istio.Options{Namespace: opts.Namespace}) })
	for i, cluster := range clusters {
		group.Go(func() { missing[i], unasked[i] = missingRights(ctx, cluster, opts) })
	}
	group.Wait()
	snapshot.Asked.CA = string(opts.CA)
	rows := judge(snapshot, opts.Accept)
	beside := notTried(snapshot)
	for i, cluster := range clusters {
		identity, why := snapshot.Clusters[i].Identity.Get()
		if cluster.Client == nil || identity.UID == "" {
			// Of a cluster that takes the user and tells nothing, only the rights can be asked.
			if why != nil && why.Reason == istio.Forbidden {
				rows = append(rows, question{cluster: cluster, opts: opts}.rights(missing[i], unasked[i]))
			}
			continue
		}
		q := question{cluster: cluster, read: &snapshot.Clusters[i], opts: opts}
		rows = append(rows, q.rights(missing[i], unasked[i]))
		if slices.Contains(beside, cluster.Name) {
			continue // what a run would find there is beside the point
		}
		rows = append(rows, q.settled(), q.certProvider(), q.existing(ctx))
		if opts.Existing {
			rows = append(rows, q.admission(ctx))
		}
	}
	return newResult(rows)
}

// Judge asks the same of a snapshot, but for what only the clusters can answer.
func Judge(snapshot *istio.Snapshot) Result { return newResult(judge(snapshot, nil)) }

// beginnings are the checks without which no run makes sense: what they find is refused.
// What a run is there to find out (gateways, discovery, traffic) is not among them.
func beginnings() []checks.Check {
	ids := []string{
		"EW0101", "EW0102", "EW0103", "EW0104",
		"EW0201", "EW0202", "EW0203", "EW0204", "EW0205", "EW0206", "EW0207", "EW0209",
		"EW0301", "EW0310", "EW0401", "EW0402", "EW0406",
		"EW0504", "EW0505", "EW0506", "EW0507", "EW0508", "EW0513", "EW0514",
		"EW0601", "EW0604", "EW0605",
	}
	return slices.DeleteFunc(checks.All(), func(c checks.Check) bool { return !slices.Contains(ids, c.ID) })
}

// judge turns the answers of the checks into rows.
func judge(snapshot *istio.Snapshot, accept []checks.Acceptance) []Check {
	var rows []Check
	acceptances := checks.NewAcceptances(accept, snapshot.Taken)
	for _, expired := range acceptances.Expired() {
		rows = append(rows, Check{
			ID: idAccept, Cluster: expired.Cluster, Status: Refused, Found: "an acceptance has expired: " + expired.String(), Do: "renew it in the fleet file or take it out",
		})
	}
	asked := map[string]bool{}
	for i := range snapshot.Clusters {
		if _, why := snapshot.Clusters[i].Identity.Get(); why == nil {
			asked[snapshot.Clusters[i].Name] = true
		}
	}
	unsupported := checks.FindUnsupported(snapshot)
	for _, u := range unsupported {
		rows = append(rows, Check{
			ID: idSupported, Cluster: u.Cluster, Status: Refused, Found: u.Kind + ": " + u.Found,
			Do: "leave the cluster out of the fleet: a run can neither set up such a mesh nor judge it",
		})
	}
	rows = append(rows, served(snapshot)...)
	for _, answer := range checks.Run(snapshot, beginnings()) {
		for _, finding := range checks.Judged(answer.Findings, unsupported) {
			if acceptances.Take(finding) {
				by := acceptances.Accepted[len(acceptances.Accepted)-1].By
				rows = append(rows, Check{ID: finding.Check, Cluster: finding.Cluster, Status: OK, Found: finding.Found, Accepted: by.By()})
				continue
			}
			rows = append(rows, Check{
				ID: finding.Check, Cluster: finding.Cluster, Status: statusOf(snapshot, finding), Found: finding.Found, Do: finding.Fix.Text, Commands: finding.Fix.Commands,
			})
		}
		for _, unread := range answer.Unread {
			if !asked[unread.Cluster] {
				continue // EW0101 says so
			}
			status := Unknown
			if answer.Check.Severity != checks.Error {
				status = OK // worth a line, and no reason to stop
			}
			rows = append(rows, Check{ID: answer.Check.ID, Cluster: unread.Cluster, Status: status, Found: "could not look: " + unread.Unknown.String(), Do: unreadAdvice})
		}
		if len(answer.Findings)+len(answer.Unread) > 0 {
			continue
		}
		row := Check{ID: answer.Check.ID, Status: OK, Found: answer.Check.Question + " Nothing was found."}
		if reached := len(asked); reached < len(snapshot.Clusters) {
			row.Status, row.Found = Unknown, fmt.Sprintf("%s Only %d of %d clusters could be asked.", answer.Check.Question, reached, len(snapshot.Clusters))
		}
		rows = append(rows, row)
	}
	return rows
}

const unreadAdvice = "see that the user may read it, and try again"

// statusOf is what a finding means for a run. A cluster that does not answer may do so
// tomorrow: that is not wrong, but unknown.
func statusOf(snapshot *istio.Snapshot, finding checks.Finding) Status {
	for i := range snapshot.Clusters {
		_, why := snapshot.Clusters[i].Identity.Get()
		if snapshot.Clusters[i].Name == finding.Cluster && why != nil && why.Reason == istio.Unanswered {
			return Unknown
		}
	}
	switch finding.Severity {
	case checks.Error:
		return Refused
	case checks.Warning:
		return Warning
	default:
		return OK
	}
}
