package report

import (
	"time"

	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

// APIVersion and Kind identify the JSON document that a run writes.
// A field is only ever added to a version; a change of meaning is a new version.
const (
	APIVersion = "eastwest.dev/v1alpha1"
	Kind       = "RunReport"
)

// Run is everything one run found out. Every rendering is made from it alone.
type Run struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// ID names the run in labels, the ledger and file names.
	ID      string    `json:"id"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`
	// Command is the command line, without secrets.
	Command  []string  `json:"command,omitempty"`
	Cell     Cell      `json:"cell"`
	Clusters []Cluster `json:"clusters"`
	// Components lists every program whose version is known: Kubernetes, Istio, containerd, eastwest itself, ...
	Components []Component `json:"components,omitempty"`
	Phases     []Phase     `json:"phases,omitempty"`
	// Cases has one entry for each step of the plan and each scenario, in the order they ran.
	Cases    []Case    `json:"cases"`
	Findings []Finding `json:"findings,omitempty"`
	// Evidence names the files that the diagnosis left, relative to the folder of
	// this report and with slashes: "diagnosis/findings.txt".
	Evidence []string        `json:"evidence,omitempty"`
	Waits    []Wait          `json:"waits,omitempty"`
	Outcome  verdict.Outcome `json:"outcome"`
	// Caveats say what was imitated, in the words of Run.Limits. WriteJSON fills
	// them in, so that they stand beside the outcome in the document too.
	Caveats []string `json:"caveats,omitempty"`
	// Reasons say in sentences why the outcome is what it is.
	Reasons []string `json:"reasons,omitempty"`
	// Notes are what a reader should know and the outcome does not depend on.
	Notes []string `json:"notes,omitempty"`
	// ErrorProbability is the wanted probability that a sound mesh is called
	// non-conformant by chance, for each statistical check.
	ErrorProbability float64 `json:"errorProbability"`
}

// Cell is what was asked for and where it really ran.
type Cell struct {
	Platform string `json:"platform"`
	CA       string `json:"ca"`
	// Environment is lab, kind or fleet.
	Environment string `json:"environment"`
	// Rehearsal is true when Platform was only imitated: no line of any
	// rendering may then let a reader believe that the platform was tested.
	Rehearsal bool `json:"rehearsal"`
	// Imitated says, a sentence each, which traits of Platform a rehearsal had;
	// NotImitated which it had not.
	Imitated    []string `json:"imitated,omitempty"`
	NotImitated []string `json:"notImitated,omitempty"`
	// DataPlane names the program that carried the calls, as it calls itself, such as
	// "envoy"; empty where it could not be asked.
	DataPlane        string `json:"dataPlane"`
	DataPlaneVersion string `json:"dataPlaneVersion,omitempty"`
	// DataPlaneName tells a reader which build of it that was: "upstream Envoy 1.39.3",
	// "Envoy 1.40.0, by path", "Envoy 1.31.1 from IMAGE@DIGEST".
	DataPlaneName string `json:"dataPlaneName,omitempty"`
	// DataPlaneLacks says what Istio's own proxy can do and this one could not.
	DataPlaneLacks string `json:"dataPlaneLacks,omitempty"`
	// ClustersLack says what other clusters can do and these could not.
	ClustersLack string `json:"clustersLack,omitempty"`
}

// Cluster is one member of the fleet.
type Cluster struct {
	Name              string `json:"name"`
	Network           string `json:"network"`
	Revision          string `json:"revision,omitempty"`
	Version           string `json:"version"` // the HelloWorld version that it runs: v1..vN
	KubernetesVersion string `json:"kubernetesVersion,omitempty"`
	IstioVersion      string `json:"istioVersion,omitempty"`
	Gateway           string `json:"gateway,omitempty"` // address of the east-west gateway
}

// Component is a program and its version.
type Component struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Phase is a named part of the run's time: "clusters ready", "istiod", "first cross-cluster answer", ...
type Phase struct {
	Name     string        `json:"name"`
	Start    time.Time     `json:"start"`
	Duration time.Duration `json:"durationNanoseconds"`
}

// CaseKind tells steps of the plan from scenarios.
type CaseKind string

// The kinds of cases.
const (
	KindStep     CaseKind = "step"
	KindScenario CaseKind = "scenario"
	KindCleanup  CaseKind = "cleanup"
)

// Status is what became of one case.
type Status string

// The statuses. Failed: the mesh is wrong. Errored: the test could not
// tell. Accepted: the mesh is wrong, and the fleet file says that its owners live with
// that for a while; Case.Accepted says who. All but Passed carry a reason in Case.Message.
const (
	Passed      Status = "passed"
	Failed      Status = "failed"
	Accepted    Status = "accepted"
	Errored     Status = "errored"
	Skipped     Status = "skipped"
	Unsupported Status = "unsupported"
)

// Case is one step of the plan or one scenario.
type Case struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Kind    CaseKind `json:"kind"`
	Cluster string   `json:"cluster,omitempty"`
	Promise string   `json:"promise,omitempty"` // what the guide promises
	Source  string   `json:"source,omitempty"`  // where: a heading of the guide, issue, file in Istio
	Status  Status   `json:"status"`
	Message string   `json:"message,omitempty"`
	// Accepted says of a case with this status by whom it is accepted, until when and why.
	Accepted string        `json:"accepted,omitempty"`
	Start    time.Time     `json:"start"`
	Duration time.Duration `json:"durationNanoseconds"`
	Samples  []Sample      `json:"samples,omitempty"`
	Notes    []string      `json:"notes,omitempty"`
	// Compared is what a scenario found that compares two revisions.
	Compared *Compared `json:"compared,omitempty"`
}

// Sample is the one measured batch of calls from one source cluster.
type Sample struct {
	Source string `json:"source"` // cluster
	URL    string `json:"url"`
	// Size was fixed before the first call of the sample was sent.
	Size int `json:"size"`
	// Converge is how long the bounded first phase took until the mesh answered as promised once.
	Converge time.Duration   `json:"convergeNanoseconds"`
	Calls    []Call          `json:"calls"`
	Verdict  verdict.Verdict `json:"verdict"`
}

// Call is one request and what came back.
type Call struct {
	Status   int           `json:"status"` // HTTP status; 0 when there was no answer
	Version  string        `json:"version,omitempty"`
	Instance string        `json:"instance,omitempty"`
	Latency  time.Duration `json:"latencyNanoseconds"`
	Error    string        `json:"error,omitempty"`
	// Unsound is true when the probe itself lost track of the call.
	Unsound bool `json:"unsound,omitempty"`
}

// Finding is what a check found, and what to do about it.
type Finding struct {
	// Check is the ID that "eastwest explain" knows, such as EW0501; Title is what is wrong.
	Check string `json:"check"`
	Title string `json:"title"`
	// Severity is error or warning.
	Severity string `json:"severity"`
	Cluster  string `json:"cluster,omitempty"`
	// Pairs are the calls that it concerns, as "SOURCE -> DESTINATION".
	Pairs []string `json:"pairs,omitempty"`
	// Because is the check whose finding explains this one; empty for a cause.
	Because string `json:"because,omitempty"`
	Found   string `json:"found"`
	Want    string `json:"want,omitempty"`
	Fix     string `json:"fix,omitempty"`
	// Accepted says by whom the finding is accepted, until when and why; empty for one that
	// nobody accepts.
	Accepted string `json:"accepted,omitempty"`
	// Commands can be pasted.
	Commands []string `json:"commands,omitempty"`
}

// Where names the finding, its cluster and what explains it.
func (f Finding) Where() string {
	where := f.Check + " " + f.Title
	if f.Cluster != "" {
		where += ", " + f.Cluster
	}
	if f.Because != "" {
		where += ", because of " + f.Because
	}
	return where
}

// Wait is something the run waited for.
type Wait struct {
	For     string        `json:"for"`
	Cluster string        `json:"cluster,omitempty"`
	Bound   time.Duration `json:"boundNanoseconds"`
	Took    time.Duration `json:"tookNanoseconds"`
	Met     bool          `json:"met"`
}
