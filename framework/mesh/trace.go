package mesh

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

// peer is another cluster of the fleet, as we know it ourselves.
type peer struct {
	fleet.ClusterSpec
	client *kube.Client
	uid    types.UID
	// clusterID is what its istiod calls it; empty when that is not known.
	clusterID string
}

// traced is where a remote secret really leads, as far as that can be told
// from here.
type traced struct {
	Remote
	// leads is the name of the cluster of the fleet whose credentials it holds;
	// empty when it is none of them, or cannot be told.
	leads string
	// stranger is true when it leads to a cluster that is none of the fleet.
	stranger bool
	// notes say what could not be tried, errs what is wrong with it.
	notes []string
	errs  []error
}

// checkRemotes finds out where each remote secret of the cluster leads and
// wants one for each other cluster. A mesh may be larger than the fleet: secrets of
// clusters outside of it are noted. It returns the IDs by which istiod will list the
// fleet's clusters.
func checkRemotes(ctx context.Context, site *plan.Site, others []fleet.ClusterSpec) ([]string, error) {
	peers, err := peersOf(ctx, site, others)
	if err != nil {
		return nil, err
	}
	found, err := accesses(ctx, site.Client, names.MultiCluster+"=true")
	if err != nil {
		return nil, err
	}
	all := make([]traced, len(found))
	var group sync.WaitGroup
	for i, one := range found {
		group.Go(func() { all[i] = trace(ctx, one, peers) })
	}
	group.Wait()
	for _, one := range all {
		for _, note := range one.notes {
			site.Note(note)
		}
	}
	for _, note := range slices.Concat(idNotes(all, peers), outsideNotes(all)) {
		site.Note(note)
	}
	ids := make([]string, 0, len(all))
	for _, one := range all {
		if one.leads != "" {
			ids = append(ids, one.Cluster)
		}
	}
	slices.Sort(ids)
	return ids, errors.Join(judgeRemotes(site.Cluster, all, others)...)
}

func peersOf(ctx context.Context, site *plan.Site, others []fleet.ClusterSpec) ([]peer, error) {
	peers, errs := make([]peer, len(others)), make([]error, len(others))
	var group sync.WaitGroup
	for i, other := range others {
		group.Go(func() { peers[i], errs[i] = peerOf(ctx, site, other) })
	}
	group.Wait()
	return peers, errors.Join(errs...)
}

func peerOf(ctx context.Context, site *plan.Site, spec fleet.ClusterSpec) (peer, error) {
	client, err := site.Peer(spec.Name)
	if err != nil {
		return peer{}, err
	}
	uid, err := clusterUID(ctx, client.Kubernetes)
	if err != nil {
		return peer{}, fmt.Errorf("identify cluster %q: %w", spec.Name, err)
	}
	known := peer{ClusterSpec: spec, client: client, uid: uid}
	// What istiod calls itself is only compared, and not worth a failure.
	if plane, err := FindControlPlane(ctx, client, spec.Revision); err == nil {
		known.clusterID = plane.ClusterID
	}
	return known, nil
}

// clusterUID identifies a cluster, as fleet.Connect does.
func clusterUID(ctx context.Context, client kubernetes.Interface) (types.UID, error) {
	namespace, err := client.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	return namespace.UID, nil
}

// traceBound bounds what is asked with a remote secret's own credentials. Its
// server may be out of reach from here, for which waiting helps nobody.
const traceBound = 5 * time.Second

// trace uses a remote secret's credentials: at its own server, or, where that
// is known not to be reached from here, at the address by which we know the
// cluster that it says it leads to. The token of one cluster is never shown to
// another that the secret does not name.
func trace(ctx context.Context, one access, peers []peer) traced {
	result := traced{Remote: one.Remote}
	if one.config.BearerToken == "" {
		result.notes = append(result.notes, fmt.Sprintf("remote secret %s holds no token: where it leads is not tried", one.Secret))
		result.leads = named(one.Remote, peers)
		return result
	}
	ctx, cancel := context.WithTimeout(ctx, traceBound)
	defer cancel()
	if known := slices.IndexFunc(peers, func(p peer) bool { return sameServer(one.Server, p) }); known >= 0 {
		result.at(ctx, one, peers[known])
		return result
	}
	if fleet.Loopback(one.Server) {
		result.leads = named(one.Remote, peers) // from here it leads elsewhere than from istiod's pod
		return result
	}
	uid, err := result.use(ctx, one, &one.config)
	switch {
	case err == nil && uid == "":
		result.notes = append(result.notes, fmt.Sprintf("remote secret %s: its token may not read namespaces, so that only its name tells where it leads", one.Secret))
		result.leads = named(one.Remote, peers)
	case err == nil:
		result.leadsTo(uid, peers)
	case apierrors.IsUnauthorized(err):
		result.errs = append(result.errs, fmt.Errorf("remote secret %s: its token is not accepted by %s: %w; run create-mesh again", one.Secret, one.Server, err))
		result.leads = named(one.Remote, peers)
	default:
		result.notes = append(result.notes, fmt.Sprintf("remote secret %s: its server %s is not reached from here, so that only istiod tells whether it is right", one.Secret, one.Server))
		result.leads = named(one.Remote, peers)
	}
	return result
}

// at tries the credentials at the address by which we know the cluster.
func (t *traced) at(ctx context.Context, one access, known peer) {
	config := rest.Config{Host: known.client.REST.Host, BearerToken: one.config.BearerToken, TLSClientConfig: rest.TLSClientConfig{
		CAData: known.client.REST.CAData, CAFile: known.client.REST.CAFile,
		ServerName: known.client.REST.ServerName, Insecure: known.client.REST.Insecure,
	}}
	if one.Server != known.client.REST.Host {
		t.notes = append(t.notes, fmt.Sprintf("remote secret %s: its server %s is for the other clusters; its token was tried at %s", one.Secret, one.Server, known.client.REST.Host))
	}
	t.leads = known.Name
	switch uid, err := t.use(ctx, one, &config); {
	case apierrors.IsUnauthorized(err):
		t.errs = append(t.errs, fmt.Errorf("remote secret %s: its token is not one of cluster %q, to whose server it leads: %w; run create-mesh again", one.Secret, known.Name, err))
	case err != nil:
		t.errs = append(t.errs, fmt.Errorf("remote secret %s: try its token on cluster %q: %w", one.Secret, known.Name, err))
	case uid != "" && uid != known.uid:
		t.errs = append(t.errs, fmt.Errorf("remote secret %s: %s answers as another cluster than %q", one.Secret, config.Host, known.Name))
	}
}

// use asks with the credentials who answers, and whether they may read what
// istiod reads. Who answers stays empty when they may not know.
func (t *traced) use(ctx context.Context, one access, config *rest.Config) (types.UID, error) {
	config = rest.CopyConfig(config)
	config.UserAgent, config.Timeout = "eastwest/create-mesh", traceBound
	httpClient, err := rest.HTTPClientFor(config)
	if err != nil {
		return "", errUnreadable
	}
	// client-go would give the token to wherever the server sends the request.
	httpClient.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client, err := kubernetes.NewForConfigAndClient(config, httpClient)
	if err != nil {
		return "", errUnreadable
	}
	uid, err := clusterUID(ctx, client)
	if err != nil && !apierrors.IsForbidden(err) {
		return "", err
	}
	missing, err := missingRights(ctx, client)
	if err != nil {
		return "", err
	}
	if len(missing) > 0 {
		t.errs = append(t.errs, fmt.Errorf("remote secret %s: its token may not list %s at %s, so that istiod would not see them; give %s back its ClusterRole",
			one.Secret, strings.Join(missing, ", "), one.Server, names.ReaderAccount))
	}
	return uid, nil
}

// istiodReads is what istiod needs of a remote cluster for endpoint discovery
// (Istio manifests/charts/istiod-remote, ClusterRole istio-reader).
func istiodReads() []authorizationv1.ResourceAttributes {
	return []authorizationv1.ResourceAttributes{
		{Resource: "services"},
		{Resource: "pods"},
		{Resource: "nodes"},
		{Resource: "namespaces"},
		{Group: "discovery.k8s.io", Resource: "endpointslices"},
	}
}

func missingRights(ctx context.Context, client kubernetes.Interface) ([]string, error) {
	wanted := istiodReads()
	denied, errs := make([]bool, len(wanted)), make([]error, len(wanted))
	var group sync.WaitGroup
	for i := range wanted {
		group.Go(func() {
			wanted[i].Verb = "list"
			review, err := client.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{
				Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &wanted[i]},
			}, metav1.CreateOptions{})
			if errs[i] = err; err == nil {
				denied[i] = !review.Status.Allowed
			}
		})
	}
	group.Wait()
	var missing []string
	for i, right := range wanted {
		if denied[i] {
			missing = append(missing, right.Resource)
		}
	}
	return missing, errors.Join(errs...)
}

func (t *traced) leadsTo(uid types.UID, peers []peer) {
	at := slices.IndexFunc(peers, func(p peer) bool { return p.uid == uid })
	if at < 0 {
		t.stranger = true
		return
	}
	t.leads = peers[at].Name
}

// sameServer is whether a server is one by which a cluster is known.
func sameServer(server string, known peer) bool {
	trim := func(s string) string { return strings.TrimRight(s, "/") }
	return trim(server) == trim(known.client.REST.Host) || known.RemoteServer != "" && trim(server) == trim(known.RemoteServer)
}

// named finds the cluster by the name that the secret gives it: all that is
// left where its server cannot be asked.
func named(remote Remote, peers []peer) string {
	for _, known := range peers {
		if remote.Cluster == known.Name || remote.Cluster == known.clusterID {
			return known.Name
		}
	}
	return ""
}

// idNotes compares what the secrets call the clusters with what these call
// themselves: subsets by topology.istio.io/cluster need them equal.
func idNotes(all []traced, peers []peer) []string {
	var notes []string
	for _, one := range all {
		for _, known := range peers {
			if one.leads == known.Name && known.clusterID != "" && known.clusterID != one.Cluster {
				notes = append(notes, fmt.Sprintf("warning: remote secret %s calls its cluster %q, whose own istiod calls it %q: rules by topology.istio.io/cluster will not match",
					one.Secret, one.Cluster, known.clusterID))
			}
		}
	}
	return notes
}

// judgeRemotes wants exactly one remote secret that leads to each other
// cluster, each with a server that another cluster's pods can reach.
func judgeRemotes(cluster string, all []traced, others []fleet.ClusterSpec) []error {
	var errs []error
	for _, other := range others {
		var secrets []string
		for _, one := range all {
			if one.leads == other.Name {
				secrets = append(secrets, one.Secret)
			}
		}
		switch {
		case len(secrets) == 0:
			errs = append(errs, fmt.Errorf("cluster %q has no remote secret that leads to cluster %q; run create-mesh again, with all clusters", cluster, other.Name))
		case len(secrets) > 1:
			errs = append(errs, fmt.Errorf("cluster %q has %d remote secrets that lead to cluster %q, %s: istiod would read it twice; delete all but one", cluster, len(secrets), other.Name, strings.Join(secrets, ", ")))
		}
	}
	for _, one := range all {
		if one.leads == "" {
			continue // not the fleet's, and not for us to judge
		}
		for _, err := range one.errs {
			errs = append(errs, fmt.Errorf("cluster %q: %w", cluster, err))
		}
		if fleet.Loopback(one.Server) {
			errs = append(errs, fmt.Errorf("cluster %q: remote secret %s has server %s, which istiod's pod takes for itself; make it with --server and an address that other clusters reach", cluster, one.Secret, one.Server))
		}
	}
	return errs
}

// outsideNotes names the remote secrets that lead to clusters outside of the fleet.
func outsideNotes(all []traced) []string {
	var notes []string
	for _, one := range all {
		switch {
		case one.stranger:
			notes = append(notes, fmt.Sprintf("remote secret %s is for cluster %q, whose server %s is not one of the fleet's: a cluster of the mesh that is not in the fleet", one.Secret, one.Cluster, one.Server))
		case one.leads == "":
			notes = append(notes, fmt.Sprintf("remote secret %s is for cluster %q: a cluster of the mesh that is not in the fleet", one.Secret, one.Cluster))
		}
	}
	return notes
}
