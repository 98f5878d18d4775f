package istio

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// shown keeps the credentials that a server is shown.
type shown struct {
	*httptest.Server
	mu    sync.Mutex
	saw   []string // guarded by mu
	hands http.HandlerFunc
}

func newShown(t *testing.T, hands http.HandlerFunc) *shown {
	t.Helper()
	s := &shown{hands: hands}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.saw = append(s.saw, r.Header.Get("Authorization"))
		s.mu.Unlock()
		s.hands(w, r)
	}))
	return s
}

// entryOf reads one remote secret of cluster1 and returns its only entry.
func entryOf(t *testing.T, mesh *testMesh, kubeconfig string) RemoteEntry {
	t.Helper()
	server := mesh.servers[0]
	server.remove("Secret/extra")
	server.add(t, remoteSecret(t, "extra", true, map[string]string{"id": kubeconfig}))
	secrets := value(t, mesh.take(t, "sample").Clusters[0].RemoteSecrets)
	at := slices.IndexFunc(secrets, func(s RemoteSecret) bool { return s.Name == "extra" })
	if at < 0 || len(secrets[at].Entries) != 1 {
		t.Fatalf("got %+v", secrets)
	}
	return secrets[at].Entries[0]
}

// Whose server a remote secret really leads to is asked with its own token, which nobody
// else is shown.
func TestRemoteSecretsIdentify(t *testing.T) {
	mesh := newMesh(t)
	second := mesh.servers[1]
	trusted := func(c *api.Cluster) { c.CertificateAuthorityData = second.authority() }
	tests := map[string]struct {
		kubeconfig string
		uid        string
		reason     Reason
		message    string
	}{
		"another name for the same":   {second.kubeconfig(t, readerToken+"cluster2"), "uid-cluster2", "", ""},
		"the cluster itself":          {mesh.servers[0].kubeconfig(t, readerToken+"cluster1"), "uid-cluster1", "", ""},
		"a token that has been taken": {second.kubeconfig(t, "SECRET-old"), "", Forbidden, "not accepted"},
		"no token":                    {kubeconfigFor(t, second.URL, &api.AuthInfo{Username: "u", Password: "SECRET-p"}, trusted), "", NotAsked, "no token"},
		"a loopback address":          {kubeconfigFor(t, "https://127.0.0.1:1", &api.AuthInfo{Token: "SECRET-t"}, trusted), "", NotAsked, "loopback"},
		"no certificate is verified":  {kubeconfigFor(t, "https://198.51.100.1", &api.AuthInfo{Token: "SECRET-t"}, func(c *api.Cluster) { c.InsecureSkipTLSVerify = true }), "", NotAsked, "verified"},
		"no TLS":                      {kubeconfigFor(t, "http://198.51.100.1", &api.AuthInfo{Token: "SECRET-t"}), "", NotAsked, "TLS"},
		"a broken authority":          {kubeconfigFor(t, "https://198.51.100.1", &api.AuthInfo{Token: "SECRET-t"}, func(c *api.Cluster) { c.CertificateAuthorityData = []byte("SECRET-ca") }), "", Malformed, "authority"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			entry := entryOf(t, mesh, test.kubeconfig)
			uid, unknown := entry.UID.Get()
			if unknown == nil {
				unknown = &Unknown{}
			}
			if uid != test.uid || unknown.Reason != test.reason || !strings.Contains(unknown.Message, test.message) || strings.Contains(unknown.Message, "SECRET") {
				t.Errorf("got %q, %s", uid, unknown)
			}
		})
	}
}

// A declared server is asked at the address by which the cluster is reached from here.
func TestRemoteSecretOfDeclaredServer(t *testing.T) {
	mesh := newMesh(t)
	mesh.clusters[1].RemoteServer = "https://10.9.9.9:6443/k8s/c2"
	entry := entryOf(t, mesh, kubeconfigFor(t, "https://10.9.9.9:6443/k8s/c2/", &api.AuthInfo{Token: readerToken + "cluster2"}))
	if uid := value(t, entry.UID); uid != "uid-cluster2" || entry.Server != "https://10.9.9.9:6443/k8s/c2/" {
		t.Errorf("got %+v", entry)
	}
	// Another path at the same host is another cluster, which is not shown that token.
	known, ok := (&reader{peers: peersOf(mesh.clusters)}).knownAt("https://10.9.9.9:6443/k8s/c3")
	if ok {
		t.Errorf("got %v", known.servers)
	}
}

// A server that sends requests elsewhere does not get the token sent there.
func TestRemoteSecretIsNotRedirected(t *testing.T) {
	elsewhere := newShown(t, func(http.ResponseWriter, *http.Request) {})
	elsewhere.StartTLS()
	defer elsewhere.Close()
	first := newShown(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
	})
	first.StartTLS()
	defer first.Close()
	mesh := newMesh(t)
	r := &reader{client: mesh.clusters[0].Client, opts: Options{}, slots: newSlots()}
	r.opts.Bounds.Request = identifyBound
	config := rest.Config{Host: first.URL, BearerToken: "SECRET-t", TLSClientConfig: rest.TLSClientConfig{CAData: (&apiServer{Server: first.Server}).authority()}}
	client, err := clientOf(&config)
	if err != nil {
		t.Fatal(err)
	}
	if uid, err := r.uidAt(t.Context(), client); err == nil {
		t.Errorf("want it not followed, got %q", uid)
	}
	if len(first.saw) != 1 || first.saw[0] != "Bearer SECRET-t" || len(elsewhere.saw) != 0 {
		t.Errorf("shown to the server %v, and elsewhere %v", first.saw, elsewhere.saw)
	}
}

// Secrets that look as if istiod should read them are there, and others are not.
func TestRemoteSecretsListed(t *testing.T) {
	mesh := newMesh(t)
	server := mesh.servers[0]
	server.add(t, remoteSecret(t, names.RemoteSecretPrefix+"unlabelled", false, map[string]string{"b": "SECRET-broken", "a": "SECRET-broken"}))
	server.add(t, strings.Replace(remoteSecret(t, "misplaced", true, map[string]string{"c": "SECRET-broken"}), names.System, "team-x", 1))
	server.add(t, remoteSecret(t, "unrelated", false, map[string]string{"d": "SECRET"}))
	s := mesh.take(t, "sample")
	var got []string
	for _, secret := range value(t, s.Clusters[0].RemoteSecrets) {
		ids := make([]string, 0, 2)
		for _, entry := range secret.Entries {
			ids = append(ids, entry.ID+":"+entry.Broken)
		}
		got = append(got, secret.Namespace+"/"+secret.Name+" "+map[bool]string{true: "labelled", false: "unlabelled"}[secret.Labelled]+" "+strings.Join(ids, ","))
	}
	want := []string{
		"istio-system/istio-remote-secret-cluster2 labelled cluster2:",
		"istio-system/istio-remote-secret-unlabelled unlabelled a:it is not a kubeconfig,b:it is not a kubeconfig",
		"team-x/misplaced labelled c:it is not a kubeconfig",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if whole := mesh.document(t, s); strings.Contains(whole, "SECRET") {
		t.Error("something secret is in the snapshot")
	}
}

func TestParseRemote(t *testing.T) {
	user := func(u api.AuthInfo, change ...func(*api.Cluster)) string {
		return kubeconfigFor(t, "https://10.0.0.1:6443", &u, change...)
	}
	tests := map[string]struct {
		kubeconfig string
		want       RemoteEntry
	}{
		"token":              {user(api.AuthInfo{Token: "SECRET"}), RemoteEntry{Login: "token"}},
		"exec":               {user(api.AuthInfo{Exec: &api.ExecConfig{APIVersion: "v1", Command: "/usr/bin/aws", Args: []string{"SECRET"}, InteractiveMode: "Never"}}), RemoteEntry{Login: "exec: aws"}},
		"gcp":                {user(api.AuthInfo{AuthProvider: &api.AuthProviderConfig{Name: "gcp", Config: map[string]string{"access-token": "SECRET"}}}), RemoteEntry{Login: "auth provider: gcp"}},
		"oidc":               {user(api.AuthInfo{AuthProvider: &api.AuthProviderConfig{Name: "oidc"}}), RemoteEntry{Login: "auth provider: oidc"}},
		"certificate":        {user(api.AuthInfo{ClientCertificateData: []byte("c"), ClientKeyData: []byte("SECRET")}), RemoteEntry{Login: "client certificate"}},
		"path of a key":      {user(api.AuthInfo{Token: "SECRET", ClientKey: "/SECRET"}), RemoteEntry{Login: "client certificate by path"}},
		"path of a token":    {user(api.AuthInfo{TokenFile: "/SECRET"}), RemoteEntry{Login: "token by path"}},
		"password":           {user(api.AuthInfo{Username: "u", Password: "SECRET"}), RemoteEntry{Login: "password"}},
		"nobody":             {user(api.AuthInfo{}), RemoteEntry{}},
		"path of a root":     {user(api.AuthInfo{Token: "SECRET"}, func(c *api.Cluster) { c.CertificateAuthority = "/ca" }), RemoteEntry{Login: "token", CAByPath: true}},
		"password in server": {user(api.AuthInfo{Token: "SECRET"}, func(c *api.Cluster) { c.Server = "https://u:SECRET@10.0.0.1:6443?token=SECRET" }), RemoteEntry{Login: "token"}},
		"no URL":             {user(api.AuthInfo{}, func(c *api.Cluster) { c.Server = "10.0.0.1" }), RemoteEntry{Broken: "its server is not a URL"}},
		"no server":          {user(api.AuthInfo{}, func(c *api.Cluster) { c.Server = "" }), RemoteEntry{Broken: "its current context has no server"}},
		"no context":         {"apiVersion: v1\nkind: Config\ncurrent-context: SECRET", RemoteEntry{Broken: "its current context does not exist"}},
		"text":               {"SECRET: {", RemoteEntry{Broken: "it is not a kubeconfig"}},
		"nothing":            {"", RemoteEntry{Broken: "its current context does not exist"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, _ := parseRemote([]byte(test.kubeconfig))
			if test.want.Broken == "" {
				test.want.Server = "https://10.0.0.1:6443"
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(Section[string]{}, Section[[]string]{}, Section[[]Grant]{})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestSameServer(t *testing.T) {
	for _, same := range [][2]string{
		{"https://a.example.com", "https://A.example.com:443/"},
		{"https://a:6443/k8s/c1", "https://a:6443/k8s/c1/"},
	} {
		if !SameServer(same[0], same[1]) {
			t.Errorf("want %s like %s", same[0], same[1])
		}
	}
	for _, other := range [][2]string{
		{"https://a", "https://b"}, {"https://a", "https://a:6443"}, {"", ""}, {"https://a/k8s/c1", "https://a/k8s/c2"}, {"a", "a"},
	} {
		if SameServer(other[0], other[1]) {
			t.Errorf("want %s unlike %s", other[0], other[1])
		}
	}
}
