package istio

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/yaml"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// The tokens by which the API servers of these tests know who asks.
const (
	userToken   = "SECRET-user-token"
	readerToken = "SECRET-reader-token-of-"
)

// apiServer answers get and list as an API server does, from objects in memory.
type apiServer struct {
	*httptest.Server
	name    string
	objects []map[string]any
	logs    map[string]string // NAMESPACE/POD to the log of its proxy
	// forbidden is true for what the user may not: a verb and a resource, of a namespace.
	forbidden func(verb, resource, namespace string) bool
	// denied are the resources that a token may not list, when it asks.
	denied []string
	// hangs is a part of the paths to which no answer comes.
	hangs string

	mu     sync.Mutex
	tokens map[string]int // guarded by mu
}

// resources are those that the servers have, by kind.
func resourceOf(kind string) string {
	switch kind {
	case "NetworkPolicy", "AuthorizationPolicy":
		return strings.ToLower(strings.TrimSuffix(kind, "y")) + "ies"
	default:
		return strings.ToLower(kind) + "s"
	}
}

func listKind(resource string) string {
	kinds := []string{
		"Namespace", "ConfigMap", "Secret", "Service", "EndpointSlice", "Pod", "Node", "Event", "Deployment", "DaemonSet", "NetworkPolicy", "MutatingWebhookConfiguration",
		"Gateway", "DestinationRule", "PeerAuthentication", "AuthorizationPolicy", "VirtualService", "Sidecar",
	}
	at := slices.IndexFunc(kinds, func(kind string) bool { return resourceOf(kind) == resource })
	return kinds[at] + "List"
}

func newAPIServer(t *testing.T, name, manifest string) *apiServer {
	t.Helper()
	s := &apiServer{name: name, tokens: map[string]int{}, forbidden: func(string, string, string) bool { return false }}
	s.add(t, manifest)
	s.Server = httptest.NewTLSServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *apiServer) add(t *testing.T, manifest string) {
	t.Helper()
	for _, document := range strings.Split(manifest, "\n---\n") {
		object := map[string]any{}
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			t.Fatalf("%v in:\n%s", err, document)
		}
		if plain, ok := object["stringData"].(map[string]any); ok {
			data := map[string]any{}
			for key, value := range plain {
				data[key] = base64.StdEncoding.EncodeToString([]byte(value.(string)))
			}
			object["data"] = data
			delete(object, "stringData")
		}
		s.objects = append(s.objects, object)
	}
}

// remove takes objects away whose kind and name are given as KIND/NAME.
func (s *apiServer) remove(which ...string) {
	s.objects = slices.DeleteFunc(s.objects, func(object map[string]any) bool {
		name, _ := metadataOf(object)["name"].(string)
		return slices.Contains(which, fmt.Sprint(object["kind"])+"/"+name)
	})
}

func metadataOf(object map[string]any) map[string]any {
	metadata, _ := object["metadata"].(map[string]any)
	return metadata
}

func (s *apiServer) serve(w http.ResponseWriter, r *http.Request) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	s.mu.Lock()
	s.tokens[token]++
	s.mu.Unlock()
	if s.hangs != "" && strings.Contains(r.URL.Path, s.hangs) {
		<-r.Context().Done()
		return
	}
	switch {
	case token != userToken && token != readerToken+s.name:
		answer(w, http.StatusUnauthorized, status(http.StatusUnauthorized, metav1.StatusReasonUnauthorized, "Unauthorized"))
	case r.URL.Path == "/version":
		answer(w, http.StatusOK, map[string]any{"gitVersion": "v1.36.1"})
	case strings.HasSuffix(r.URL.Path, "/selfsubjectaccessreviews"):
		s.review(w, r)
	case r.URL.Path == "/api", r.URL.Path == "/apis":
		answer(w, http.StatusOK, s.groups(r.URL.Path))
	default:
		s.resource(w, r)
	}
}

// review says whether what is asked about is allowed.
func (s *apiServer) review(w http.ResponseWriter, r *http.Request) {
	var asked authorizationv1.SelfSubjectAccessReview
	content, err := io.ReadAll(r.Body)
	if err == nil {
		_, _, err = scheme.Codecs.UniversalDeserializer().Decode(content, nil, &asked)
	}
	if err != nil {
		answer(w, http.StatusBadRequest, status(http.StatusBadRequest, metav1.StatusReasonBadRequest, err.Error()))
		return
	}
	asked.Status.Allowed = asked.Spec.ResourceAttributes.Verb == "list" && !slices.Contains(s.denied, asked.Spec.ResourceAttributes.Resource)
	answer(w, http.StatusCreated, asked)
}

// groups lists the groups of all objects for discovery.
func (s *apiServer) groups(path string) any {
	if path == "/api" {
		return map[string]any{"kind": "APIVersions", "versions": []string{"v1"}}
	}
	groups := []any{}
	seen := map[string]bool{}
	for _, object := range s.objects {
		version := fmt.Sprint(object["apiVersion"])
		if group, _, ok := strings.Cut(version, "/"); ok && !seen[version] {
			seen[version] = true
			one := map[string]any{"groupVersion": version, "version": version[strings.Index(version, "/")+1:]}
			groups = append(groups, map[string]any{"name": group, "versions": []any{one}, "preferredVersion": one})
		}
	}
	return map[string]any{"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
}

func (s *apiServer) resource(w http.ResponseWriter, r *http.Request) {
	version, rest := "v1", strings.TrimPrefix(r.URL.Path, "/api/v1")
	if group, ok := strings.CutPrefix(r.URL.Path, "/apis/"); ok {
		parts := strings.SplitN(group, "/", 3)
		version, rest = parts[0]+"/"+parts[1], ""
		if len(parts) == 3 {
			rest = "/" + parts[2]
		}
	}
	if rest == "" {
		answer(w, http.StatusOK, s.discover(version))
		return
	}
	parts := strings.Split(strings.TrimPrefix(rest, "/"), "/")
	namespace := ""
	if parts[0] == "namespaces" && len(parts) > 2 {
		namespace, parts = parts[1], parts[2:]
	}
	switch {
	case len(parts) == 3 && parts[2] == "log":
		_, _ = w.Write([]byte(s.logs[namespace+"/"+parts[1]]))
	case len(parts) == 2:
		s.get(w, version, namespace, parts[0], parts[1])
	default:
		s.list(w, r, version, namespace, parts[0])
	}
}

func (s *apiServer) discover(version string) any {
	resources := []any{}
	seen := map[string]bool{}
	for _, object := range s.objects {
		kind := fmt.Sprint(object["kind"])
		if object["apiVersion"] == version && !seen[kind] {
			seen[kind] = true
			resources = append(resources, map[string]any{"name": resourceOf(kind), "kind": kind, "namespaced": true, "verbs": []string{"get", "list"}})
		}
	}
	return map[string]any{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources}
}

func (s *apiServer) matching(version, namespace, resource string) []map[string]any {
	var found []map[string]any
	for _, object := range s.objects {
		if object["apiVersion"] == version && resourceOf(fmt.Sprint(object["kind"])) == resource && (namespace == "" || metadataOf(object)["namespace"] == namespace) {
			found = append(found, object)
		}
	}
	return found
}

func (s *apiServer) get(w http.ResponseWriter, version, namespace, resource, name string) {
	if s.forbidden("get", resource, namespace) {
		answer(w, http.StatusForbidden, status(http.StatusForbidden, metav1.StatusReasonForbidden, resource+" is forbidden"))
		return
	}
	for _, object := range s.matching(version, namespace, resource) {
		if metadataOf(object)["name"] == name {
			answer(w, http.StatusOK, object)
			return
		}
	}
	answer(w, http.StatusNotFound, status(http.StatusNotFound, metav1.StatusReasonNotFound, resource+" "+name+" not found"))
}

// list gives one object a page, so that whoever reads a page only is found out.
func (s *apiServer) list(w http.ResponseWriter, r *http.Request, version, namespace, resource string) {
	if s.forbidden("list", resource, namespace) {
		answer(w, http.StatusForbidden, status(http.StatusForbidden, metav1.StatusReasonForbidden, resource+" is forbidden"))
		return
	}
	selector, err := labels.Parse(r.URL.Query().Get("labelSelector"))
	if err != nil {
		answer(w, http.StatusBadRequest, status(http.StatusBadRequest, metav1.StatusReasonBadRequest, err.Error()))
		return
	}
	var found []map[string]any
	for _, object := range s.matching(version, namespace, resource) {
		set := labels.Set{}
		all, _ := metadataOf(object)["labels"].(map[string]any)
		for key, value := range all {
			set[key] = fmt.Sprint(value)
		}
		if selector.Matches(set) {
			found = append(found, object)
		}
	}
	at, more := 0, map[string]any{}
	_, _ = fmt.Sscan(r.URL.Query().Get("continue"), &at)
	items := []map[string]any{}
	if at < len(found) {
		items = found[at : at+1]
	}
	if at+1 < len(found) {
		more["continue"] = fmt.Sprint(at + 1)
	}
	answer(w, http.StatusOK, map[string]any{"kind": listKind(resource), "apiVersion": version, "metadata": more, "items": items})
}

func answer(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}

func status(code int, reason metav1.StatusReason, message string) metav1.Status {
	return metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure,
		Code: int32(code), Reason: reason, Message: message,
	}
}

// authority is the certificate of the server in PEM.
func (s *apiServer) authority() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
}

// kubeconfig logs in at the server.
func (s *apiServer) kubeconfig(t *testing.T, token string) string {
	t.Helper()
	return kubeconfigFor(t, s.URL, &api.AuthInfo{Token: token}, func(c *api.Cluster) { c.CertificateAuthorityData = s.authority() })
}

func kubeconfigFor(t *testing.T, server string, user *api.AuthInfo, change ...func(*api.Cluster)) string {
	t.Helper()
	cluster := &api.Cluster{Server: server}
	for _, c := range change {
		c(cluster)
	}
	config := api.NewConfig()
	config.Clusters["c"], config.AuthInfos["c"] = cluster, user
	config.Contexts["c"], config.CurrentContext = &api.Context{Cluster: "c", AuthInfo: "c"}, "c"
	content, err := clientcmd.Write(*config)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// member connects to the server as the fleet does.
func (s *apiServer) member(t *testing.T, network string) *fleet.Cluster {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, []byte(s.kubeconfig(t, userToken)), 0o600); err != nil {
		t.Fatal(err)
	}
	client, err := kube.New(kube.Options{Name: s.name, Kubeconfig: path, UserAgent: "snapshot"})
	if err != nil {
		t.Fatal(err)
	}
	return &fleet.Cluster{
		ClusterSpec: fleet.ClusterSpec{Name: s.name, Network: network, Kubeconfig: "fleet.kubeconfig", Context: "admin@" + s.name},
		Version:     "v" + s.name[len(s.name)-1:], Client: client,
	}
}

// fakePods answers commands in pods; what it does not know ends with exit code 1.
type fakePods struct {
	mu      sync.Mutex
	answers map[string]string // POD PATH to what is printed
	fail    map[string]error  // POD to why nothing can be run there
	asked   []string          // guarded by mu
}

func (f *fakePods) Exec(_ context.Context, target kube.Target, opts kube.ExecOptions) (kube.ExecResult, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := target.Pod + " " + opts.Command[len(opts.Command)-1]
	f.asked = append(f.asked, key)
	if err := f.fail[target.Pod]; err != nil {
		return kube.ExecResult{}, err
	}
	if text, ok := f.answers[key]; ok {
		return kube.ExecResult{Stdout: []byte(text + "\n")}, nil
	}
	return kube.ExecResult{Stderr: []byte("no such answer"), ExitCode: 1}, nil
}

func recorded(t testing.TB, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
