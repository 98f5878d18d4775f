package preflight

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// The IDs of the questions that only a run asks.
const (
	idAccept       = "accept"
	idSupported    = "supported"
	idRights       = "rights"
	idRevision     = "revision"
	idCertProvider = "cert-provider"
	idExisting     = "existing"
	idAdmission    = "admission"
)

// question is what a run wants to know of one cluster.
type question struct {
	cluster *fleet.Cluster
	read    *istio.Cluster
	opts    Options
}

func (q question) answer(id string, status Status, found, do string, commands ...string) Check {
	return Check{ID: id, Cluster: q.cluster.Name, Status: status, Found: found, Do: do, Commands: commands}
}

func (q question) kubectl(arguments ...string) string {
	return kube.Command("kubectl", q.cluster.Kubeconfig, q.cluster.Context, arguments...)
}

// rights says which rights are missing, each with what it is for.
func (q question) rights(missing []Right, err error) Check {
	switch {
	case err != nil:
		return q.answer(idRights, Unknown, err.Error(), unreadAdvice)
	case len(missing) == 0:
		return q.answer(idRights, OK, "the user may do all that a run does", "")
	}
	var parts []string
	for _, right := range missing {
		parts = append(parts, fmt.Sprintf("%s (%s)", q.opts.use().describe(right), right.Why))
	}
	return q.answer(idRights, Refused, "the user may not "+strings.Join(parts, "; "), grantAdvice(q.opts))
}

// grantAdvice is how missing rights are granted.
func grantAdvice(opts Options) string {
	use, options := opts.use(), ""
	if use.Existing {
		options = " --namespace " + use.Namespace + " --existing"
	}
	advice := fmt.Sprintf("bind to the user what \"eastwest roles --for %s%s\" prints", use.Purpose, options)
	if use.Purpose == Verify {
		advice += fmt.Sprintf(", or with --setup install \"eastwest roles --for %s%s\"", Install, options)
	}
	return advice
}

// reviewsAtOnce is how many rights are asked for at a time.
const reviewsAtOnce = 8

// missingRights asks the API server for every verb of every right. The answer is its
// authorizer's own, whatever that is.
func missingRights(ctx context.Context, cluster *fleet.Cluster, opts Options) ([]Right, error) {
	if cluster.Client == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, opts.Bounds.Connect)
	defer cancel()
	use := opts.use()
	rights := slices.DeleteFunc(Rights(use), func(r Right) bool { return r.Optional })
	verbs := make([][]string, len(rights))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(reviewsAtOnce)
	for i, right := range rights {
		group.Go(func() (err error) {
			verbs[i], err = missingVerbs(ctx, cluster.Client, use, right)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var missing []Right
	for i, right := range rights {
		if len(verbs[i]) > 0 {
			right.Verbs = verbs[i]
			missing = append(missing, right)
		}
	}
	return missing, nil
}

func missingVerbs(ctx context.Context, client *kube.Client, use Use, right Right) ([]string, error) {
	resource, sub, _ := strings.Cut(right.Resource, "/")
	name := ""
	if right.Named {
		name = use.Namespace
	}
	var missing []string
	for _, verb := range right.Verbs {
		review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Namespace: use.namespace(right.Scope), Name: name, Group: right.Group, Resource: resource, Subresource: sub, Verb: verb,
			},
		}}
		answer, err := client.Kubernetes.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
		if err != nil {
			return nil, err
		}
		if !answer.Status.Allowed {
			if answer.Status.EvaluationError != "" {
				return nil, errors.New(answer.Status.EvaluationError)
			}
			missing = append(missing, verb)
		}
	}
	return missing, nil
}

// settled says which revision the run would use.
func (q question) settled() Check {
	if _, why := q.read.Istiods.Get(); why != nil {
		return q.answer(idRevision, Unknown, why.String(), unreadAdvice)
	}
	revision, err := q.read.Settled()
	ready := q.read.Ready()
	switch {
	case err == nil && revision != q.read.Revision && q.read.Revision != "":
		return q.answer(idRevision, OK, fmt.Sprintf("the run uses revision %s, to which the tag %s leads", revision, q.read.Revision), "")
	case err == nil:
		return q.answer(idRevision, OK, "the run uses revision "+revision, "")
	case q.opts.Looking && q.read.Revision == "" && len(ready) > 1:
		return q.answer(idRevision, OK, "control planes of several revisions are Ready: "+strings.Join(ready, ", "),
			"a run would have to be given which is meant, with --revision or in the fleet file")
	}
	return q.answer(idRevision, Refused, err.Error(), "say which revision is meant, with --revision or in the fleet file, and see that it is Ready")
}

// certProvider compares who signs istiod's own certificate with what the matrix gives for
// the platform and the CA.
func (q question) certProvider() Check {
	istiods, why := q.read.Istiods.Get()
	asked, known := cell.Lookup(cell.Platform(q.cluster.Platform), q.opts.CA)
	if why != nil || !known {
		return q.answer(idCertProvider, OK, "nothing to compare", "")
	}
	var found []string
	for _, istiod := range istiods {
		has := istiod.Env[names.EnvCertProvider]
		version, err := cell.ParseVersion(istiod.Version)
		if has == "" || err != nil || !q.concerns(istiod) {
			continue
		}
		if want := asked.CertProvider(version); want != has {
			found = append(found, fmt.Sprintf("istiod of revision %s has pilotCertProvider %s, and the matrix has %s for %s with CA %s in version %s", istiod.Revision, has, want, asked.Platform, asked.CA, version))
		}
	}
	if len(found) > 0 {
		slices.Sort(found)
		return q.answer(idCertProvider, Warning, strings.Join(slices.Compact(found), "; "),
			"keep istiod's value: the gateway's template follows it whatever the flag says; plan an upgrade, since \"kubernetes\" is gone from 1.24 on")
	}
	return q.answer(idCertProvider, OK, "pilotCertProvider is as the matrix has it", "")
}

// concerns is true for an istiod of the run's revision, or, where that is not settled and
// nobody runs anything, for every one that is Ready.
func (q question) concerns(istiod istio.Istiod) bool {
	if revision := q.revision(); revision != "" {
		return istiod.Revision == revision
	}
	return q.opts.Looking && istiod.Ready
}

// revision is the one that the run would use; empty where that is not settled.
func (q question) revision() string {
	revision, err := q.read.Settled()
	if err != nil {
		return ""
	}
	return revision
}

// existing says what of a mesh is there already, and whether that is what the run expects.
func (q question) existing(ctx context.Context) Check {
	ctx, cancel := context.WithTimeout(ctx, q.opts.Bounds.Connect)
	defer cancel()
	gateways, errGateways := q.read.Gateways.Get()
	servers, errServers := q.read.Servers.Get()
	secrets, errSecrets := q.read.RemoteSecrets.Get()
	for _, why := range []*istio.Unknown{errGateways, errServers, errSecrets} {
		if why != nil {
			return q.answer(idExisting, Unknown, why.String(), unreadAdvice)
		}
	}
	sample, runs, err := q.left(ctx)
	if err != nil {
		return q.answer(idExisting, Unknown, err.Error(), unreadAdvice)
	}
	exposed := slices.ContainsFunc(servers, func(s istio.Server) bool { return s.Mode == names.AutoPassthrough })
	var there, lacking []string
	for _, object := range []struct {
		found bool
		name  string
	}{{len(gateways.Services) > 0, "east-west gateway"}, {exposed, "Gateway that exposes services (" + names.Expose + ")"}, {len(secrets) > 0, "remote secret"}} {
		if object.found {
			there = append(there, object.name)
		} else {
			lacking = append(lacking, object.name)
		}
	}
	return q.expected(there, lacking, sample, runs)
}

func (q question) expected(there, lacking []string, sample bool, runs []string) Check {
	switch {
	case q.opts.Reuse && len(lacking) > 0:
		return q.answer(idExisting, Refused, "--setup reuse expects a mesh, and there is no "+strings.Join(lacking, ", no "),
			"--setup install makes what is missing, after it has listed that and was allowed to go on")
	case !q.opts.Reuse && len(runs) > 0:
		return q.answer(idExisting, Refused, "an earlier run has left its objects: "+strings.Join(runs, ", "),
			"undo it, or use --setup reuse", "eastwest cleanup --run "+runs[0])
	case q.opts.Existing && !sample:
		return q.answer(idExisting, Refused, fmt.Sprintf("there is no namespace %s, and the fleet file says that it was made beforehand", q.opts.Namespace),
			"make it and have its pods injected:", q.kubectl("create namespace", kube.Quote(q.opts.Namespace)), q.injectCommand())
	case !q.opts.Reuse && sample && !q.opts.Existing:
		return q.answer(idExisting, Refused, strings.Join(append(there, "namespace "+q.opts.Namespace), ", ")+" exist",
			fmt.Sprintf("name another namespace in the fleet file: the run makes the sample's namespace and removes it, and %s is somebody's", q.opts.Namespace))
	case q.opts.Reuse:
		return q.answer(idExisting, OK, strings.Join(there, ", ")+" exist, as --setup reuse expects", "")
	case len(there) == 0:
		return q.answer(idExisting, OK, "nothing of a mesh is there yet", "")
	}
	return q.answer(idExisting, OK, strings.Join(there, ", ")+" exist: what is right is reused, what differs is refused with the difference", "")
}

// left is whether the sample's namespace is there, and which earlier runs have left
// something: it, or a gateway.
func (q question) left(ctx context.Context) (sample bool, runs []string, err error) {
	for _, ref := range []kube.Ref{
		{APIVersion: "v1", Kind: "Namespace", Name: q.opts.Namespace},
		{APIVersion: "v1", Kind: "Service", Namespace: names.System, Name: names.Gateway},
		{APIVersion: names.Networking + "/v1beta1", Kind: "Gateway", Namespace: names.System, Name: names.Expose},
	} {
		found, err := q.cluster.Client.Get(ctx, ref)
		switch {
		case apierrors.IsNotFound(err), meta.IsNoMatchError(err):
			continue
		case err != nil:
			return false, nil, err
		}
		sample = sample || ref.Kind == "Namespace"
		if run := kube.RunOf(found); run != "" && !slices.Contains(runs, run) {
			runs = append(runs, run)
		}
	}
	return sample, runs, nil
}

// injectCommand has pods of the namespace injected by the revision that the run would use.
func (q question) injectCommand() string {
	revision := q.revision()
	if revision == "" {
		revision = "REVISION"
	}
	return q.kubectl("label namespace", kube.Quote(q.opts.Namespace), kube.Quote(names.Revision+"="+revision), names.Injection+"-", "--overwrite")
}

// admission is whether pods like the run's are let into a namespace that is there, and get
// a sidecar of the revision.
func (q question) admission(ctx context.Context) Check {
	ctx, cancel := context.WithTimeout(ctx, q.opts.Bounds.Connect)
	defer cancel()
	revision := q.revision()
	workloads, why := q.read.Workloads.Get()
	if why != nil || revision == "" || !workloads.Namespace.Found {
		return q.answer(idAdmission, Unknown, "there is no namespace to try pods in, or no revision is settled", "see the other checks")
	}
	refused, err := fleet.TryPods(ctx, q.cluster.Client, q.opts.Pods, revision)
	switch {
	case err != nil:
		return q.answer(idAdmission, Unknown, err.Error(), unreadAdvice)
	case len(refused) > 0:
		return q.answer(idAdmission, Refused, fmt.Sprintf("in namespace %s, by a dry run: %s", q.opts.Namespace, strings.Join(refused, "; ")),
			"set what is missing under workload: in the fleet file (docs/fleet-file.md); where the sidecar is missing:", q.injectCommand())
	}
	return q.answer(idAdmission, OK, "pods like the run's are admitted, and get their sidecars", "")
}
