package istio

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// peer is a cluster of the fleet as it is reached from here.
type peer struct {
	// servers are the URLs that are known to be its.
	servers []string
	// own is where and how it is reached from here, without anybody's credentials.
	own rest.Config
	// metered counts what it is asked with others' tokens as its own.
	metered func(http.RoundTripper) http.RoundTripper
}

func peersOf(clusters []*fleet.Cluster) []peer {
	var peers []peer
	for _, cluster := range clusters {
		if cluster.Client == nil {
			continue
		}
		config := cluster.Client.REST
		known := peer{servers: []string{config.Host}, own: rest.Config{Host: config.Host, TLSClientConfig: rest.TLSClientConfig{
			CAData: config.CAData, CAFile: config.CAFile, ServerName: config.ServerName, Insecure: config.Insecure,
		}, Proxy: config.Proxy}, metered: cluster.Client.Metered}
		if cluster.RemoteServer != "" {
			known.servers = append(known.servers, cluster.RemoteServer)
		}
		peers = append(peers, known)
	}
	return peers
}

// identifyBound bounds what is asked with a remote secret's own token: its server may not be
// reached from here, for which waiting helps nobody.
const identifyBound = 5 * time.Second

// loggedIn is a client with a remote secret's own token. The token is shown to nobody but
// the secret's own server, over TLS that is verified, or, where that is the server of a
// cluster of the fleet, to that cluster at the address by which it is reached from here.
func (r *reader) loggedIn(server string, with login) (kubernetes.Interface, error) {
	if with.token == "" {
		return nil, notAsked("it holds no token that could be tried")
	}
	config := rest.Config{Host: with.server, TLSClientConfig: rest.TLSClientConfig{CAData: with.roots, ServerName: with.serverName}}
	if known, ok := r.knownAt(server); ok {
		config = known.own
		config.Wrap(known.metered)
	} else if fleet.Loopback(server) {
		return nil, notAsked("its server is a loopback address, which is another one from here")
	} else if with.insecure {
		return nil, notAsked("its server's certificate is not to be verified, so that its token is not shown to it from here")
	}
	if !encrypted(config.Host) {
		return nil, notAsked("its server is not asked over TLS, so that its token is not shown to it from here")
	}
	config.BearerToken, config.UserAgent = with.token, r.client.REST.UserAgent
	return clientOf(&config)
}

func clientOf(config *rest.Config) (kubernetes.Interface, error) {
	httpClient, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, malformed("its certificate authority cannot be read")
	}
	// client-go would give the token to wherever the server sends the request.
	httpClient.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client, err := kubernetes.NewForConfigAndClient(config, httpClient)
	if err != nil {
		return nil, malformed("its server cannot be asked")
	}
	return client, nil
}

// identify asks who answers, and, where that is wanted, what the token may not list.
func (r *reader) identify(ctx context.Context, entry *RemoteEntry, secret string, at kubernetes.Interface, err error) {
	var uid string
	if err == nil {
		uid, err = r.uidAt(ctx, at)
	}
	if r.opts.Asked.Upgrade != nil {
		grants, errGrants := r.grants(ctx, at, err)
		entry.Grants = sectionOf("what the token of remote secret "+secret+" may do", grants, errGrants)
	}
	entry.UID = sectionOf("the cluster at the server of remote secret "+secret, uid, err)
	if r.opts.parts&PartDenied == 0 {
		return
	}
	var denied []string
	// A token that may not read namespaces may list what istiod needs all the same.
	if err == nil || apierrors.IsForbidden(err) {
		denied, err = r.denied(ctx, at)
	}
	entry.Denied = sectionOf("what the token of remote secret "+secret+" may not list", denied, err)
}

// uidAt asks with a token who answers.
func (r *reader) uidAt(ctx context.Context, client kubernetes.Interface) (string, error) {
	found, err := ask(ctx, r, "get namespace "+metav1.NamespaceSystem+" as "+names.ReaderAccount, func(ctx context.Context) (*corev1.Namespace, error) {
		ctx, cancel := context.WithTimeout(ctx, identifyBound)
		defer cancel()
		return client.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
	})
	switch {
	case apierrors.IsUnauthorized(err):
		return "", &readError{reason: Forbidden, message: "its token is not accepted there"}
	case err != nil:
		return "", err
	case found.UID == "":
		return "", malformed("what answers is no API server")
	}
	return string(found.UID), nil
}

func encrypted(server string) bool {
	parsed, err := url.Parse(server)
	return err == nil && strings.EqualFold(parsed.Scheme, "https")
}

// SameServer compares URLs of API servers, paths included: some proxies serve many clusters
// under one host. An empty one is like no other.
func SameServer(a, b string) bool {
	first, errFirst := url.Parse(a)
	second, errSecond := url.Parse(b)
	if errFirst != nil || errSecond != nil || first.Host == "" || second.Host == "" {
		return false
	}
	port := func(u *url.URL) string { return cmp.Or(u.Port(), "443") }
	return strings.EqualFold(first.Hostname(), second.Hostname()) && port(first) == port(second) &&
		strings.Trim(first.Path, "/") == strings.Trim(second.Path, "/")
}
