package preflight

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/mesh"
)

// Run looks at all clusters in parallel and judges what it found. It changes
// nothing and never fails: what could not be read is a check that is unknown.
func Run(ctx context.Context, opts Options) Result {
	if opts.Bounds == (kube.Bounds{}) {
		opts.Bounds = kube.DefaultBounds()
	}
	all := make([]*facts, len(opts.Clusters))
	var group sync.WaitGroup
	for i, spec := range opts.Clusters {
		group.Go(func() { all[i] = gather(ctx, spec, opts) })
	}
	group.Wait()
	return newResult(judge(all, opts))
}

// gatherer reads the facts of one cluster.
type gatherer struct {
	client *kube.Client
	opts   Options
	facts  *facts
}

func gather(ctx context.Context, spec fleet.ClusterSpec, opts Options) *facts {
	f := &facts{spec: spec, unread: map[string]string{}}
	client, err := kube.New(kube.Options{Name: spec.Name, Kubeconfig: spec.Kubeconfig, Context: spec.Context, UserAgent: "preflight"})
	if err != nil {
		f.unreachable = err.Error()
		return f
	}
	f.server = client.REST.Host
	g := gatherer{client: client, opts: opts, facts: f}
	if err := g.reach(ctx); err != nil {
		f.unreachable, f.unauthorized, f.forbidden = err.Error(), apierrors.IsUnauthorized(err), apierrors.IsForbidden(err)
		if f.forbidden {
			g.part(ctx, idRights, g.rights)
		}
		return f
	}
	// Each part has its own bound: a slow one leaves time for the others.
	g.part(ctx, idIstiod, g.istiods)
	g.part(ctx, idNetwork, g.namespace)
	g.part(ctx, idNetwork, g.injector)
	g.part(ctx, idCA, g.meshConfig)
	g.part(ctx, idWebhook, g.webhooks)
	g.part(ctx, idRoots, g.rootCertificates)
	g.part(ctx, idNetwork, g.gateway)
	g.part(ctx, idExisting, g.exposure)
	g.part(ctx, idRemotes, g.remoteSecrets)
	g.part(ctx, idExisting, g.sampleNamespace)
	g.part(ctx, idRights, g.rights)
	if opts.Existing && f.sample && f.revision != "" {
		g.part(ctx, idAdmission, g.admission)
	}
	return f
}

// part reads one part; why it could not is kept for the check that wants it.
func (g gatherer) part(ctx context.Context, id string, read func(context.Context) error) {
	ctx, cancel := context.WithTimeout(ctx, g.opts.Bounds.Connect)
	defer cancel()
	if err := read(ctx); err != nil {
		g.facts.unread[id] = strings.TrimPrefix(g.facts.unread[id]+"; "+err.Error(), "; ")
	}
}

func (g gatherer) reach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, g.opts.Bounds.Connect)
	defer cancel()
	namespace, err := g.client.Kubernetes.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
	if err != nil {
		return err
	}
	version, err := g.client.Kubernetes.Discovery().ServerVersion()
	if err != nil {
		return err
	}
	g.facts.uid, g.facts.kubernetes = string(namespace.UID), version.GitVersion
	return nil
}

// istiods reads all control planes and settles the revision.
func (g gatherer) istiods(ctx context.Context) error {
	pods, err := g.client.Kubernetes.CoreV1().Pods(names.System).List(ctx, metav1.ListOptions{LabelSelector: names.IstiodSelector})
	if err != nil {
		return err
	}
	for i := range pods.Items {
		if pods.Items[i].DeletionTimestamp == nil {
			g.facts.istiods = append(g.facts.istiods, istiodOf(&pods.Items[i]))
		}
	}
	revision, err := fleet.FindRevision(ctx, g.client, g.facts.spec.Revision)
	if err != nil {
		g.facts.revisionErr = err.Error()
	}
	g.facts.revision = revision
	return nil
}

func istiodOf(pod *corev1.Pod) istiod {
	return istiod{
		pod: pod.Name, revision: pod.Labels[names.Revision], ready: fleet.PodReady(pod), version: fleet.IstiodVersion(pod),
		clusterID: fleet.ClusterID(pod), certProvider: fleet.Env(&pod.Spec, names.EnvCertProvider), caProvider: fleet.Env(&pod.Spec, names.EnvCAProvider),
	}
}

func (g gatherer) namespace(ctx context.Context) error {
	namespace, err := g.client.Kubernetes.CoreV1().Namespaces().Get(ctx, names.System, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	g.facts.namespaceFound, g.facts.namespaceNetwork = true, namespace.Labels[names.Network]
	return nil
}

func (g gatherer) injector(ctx context.Context) (err error) {
	if g.facts.revision != "" {
		g.facts.injector, err = fleet.Injector(ctx, g.client, g.facts.revision)
	}
	return err
}

func (g gatherer) meshConfig(ctx context.Context) error {
	if g.facts.revision == "" {
		return nil
	}
	config, err := g.client.Kubernetes.CoreV1().ConfigMaps(names.System).Get(ctx, names.Suffixed("istio", g.facts.revision), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	g.facts.mesh, err = parseMesh(config.Data["mesh"])
	return err
}

// webhooks finds the injection webhooks that serve the revision, by its label
// or by the tags that lead to it, which carry the same label.
func (g gatherer) webhooks(ctx context.Context) error {
	configurations, err := g.client.Kubernetes.AdmissionregistrationV1().MutatingWebhookConfigurations().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, configuration := range configurations.Items {
		if configuration.Labels[names.Revision] == g.facts.revision && len(configuration.Webhooks) > 0 {
			g.facts.webhooks = append(g.facts.webhooks, configuration.Name)
		}
	}
	return nil
}

func (g gatherer) rootCertificates(ctx context.Context) error {
	config, err := g.client.Kubernetes.CoreV1().ConfigMaps(names.System).Get(ctx, names.RootConfigMap, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if g.facts.roots, err = fleet.Fingerprints(config.Data["root-cert.pem"]); err != nil {
		return fmt.Errorf("ConfigMap %s: %w", names.RootConfigMap, err)
	}
	return nil
}

func (g gatherer) gateway(ctx context.Context) error {
	service, err := g.client.Kubernetes.CoreV1().Services(names.System).Get(ctx, names.Gateway, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	g.facts.gateway.found, g.facts.gateway.serviceNetwork = true, service.Labels[names.Network]
	g.madeBy(service.Labels)
	deployment, err := g.client.Kubernetes.AppsV1().Deployments(names.System).Get(ctx, names.Gateway, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	g.facts.gateway.viewNetwork = fleet.Env(&deployment.Spec.Template.Spec, names.EnvNetworkView)
	return nil
}

func (g gatherer) exposure(ctx context.Context) error {
	found, err := g.client.Get(ctx, kube.Ref{
		APIVersion: "networking.istio.io/v1beta1", Kind: "Gateway", Namespace: names.System, Name: names.Expose,
	})
	switch {
	case err == nil:
		g.facts.exposed = true
		g.madeBy(found.GetLabels())
	case apierrors.IsNotFound(err), meta.IsNoMatchError(err):
	default:
		return err
	}
	return nil
}

func (g gatherer) remoteSecrets(ctx context.Context) error {
	remotes, err := mesh.Remotes(ctx, g.client)
	for _, found := range remotes {
		g.facts.remotes = append(g.facts.remotes, remote{secret: found.Secret, cluster: found.Cluster, server: found.Server})
	}
	return err
}

func (g gatherer) sampleNamespace(ctx context.Context) error {
	namespace, err := g.client.Kubernetes.CoreV1().Namespaces().Get(ctx, g.opts.Namespace, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	g.facts.sample = true
	g.madeBy(namespace.Labels)
	return nil
}

// admission has pods admitted in a dry run, into a namespace that is there.
func (g gatherer) admission(ctx context.Context) (err error) {
	g.facts.refused, err = fleet.TryPods(ctx, g.client, g.opts.Pods, g.facts.revision)
	return err
}

// madeBy keeps which earlier run made an object, if one did.
func (g gatherer) madeBy(labels map[string]string) {
	if run := labels[kube.LabelRun]; run != "" && !slices.Contains(g.facts.runs, run) {
		g.facts.runs = append(g.facts.runs, run)
	}
}

// reviewsAtOnce is how many rights are asked for at a time.
const reviewsAtOnce = 8

// rights asks the API server for every verb of every right. The answer is its
// authorizer's own, whatever that is.
func (g gatherer) rights(ctx context.Context) error {
	use := g.opts.use()
	rights := slices.DeleteFunc(Rights(use), func(r Right) bool { return r.Optional })
	missing := make([][]string, len(rights))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(reviewsAtOnce)
	for i, right := range rights {
		group.Go(func() (err error) {
			missing[i], err = g.missingVerbs(ctx, use, right)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, verbs := range missing {
		if len(verbs) > 0 {
			right := rights[i]
			right.Verbs = verbs
			g.facts.missing = append(g.facts.missing, right)
		}
	}
	return nil
}

func (g gatherer) missingVerbs(ctx context.Context, use Use, right Right) ([]string, error) {
	resource, sub, _ := strings.Cut(right.Resource, "/")
	name := ""
	if right.Named {
		name = g.opts.Namespace
	}
	var missing []string
	for _, verb := range right.Verbs {
		review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Namespace: use.namespace(right.Scope), Name: name, Group: right.Group, Resource: resource, Subresource: sub, Verb: verb,
			},
		}}
		answer, err := g.client.Kubernetes.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
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

// namesOf lists remote secrets by name.
func namesOf(remotes []remote) []string {
	names := make([]string, 0, len(remotes))
	for _, r := range remotes {
		names = append(names, r.secret)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
