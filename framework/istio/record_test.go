package istio

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// record has TestTakeRecorded write down anew what the clusters of these kubeconfigs answer,
// separated by commas: those of a lab with a mesh.
var record = flag.String("record", "", "kubeconfigs whose clusters' answers replace those of testdata/recorded.jsonl")

// answers are what one cluster answers.
type answers struct {
	Name string `json:"name"`
	// Requests are by path and query, Commands by pod and what is run there.
	Requests map[string]reply         `json:"requests"`
	Commands map[string]commandAnswer `json:"commands"`
}

type reply struct {
	Status int `json:"status"`
	// Type is the content's; discovery has several.
	Type string          `json:"type,omitempty"`
	Body json.RawMessage `json:"body"`
}

type commandAnswer struct {
	Stdout   string `json:"stdout"`
	ExitCode int    `json:"exitCode,omitempty"`
}

// recorder writes down what a cluster answers.
type recorder struct {
	exec Execer

	mu    sync.Mutex
	found *answers // guarded by mu
}

func keyOfRequest(r *http.Request) string {
	return strings.TrimSuffix(r.URL.Path+"?"+r.URL.Query().Encode(), "?")
}

func keyOfCommand(target kube.Target, opts kube.ExecOptions) string {
	return target.Pod + " " + strings.Join(opts.Command, " ")
}

// recording is one of the transports of a client: commands have others.
type recording struct {
	*recorder
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (r recording) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := r.next.RoundTrip(request)
	if err != nil || strings.HasSuffix(request.URL.Path, "/exec") {
		return response, err
	}
	body, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	var document any
	if json.Unmarshal(body, &document) == nil { // a log is none, and is not needed
		body, err = json.Marshal(harmless(document))
		r.mu.Lock()
		defer r.mu.Unlock()
		r.found.Requests[keyOfRequest(request)] = reply{response.StatusCode, response.Header.Get("Content-Type"), body}
	}
	return response, err
}

// Exec implements Execer.
func (r *recorder) Exec(ctx context.Context, target kube.Target, opts kube.ExecOptions) (kube.ExecResult, error) {
	result, err := r.exec.Exec(ctx, target, opts)
	if err == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.found.Commands[keyOfCommand(target, opts)] = commandAnswer{string(result.Stdout), result.ExitCode}
	}
	return result, err
}

// harmless leaves out what is secret, and bookkeeping that nobody reads.
func harmless(document any) any {
	switch node := document.(type) {
	case []any:
		for i := range node {
			node[i] = harmless(node[i])
		}
	case map[string]any:
		delete(node, "managedFields")
		if data, ok := node["data"].(map[string]any); ok && data[names.ValuesKey] != nil {
			delete(data, "config") // the injector's templates, which are long
		}
		if data, ok := node["data"].(map[string]any); ok && isSecret(node) {
			for key := range data {
				if key != names.RootKey && key != names.CACertificateKey {
					data[key] = ""
				}
			}
		}
		for key := range node {
			node[key] = harmless(node[key])
		}
	}
	return document
}

// isSecret knows Secrets by what only they have: those of a list have no kind.
func isSecret(node map[string]any) bool {
	metadata := metadataOf(node)
	_, typed := node["type"]
	return node["kind"] == "Secret" || metadata != nil && typed
}

// writeRecorded takes a snapshot of clusters and keeps what they answered.
func writeRecorded(t *testing.T, kubeconfigs []string) {
	t.Helper()
	var clusters []*fleet.Cluster
	recorders := map[*fleet.Cluster]*recorder{}
	var all []*answers
	for _, kubeconfig := range kubeconfigs {
		name := strings.TrimSuffix(filepath.Base(kubeconfig), filepath.Ext(kubeconfig))
		config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
		if err != nil {
			t.Fatal(err)
		}
		// JSON, not Kubernetes' own encoding.
		config.ContentType, config.AcceptContentTypes = "application/json", "application/json"
		r := &recorder{found: &answers{Name: name, Requests: map[string]reply{}, Commands: map[string]commandAnswer{}}}
		config.Wrap(func(next http.RoundTripper) http.RoundTripper { return recording{r, next} })
		client, err := kube.NewForConfig(config, kube.Options{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		r.exec = client
		cluster := &fleet.Cluster{ClusterSpec: fleet.ClusterSpec{Name: name}, Client: client}
		clusters, all, recorders[cluster] = append(clusters, cluster), append(all, r.found), r
	}
	Take(t.Context(), clusters, Options{Namespace: "sample", execer: func(c *fleet.Cluster) Execer { return recorders[c] }})
	var content bytes.Buffer
	encoder := json.NewEncoder(&content)
	encoder.SetEscapeHTML(false)
	for _, one := range all { // one line a cluster
		if err := encoder.Encode(one); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(content.String(), "PRIVATE KEY") {
		t.Fatal("a private key would be kept")
	}
	if err := os.WriteFile(filepath.Join("testdata", "recorded.jsonl"), content.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
