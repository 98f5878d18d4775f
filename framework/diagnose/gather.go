package diagnose

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/probe"
)

// Options say where to look.
type Options struct {
	// Namespace is that of the sample; nothing is read of it when empty.
	Namespace string
	// Calls is the number of calls from the Sleep pod of each cluster; 0 makes none, and
	// Sized as many as a missing answer needs to be evidence.
	Calls int
	// ErrorProbability is the chance that the calls of all clusters together blame a
	// sound mesh, for Sized; 0 means DefaultErrorProbability.
	ErrorProbability float64
	// versions is how many versions may answer where the proxies do not tell.
	versions int
	// sources is from how many clusters calls are made.
	sources int
}

// Sized has the number of calls follow from who can answer.
const Sized = -1

// DefaultErrorProbability is one in a million, as that of a verdict.
const DefaultErrorProbability = 1e-6

// Gather reads the facts of every cluster in parallel. It changes nothing and
// never fails: what could not be read is told in the facts.
func Gather(ctx context.Context, clusters []*fleet.Cluster, opts Options) []Facts {
	opts.versions, opts.sources = len(clusters), len(clusters)
	all := make([]Facts, len(clusters))
	var group sync.WaitGroup
	for i, cluster := range clusters {
		group.Go(func() { all[i] = gather(ctx, cluster, opts) })
	}
	group.Wait()
	// The names are known only now: each cluster's caller looks up the others'.
	for i, cluster := range clusters {
		group.Go(func() {
			r := reader{client: cluster.Client, exec: &patience{Client: cluster.Client, facts: &all[i]}, opts: opts, facts: &all[i]}
			r.lookups(ctx, namesOfOthers(all, i))
		})
	}
	group.Wait()
	return all
}

// reader reads one cluster's facts.
type reader struct {
	client *kube.Client
	exec   probe.Execer
	opts   Options
	facts  *Facts
}

// patience is a cluster's pods as they are asked, until one of them does not answer in
// time: the others of a dead node would not either, each as slowly.
type patience struct {
	*kube.Client
	facts *Facts
}

// Exec implements probe.Execer.
func (p *patience) Exec(ctx context.Context, target kube.Target, opts kube.ExecOptions) (kube.ExecResult, error) {
	if p.facts.Unanswered != "" {
		return kube.ExecResult{}, errors.New("not tried: another pod of the cluster did not answer")
	}
	result, err := p.Client.Exec(ctx, target, opts)
	var unanswered *kube.UnansweredError
	if errors.As(err, &unanswered) {
		p.facts.Unanswered = err.Error()
	}
	return result, err
}

func gather(ctx context.Context, cluster *fleet.Cluster, opts Options) Facts {
	facts := Facts{Cluster: Member{
		Name: cluster.Name, Network: cluster.Network, Version: cluster.Version, Server: cluster.RemoteServer, Kubeconfig: cluster.Kubeconfig, Context: cluster.Context,
	}}
	r := reader{client: cluster.Client, exec: &patience{Client: cluster.Client, facts: &facts}, opts: opts, facts: &facts}
	if cluster.Unreachable != nil {
		facts.APIError = cluster.Unreachable.Error()
		return facts
	}
	if err := r.identify(ctx); err != nil {
		facts.APIError = err.Error()
		return facts
	}
	r.namespace(ctx)
	r.istiods(ctx)
	r.gateway(ctx)
	r.istio(ctx)
	r.secrets(ctx)
	r.configuredRoots(ctx)
	if opts.Namespace != "" {
		r.sample(ctx)
	}
	r.rejections(ctx)
	return facts
}

// unread notes that something could not be read. An error's text may only be
// kept because no reading here sends or gets a secret's content in an error.
func (r reader) unread(what string, err error) {
	if err != nil {
		r.facts.Unread = append(r.facts.Unread, fmt.Sprintf("%s: %v", what, err))
	}
}

func (r reader) identify(ctx context.Context) error {
	namespace, err := r.client.Kubernetes.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
	if err != nil {
		return err
	}
	r.facts.UID = string(namespace.UID)
	return nil
}

func (r reader) namespace(ctx context.Context) {
	namespace, err := r.client.Kubernetes.CoreV1().Namespaces().Get(ctx, fleet.SystemNamespace, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
	case err != nil:
		r.facts.NamespaceFound = true // it may be there: its absence is not proved
		r.unread("namespace istio-system", err)
	default:
		r.facts.NamespaceFound = true
		r.facts.NamespaceNetwork = namespace.Labels[fleet.NetworkLabel]
	}
}

func (r reader) istiods(ctx context.Context) {
	pods, err := r.pods(ctx, fleet.SystemNamespace, fleet.IstiodSelector)
	if err != nil {
		r.unread("istiod pods", err)
		return
	}
	for _, pod := range pods {
		istiod := Istiod{Pod: pod, Version: fleet.ImageTag(pod.Image)}
		if pod.Ready {
			document, err := probe.IstiodDebug(ctx, r.exec, pod.Namespace, pod.Name, "/debug/clusterz")
			if err == nil {
				istiod.Remotes, err = parseClusterz(document)
			}
			if err != nil && r.ended(ctx, pod) {
				continue
			}
			istiod.RemotesKnown = err == nil
			r.unread("clusterz of "+pod.Name, err)
			r.networkz(ctx, &istiod)
			r.syncz(ctx, &istiod)
		}
		r.facts.Istiods = append(r.facts.Istiods, istiod)
	}
}

func (r reader) pods(ctx context.Context, namespace, selector string) ([]Pod, error) {
	list, err := r.client.Kubernetes.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, err
	}
	var pods []Pod
	for i := range list.Items {
		pod := &list.Items[i]
		// A terminating pod serves nobody, and a finished one never did.
		if pod.DeletionTimestamp == nil && pod.Status.Phase != corev1.PodSucceeded {
			pods = append(pods, summarize(pod))
		}
	}
	return pods, nil
}

// ended is whether a pod that could not be asked has ended since it was listed:
// that it does not answer is then no riddle.
func (r reader) ended(ctx context.Context, pod Pod) bool {
	found, err := r.client.Kubernetes.CoreV1().Pods(pod.Namespace).Get(ctx, pod.Name, metav1.GetOptions{})
	return apierrors.IsNotFound(err) || err == nil && found.DeletionTimestamp != nil
}

func (r reader) gateway(ctx context.Context) {
	apps := r.client.Kubernetes.AppsV1()
	deployments, err := apps.Deployments(fleet.SystemNamespace).List(ctx, metav1.ListOptions{LabelSelector: gatewaySelector})
	if err != nil {
		r.unread("gateway Deployment", err)
		return
	}
	r.facts.Gateway.Deployed = len(deployments.Items) > 0
	if r.facts.Gateway.Pods, err = r.pods(ctx, fleet.SystemNamespace, gatewaySelector); err != nil {
		r.unread("gateway pods", err)
	}
	services, err := r.client.Kubernetes.CoreV1().Services(fleet.SystemNamespace).List(ctx, metav1.ListOptions{LabelSelector: gatewaySelector})
	if err != nil {
		r.unread("gateway Services", err)
		return
	}
	for i := range services.Items {
		service := summarizeService(&services.Items[i])
		if len(service.Addresses) == 0 {
			service.Events = r.warnings(ctx, service.Name)
		}
		r.facts.Gateway.Services = append(r.facts.Gateway.Services, service)
	}
}

const gatewaySelector = "istio=eastwestgateway"

// warnings returns the messages of warnings about a Service, oldest first.
func (r reader) warnings(ctx context.Context, service string) []string {
	events, err := r.client.Kubernetes.CoreV1().Events(fleet.SystemNamespace).List(ctx, metav1.ListOptions{
		FieldSelector: "involvedObject.kind=Service,type=Warning,involvedObject.name=" + service,
	})
	if err != nil {
		return nil // an aid to the reader only; nothing rests on it
	}
	var messages []string
	for _, event := range events.Items {
		messages = append(messages, event.Reason+": "+event.Message)
	}
	return messages
}

// secrets reads remote secrets: those that istiod reads, and those that look
// as if somebody meant istiod to.
func (r reader) secrets(ctx context.Context) {
	labelled, err := r.client.Kubernetes.CoreV1().Secrets(metav1.NamespaceAll).List(ctx, metav1.ListOptions{LabelSelector: remoteLabel})
	if apierrors.IsForbidden(err) {
		labelled, err = r.client.Kubernetes.CoreV1().Secrets(fleet.SystemNamespace).List(ctx, metav1.ListOptions{LabelSelector: remoteLabel})
	}
	if err != nil {
		r.unread("remote secrets", err)
		return
	}
	for i := range labelled.Items {
		r.facts.Secrets = append(r.facts.Secrets, summarizeSecret(&labelled.Items[i], true))
	}
	all, err := r.client.Kubernetes.CoreV1().Secrets(fleet.SystemNamespace).List(ctx, metav1.ListOptions{LabelSelector: "!istio/multiCluster"})
	if err != nil {
		return // only the unlabelled ones stay unknown; no finding needs their absence
	}
	for i := range all.Items {
		if strings.HasPrefix(all.Items[i].Name, "istio-remote-secret-") {
			r.facts.Secrets = append(r.facts.Secrets, summarizeSecret(&all.Items[i], false))
		}
	}
}

const remoteLabel = "istio/multiCluster=true"

// configuredRoots reads what istiod is told to sign under and what it tells proxies to trust.
func (r reader) configuredRoots(ctx context.Context) {
	config, err := r.client.Kubernetes.CoreV1().ConfigMaps(fleet.SystemNamespace).Get(ctx, rootConfigMap, metav1.GetOptions{})
	if err == nil {
		r.root(rootConfigMap, config.Data["root-cert.pem"])
	} else if !apierrors.IsNotFound(err) {
		r.unread(rootConfigMap, err)
	}
	secret, err := r.client.Kubernetes.CoreV1().Secrets(fleet.SystemNamespace).Get(ctx, rootSecret, metav1.GetOptions{})
	if err == nil {
		r.root(rootSecret, string(secret.Data["root-cert.pem"]))
	}
}

func (r reader) root(where, pem string) {
	fingerprints, err := fleet.Fingerprints(pem)
	if err != nil {
		r.unread("root certificates of "+where, err)
		return
	}
	r.facts.Roots = append(r.facts.Roots, Root{Where: where, Fingerprints: fingerprints})
}

// sample reads the HelloWorld and Sleep pair and what the caller's proxy knows.
func (r reader) sample(ctx context.Context) {
	sample := &r.facts.Sample
	sample.Namespace = r.opts.Namespace
	namespace, err := r.client.Kubernetes.CoreV1().Namespaces().Get(ctx, sample.Namespace, metav1.GetOptions{})
	if err != nil {
		if !apierrors.IsNotFound(err) {
			r.unread("namespace "+sample.Namespace, err)
		}
		return
	}
	sample.Found = true
	sample.Injection = injectionOf(namespace.Labels)
	service, err := r.client.Kubernetes.CoreV1().Services(sample.Namespace).Get(ctx, "helloworld", metav1.GetOptions{})
	switch {
	case err == nil:
		sample.ServiceFound = true
		sample.ServicePorts = portsOf(service)
	case !apierrors.IsNotFound(err):
		sample.ServiceFound = true
		r.unread("Service helloworld", err)
	}
	if sample.Pods, err = r.pods(ctx, sample.Namespace, "app in (helloworld,sleep)"); err != nil {
		r.unread("pods of "+sample.Namespace, err)
	}
	for i := range sample.Pods {
		if pod := &sample.Pods[i]; pod.Proxy && !pod.ProxyReady && pod.Reason == "" {
			pod.Reason = r.complaint(ctx, *pod)
		}
	}
	r.proxyRoots(ctx, append(append([]Pod(nil), r.facts.Gateway.Pods...), sample.Pods...))
	r.caller(ctx)
}

func injectionOf(labels map[string]string) string {
	for _, key := range []string{"istio.io/rev", "istio-injection"} {
		if value := labels[key]; value != "" && value != "disabled" {
			return key + "=" + value
		}
	}
	return ""
}

// proxyRoots reads the root certificate that each ready proxy holds; a
// gateway's proxy may hold none, since it passes TLS through.
func (r reader) proxyRoots(ctx context.Context, pods []Pod) {
	for _, pod := range pods {
		if !pod.Proxy || !pod.ProxyReady {
			continue
		}
		document, err := probe.ProxyAdmin(ctx, r.exec, pod.Namespace, pod.Name, "config_dump?resource=dynamic_active_secrets")
		if err != nil {
			r.unread("secrets of proxy "+pod.Name, err)
			continue
		}
		if pem := rootOfDump(document); pem != "" {
			r.root(rootProxy+pod.Namespace+"/"+pod.Name, pem)
		}
	}
}

// complaint is why a proxy says that it is not ready; empty when its log does not tell.
func (r reader) complaint(ctx context.Context, pod Pod) string {
	return lastComplaint(r.proxyLog(ctx, pod))
}

// proxyLog is the end of a proxy's log; empty when it cannot be read.
func (r reader) proxyLog(ctx context.Context, pod Pod) string {
	if r.facts.Unanswered != "" {
		return "" // logs come by the kubelet too
	}
	target := kube.Target{Namespace: pod.Namespace, Pod: pod.Name, Container: probe.ProxyContainer}
	log, err := r.client.Logs(ctx, target, kube.LogOptions{TailLines: complaintLines})
	if err != nil {
		return "" // an aid to the reader only; nothing rests on it
	}
	return string(log)
}

// complaintLines is enough to reach back over pilot-agent's readiness warnings, one a second.
const complaintLines = 200

// caller makes the calls and reads the caller's endpoints.
func (r reader) caller(ctx context.Context) {
	sample := &r.facts.Sample
	for _, pod := range sample.Pods {
		if pod.Labels["app"] != "sleep" || !pod.Ready || pod.Labels[injectLabel] == "false" {
			continue
		}
		if pod.Proxy {
			sample.Before, _ = r.hosts(ctx, pod)
		}
		sample.Needed = r.needed(sample.Before)
		count := r.opts.Calls
		if count == Sized {
			count = sample.Needed
		}
		sample.Calls = r.calls(ctx, pod, count)
		if !pod.Proxy {
			return
		}
		hosts, err := r.hosts(ctx, pod)
		if err != nil {
			r.unread("endpoints of "+pod.Name, err)
			return
		}
		sample.HostsKnown, sample.Hosts = true, hosts
		return
	}
}

// hosts are HelloWorld's endpoints in the proxy of a pod.
func (r reader) hosts(ctx context.Context, pod Pod) ([]probe.Host, error) {
	hosts, err := probe.Hosts(ctx, r.exec, pod.Namespace, pod.Name)
	if err != nil {
		return nil, err
	}
	return probe.HostsOf(hosts, fmt.Sprintf("outbound|%d||helloworld.%s.svc.cluster.local", helloPort, r.opts.Namespace)), nil
}
