package run

import (
	"bytes"
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/checks"
	"github.com/eastwest-mesh/eastwest/framework/diagnose"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/workload"
)

// diagnoseBound bounds the diagnosis; what was not read by then is reported as unread.
const diagnoseBound = 2 * time.Minute

// Diagnose reads the fleet as it is now and asks all checks. It only reads.
func (r *Run) Diagnose(ctx context.Context) diagnose.Diagnosis {
	ctx, cancel := context.WithTimeout(ctx, diagnoseBound)
	defer cancel()
	snapshot := diagnose.Take(ctx, r.fleet.Clusters, diagnose.Options{Namespace: r.namespace, Calls: diagnose.Sized, ErrorProbability: r.config.ErrorProbability})
	snapshot.Eastwest = r.config.Version
	diagnosis := diagnose.Judge(snapshot, checks.OfMesh(), checks.OfChecks(r.config.Accept)...)
	r.evidence = append(r.evidence, File{Name: "findings.txt", Content: []byte(diagnosis.Text())})
	var content bytes.Buffer
	if err := snapshot.Save(&content); err == nil {
		r.evidence = append(r.evidence, File{Name: "snapshot.json", Content: content.Bytes()})
	}
	return diagnosis
}

// diagnose puts the findings into the report and keeps the logs that they rest on.
func (r *Run) diagnose(ctx context.Context) {
	if r.fleet == nil || len(r.fleet.Clusters) == 0 {
		return
	}
	r.progress.line("", "diagnosing")
	diagnosis := r.Diagnose(ctx)
	r.report.Findings = diagnosis.Findings()
	for _, cause := range diagnosis.Causes {
		r.progress.line(cause.Cluster, cause.Check+": "+cause.Found)
	}
	for _, unread := range diagnosis.Unread {
		r.progress.line(unread.Cluster, "the diagnosis could not read: "+unread.Unknown.String())
	}
	for _, cluster := range r.fleet.Clusters {
		r.collectLogs(ctx, cluster)
	}
}

// collectLogs keeps the end of the logs of istiod, the gateway and the sample's
// proxies. A log that cannot be read is no evidence, and nothing worse.
func (r *Run) collectLogs(ctx context.Context, cluster *fleet.Cluster) {
	for _, source := range r.logSources() {
		// Pods that are not ready have the most to tell.
		pods, err := cluster.Client.Kubernetes.CoreV1().Pods(source.namespace).List(ctx, metav1.ListOptions{LabelSelector: source.selector})
		if err != nil {
			continue
		}
		for _, pod := range pods.Items {
			target := kube.Target{Namespace: source.namespace, Pod: pod.Name, Container: source.container}
			text, err := cluster.Client.Logs(ctx, target, kube.LogOptions{Since: r.report.Started, TailLines: 500, LimitBytes: 1 << 20})
			if err == nil {
				r.evidence = append(r.evidence, File{Name: cluster.Name + "/" + pod.Name + ".log", Content: text})
			}
		}
	}
}

// logSource is pods and the container whose log is kept.
type logSource struct{ namespace, selector, container string }

func (r *Run) logSources() []logSource {
	sources := []logSource{
		{names.System, names.IstiodSelector, names.IstiodContainer},
		{names.System, names.GatewaySelector, names.Proxy},
	}
	if r.config.Compare == nil {
		return append(sources,
			logSource{r.namespace, workload.SleepSelector, names.Proxy},
			logSource{r.namespace, workload.HelloWorldSelector, names.Proxy})
	}
	for _, arm := range workload.Arms() {
		sources = append(sources, logSource{workload.ArmNamespace(r.namespace, arm), workload.EchoSelector(workload.Caller), names.Proxy})
	}
	return sources
}
