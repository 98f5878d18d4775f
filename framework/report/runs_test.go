package report

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

var start = time.Date(2026, 9, 1, 22, 15, 0, 0, time.UTC)

const theGuide = "guide lines 258-298 (A10d); shares: Istio's default LEAST_REQUEST over equal endpoints"

// healthyRun is a whole run on the lab that found nothing wrong.
func healthyRun() Run {
	r := Run{
		ID: "ew-7f3a", Started: start, Ended: start.Add(41300 * time.Millisecond), Command: []string{"eastwest", "verify", "--on", "lab"},
		Cell:             Cell{Platform: "lab", CA: "istio", Environment: "lab", DataPlane: "envoy", DataPlaneVersion: "1.39.3", DataPlaneName: "upstream Envoy 1.39.3", DataPlaneLacks: "there are no istio_* metrics."},
		ErrorProbability: 1e-6,
		Clusters: []Cluster{
			{Name: "cluster1", Network: "network1", Revision: "default", Version: "v1", KubernetesVersion: "v1.36.1", IstioVersion: "1.31", Gateway: "172.30.0.240"},
			{Name: "cluster2", Network: "network2", Revision: "default", Version: "v2", KubernetesVersion: "v1.36.1", IstioVersion: "1.31", Gateway: "172.30.0.241"},
		},
		Components: []Component{
			{Name: "kubernetes", Version: "v1.36.1"},
			{Name: "istiod", Version: "1.31"},
			{Name: "containerd", Version: "v2.4.2"},
			{Name: "envoy", Version: "1.39.3"},
		},
		Phases: []Phase{
			{Name: "clusters ready", Start: start, Duration: 9200 * time.Millisecond},
			{Name: "istiod", Start: at(9.2), Duration: 8100 * time.Millisecond},
			{Name: "east-west gateways", Start: at(17.3), Duration: 6400 * time.Millisecond},
			{Name: "first cross-cluster answer", Start: at(23.7), Duration: 4800 * time.Millisecond},
			{Name: "samples", Start: at(28.5), Duration: 2100 * time.Millisecond},
			{Name: "clean-up", Start: at(30.6), Duration: 10700 * time.Millisecond},
		},
		Waits: []Wait{{For: "east-west gateway has an address", Cluster: "cluster1", Bound: 2 * time.Minute, Took: 310 * time.Millisecond, Met: true}},
		Cases: []Case{
			step("gateway", "Install the east-west gateway", "cluster1", Passed), step("gateway", "Install the east-west gateway", "cluster2", Passed),
			step("expose", "Expose the services of every cluster", "cluster1", Passed), step("expose", "Expose the services of every cluster", "cluster2", Passed),
			step("create-mesh", "Exchange endpoint discovery between all clusters", "", Passed),
			{
				ID: "both-directions", Name: "Every cluster is answered by every cluster", Kind: KindScenario, Status: Passed, Start: at(23.7), Duration: 6900 * time.Millisecond,
				Promise: "calls from each cluster are answered by the versions of all clusters, each as often as the others", Source: theGuide,
				Samples: []Sample{sample("cluster1", []int{25, 23}), sample("cluster2", []int{22, 26})},
			},
			{ID: "plaintext-refused", Name: "Plaintext is refused where mutual TLS is STRICT", Kind: KindScenario, Status: Passed, Start: at(30.1), Duration: 420 * time.Millisecond, Notes: []string{"positive control answered"}},
			{ID: "any-number-of-clusters", Name: "Any number of clusters", Kind: KindScenario, Status: Unsupported, Message: "needs 3 clusters, the fleet has 2"},
			{ID: "clean-up", Name: "Leave the clusters as they were", Kind: KindCleanup, Status: Passed, Start: at(30.6), Duration: 10700 * time.Millisecond},
		},
	}
	r.Outcome, r.Reasons = Outcome(r.Cases)
	return r
}

// rehearsedRun is a rehearsal of AWS with Mesh CA in which nothing crosses the clusters.
func rehearsedRun() Run {
	r := healthyRun()
	r.ID, r.Cell.Platform, r.Cell.CA, r.Cell.Rehearsal = "ew-91c0", "aws", "meshca", true
	r.Cell.Imitated = []string{"the load balancer gives a gateway a host name with 3 addresses"}
	r.Cell.NotImitated = []string{"Elastic Load Balancing itself"}
	r.Clusters[0].Gateway = "cluster1.elb.eastwest.test"
	r.Waits = append(r.Waits, Wait{For: "an answer from every version", Cluster: "cluster1", Bound: time.Minute, Took: time.Minute})
	r.Evidence = []string{"diagnosis/findings.txt", "diagnosis/snapshot.json", "diagnosis/cluster1/istiod-7c9d.log", "diagnosis/cluster2/istiod-5f6b.log"}
	broken := sample("cluster1", []int{48, 0})
	for i := range 3 {
		broken.Calls[7*i+2] = Call{Status: 503, Latency: 10*time.Second + time.Duration(i)*time.Millisecond}
	}
	broken.Calls[30] = Call{Error: "timed out (curl exit 28)", Latency: 15 * time.Second}
	broken.Verdict = judged(broken)
	r.Cases[5].Status, r.Cases[5].Samples[0] = Failed, broken
	r.Cases[5].Message = `from cluster1: version "v2" never answered`
	r.Cases[6] = Case{ID: "plaintext-refused", Name: "Plaintext is refused where mutual TLS is STRICT", Kind: KindScenario, Status: Errored, Message: "the positive control did not answer: nothing can be said", Start: at(30.1), Duration: time.Second}
	r.Cases = append(r.Cases, Case{ID: "remote-secret-removed", Name: "A removed remote secret", Kind: KindScenario, Status: Skipped, Message: "an earlier scenario failed", Start: at(31)})
	r.Findings = []Finding{{
		Check: "EW0501", Title: "A cluster has no remote secret for another", Severity: "error", Cluster: "cluster1", Pairs: []string{"cluster1 -> cluster2"},
		Found: "cluster1 has no remote secret for cluster2", Want: "a Secret in istio-system with the label istio/multiCluster=true",
		Fix: "run create-mesh again with all clusters, or make the one that is missing:", Commands: []string{"istioctl create-remote-secret --name=cluster2 | kubectl --context=cluster1 apply --filename=-"},
	}}
	r.Outcome, r.Reasons = Outcome(r.Cases)
	return r
}

// fleetRun is a run on real clusters with Envoy: nothing was imitated. Its owners live with
// a scenario that fails and with what is behind it.
func fleetRun() Run {
	r := healthyRun()
	r.ID, r.Cell = "ew-c2d4", Cell{Platform: "eks", CA: "istio", Environment: "fleet", DataPlane: "envoy", DataPlaneVersion: "1.34.2", DataPlaneName: "Envoy 1.34.2 from docker.io/istio/proxyv2:1.26.1@sha256:6b5f"}
	r.Components = r.Components[:3]
	for _, object := range []string{"ConfigMap factory/orders", "Deployment factory/press", "Service factory/press", "Secret factory/press-key"} {
		r.Cases[8].Notes = append(r.Cases[8].Notes, "changed by others during the run: cluster1: "+object)
	}
	const by = "by mesh-team@factory.example until 2027-03-31 (hall-2 moves with its next window)"
	r.Cases[6].Status, r.Cases[6].Message, r.Cases[6].Accepted, r.Cases[6].Notes = Accepted, "a caller without a sidecar was answered", by, nil
	r.Findings = []Finding{
		{Check: "EW0204", Title: "A control plane of an old version", Severity: "warning", Cluster: "cluster1", Found: "cluster1 runs 1.26, cluster2 1.28", Fix: "bring both to one version"},
		{Check: "EW0703", Title: "Mutual TLS differs", Severity: "error", Cluster: "cluster2", Found: "cluster2 takes plaintext", Accepted: by},
	}
	r.Notes = []string{"scenario gateway-crossing, accepted " + by + ": it passed; take this out of the fleet file once it is not needed"}
	r.Outcome, r.Reasons = Outcome(r.Cases)
	return r
}

// comparedRun compares revision canary, which runs in cluster1 only, with default: calls from it to
// what runs only in cluster2 fail.
func comparedRun() Run {
	r := healthyRun()
	r.ID, r.Command = "ew-4be1", []string{"eastwest", "verify", "--on", "lab", "--suite", "revisions", "--revision", "default,canary"}
	old, canary := CellSide{Cluster: "cluster1", Arm: "old", Revision: "default"}, CellSide{Cluster: "cluster1", Arm: "new", Revision: "canary"}
	remote, everywhere := CellSide{Cluster: "cluster2", Arm: "old", Revision: "default"}, CellSide{Arm: "old", Revision: "default"}
	const only, all = "only-2.sample-old.svc.cluster.local", "everywhere.sample-old.svc.cluster.local"
	compared := &Compared{
		Old: "default", New: "canary", Extent: "standard", Blocks: 30, CallsPerBlock: 48, Margin: 0.005, FalseWorse: 1e-6, FalseNoWorse: 1e-3, Seed: 7,
		Converge: 61 * time.Second, Measure: 95 * time.Second,
		Cells: []ComparedCell{
			{Source: old, Destination: everywhere, Service: all, Stage: 1, Sent: 1440, Outcome: CellBaseline, Bound: 0.0049, Answers: map[string]int{"cluster1": 711, "cluster2": 729}},
			{Source: old, Destination: remote, Service: only, Stage: 1, Sent: 1440, Outcome: CellBaseline, Bound: 0.0049, Answers: map[string]int{"cluster2": 1440}},
			{Source: canary, Destination: everywhere, Service: all, Stage: 1, Sent: 1440, Outcome: CellNoWorse, Bound: 0.0049, Why: []string{"0 of 1440 calls failed, of the baseline's 0 of 1440"}, Answers: map[string]int{"cluster1": 720, "cluster2": 720}},
			{Source: canary, Destination: remote, Service: only, Stage: 1, Sent: 1440, Failed: 1440, Outcome: CellWorse, Bound: 1, Why: []string{"1440 of 1440 calls failed, of the baseline's 0 of 1440"}, Errors: map[string]int{"HTTP status 503 upstream connect error": 1440}},
			{Source: remote, Destination: everywhere, Service: all, Stage: 1, Sent: 1439, Lost: 1, Outcome: CellCouldNotTell, Why: []string{"the probe lost 1 calls: lost: exit code 1"}, Errors: map[string]int{"lost: exit code 1": 1}},
			{Source: CellSide{Cluster: "cluster2", Arm: "new", Revision: "canary"}, Destination: everywhere, Service: all, Outcome: CellNotTaken, Why: []string{"revision canary does not run there"}},
		},
	}
	c := Case{ID: "mixed-revisions", Name: "Every mix", Kind: KindScenario, Status: Failed, Start: at(23.7), Duration: 3 * time.Minute, Compared: compared}
	c.Message = Broken(*compared)[0]
	r.Cases = append(slices.Clone(r.Cases[:5]), c, r.Cases[8])
	r.Outcome, r.Reasons = Outcome(r.Cases)
	return r
}

// hostileRun has markup, escape sequences and line breaks in every string that a cluster can choose.
func hostileRun() Run {
	const evil = "<script>alert(1)</script>&\"'|`*_[x](javascript:y)\x1b[31mred\x00\n\u202Eend ]]> @all"
	r := rehearsedRun()
	r.ID, r.Reasons, r.Command = evil, []string{evil}, []string{evil}
	r.Cell.Platform, r.Cell.DataPlane, r.Cell.DataPlaneVersion, r.Cell.DataPlaneName, r.Cell.DataPlaneLacks, r.Cell.ClustersLack = evil, evil, evil, evil, evil, evil
	r.Clusters[0] = Cluster{Name: evil, Network: evil, Revision: evil, Version: evil, KubernetesVersion: evil, IstioVersion: evil, Gateway: evil}
	r.Components = []Component{{Name: evil, Version: evil}}
	r.Phases[0].Name = evil
	r.Waits[0].For = evil
	r.Findings = []Finding{{Check: evil, Title: evil, Severity: evil, Cluster: evil, Pairs: []string{evil}, Because: evil, Found: evil, Want: evil, Fix: evil, Commands: []string{evil}}, {Check: evil, Found: evil, Accepted: evil}}
	r.Notes = []string{evil}
	r.Evidence = []string{evil, "diagnosis/" + evil, "/etc/passwd", "../../etc/passwd", `diagnosis\..\..\x`, "javascript:alert(1)", "diagnosis/a b%2e?x#y:<i>.log"}
	c := &r.Cases[5]
	c.ID, c.Name, c.Cluster, c.Promise, c.Source, c.Message, c.Notes = evil, evil, evil, evil, evil, evil, []string{evil}
	r.Cases[6].Status, r.Cases[6].Message, r.Cases[6].Accepted = Accepted, evil, evil
	side := CellSide{Cluster: evil, Arm: evil, Revision: evil}
	c.Compared = &Compared{Old: evil, New: evil, Extent: evil, Cells: []ComparedCell{
		{Source: side, Destination: side, Service: evil, Sent: 1, Outcome: CellOutcome(evil), Why: []string{evil}, Answers: map[string]int{evil: 1}, Errors: map[string]int{evil: 1}},
		{Source: side, Destination: CellSide{}, Service: evil, Sent: 1, Outcome: CellWorse, Why: []string{evil}, Errors: map[string]int{evil: 1}},
	}}
	s := &c.Samples[0]
	s.Source, s.URL, s.Calls[0].Version, s.Verdict.Reasons = evil, evil, evil, []string{evil}
	return r
}

func at(seconds float64) time.Time {
	return start.Add(time.Duration(seconds * float64(time.Second)))
}

func step(id, name, cluster string, status Status) Case {
	return Case{ID: id, Name: name, Kind: KindStep, Cluster: cluster, Status: status, Start: at(17.3), Duration: 3200 * time.Millisecond}
}

// sample makes calls that v1, v2, ... answer as often as given, in a fixed random order.
func sample(source string, answers []int) Sample {
	rng := rand.New(rand.NewPCG(7, uint64(source[len(source)-1])))
	s := Sample{Source: source, URL: "http://helloworld.sample:5000/hello", Converge: 1240 * time.Millisecond}
	for i, n := range answers {
		version := []string{"v1", "v2", "v3"}[i]
		for range n {
			s.Calls = append(s.Calls, Call{
				Status: 200, Version: version, Instance: "helloworld-" + version + "-7d9c",
				Latency: time.Duration(900+400*i+rng.IntN(2500)) * time.Microsecond,
			})
		}
	}
	rng.Shuffle(len(s.Calls), func(i, j int) { s.Calls[i], s.Calls[j] = s.Calls[j], s.Calls[i] })
	s.Size, s.Verdict = len(s.Calls), judged(s)
	return s
}

func judged(s Sample) verdict.Verdict {
	var answers []verdict.Answer
	for _, c := range s.Calls {
		answers = append(answers, verdict.Answer{Status: c.Status, Version: c.Version, Unsound: c.Unsound})
	}
	e := verdict.Expectation{Shares: verdict.EqualShares("v1", "v2"), Sources: 2, ErrorProbability: 1e-6}
	return verdict.Judge(e, verdict.Tally(answers))
}
