package istio

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// replayed is clusters that answer what was recorded of real ones.
type replayed struct {
	clusters  []*fleet.Cluster
	byCluster map[*fleet.Cluster]*answers
}

// replay serves answers: each cluster has remote secrets that lead to all others.
func replay(t testing.TB, all []*answers) *replayed {
	t.Helper()
	r := &replayed{byCluster: map[*fleet.Cluster]*answers{}}
	var servers []*httptest.Server
	for _, one := range all {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) { one.serve(t, w, request) }))
		server.EnableHTTP2 = true
		server.Config.ErrorLog = log.New(&bytes.Buffer{}, "", 0) // of connections that are closed at the end
		server.StartTLS()
		t.Cleanup(server.Close)
		servers = append(servers, server)
		authority := (&apiServer{Server: server}).authority()
		client, err := kube.NewForConfig(&rest.Config{Host: server.URL, TLSClientConfig: rest.TLSClientConfig{CAData: authority}, ContentConfig: rest.ContentConfig{ContentType: "application/json", AcceptContentTypes: "application/json"}}, kube.Options{Name: one.Name})
		if err != nil {
			t.Fatal(err)
		}
		cluster := &fleet.Cluster{ClusterSpec: fleet.ClusterSpec{Name: one.Name}, Client: client}
		r.clusters, r.byCluster[cluster] = append(r.clusters, cluster), one
	}
	for i, one := range all {
		var items []any
		for k, other := range all {
			if k != i {
				items = append(items, remoteSecretOfServer(t, other.Name, servers[k]))
			}
		}
		one.replace(t, "/secrets", names.RemoteSecretPrefix, items)
	}
	return r
}

// remoteSecretOfServer is a Secret that leads to one of the servers.
func remoteSecretOfServer(t testing.TB, name string, server *httptest.Server) any {
	config := api.Config{
		Clusters:  map[string]*api.Cluster{"c": {Server: server.URL, CertificateAuthorityData: (&apiServer{Server: server}).authority()}},
		AuthInfos: map[string]*api.AuthInfo{"c": {Token: readerToken + name}}, Contexts: map[string]*api.Context{"c": {Cluster: "c", AuthInfo: "c"}}, CurrentContext: "c",
	}
	content, err := clientcmd.Write(config)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any{
		"metadata": map[string]any{"namespace": names.System, "name": names.RemoteSecretPrefix + name, "labels": map[string]any{names.MultiCluster: names.True}},
		"data":     map[string]any{name: base64.StdEncoding.EncodeToString(content)},
	}
}

// replace puts items into the lists whose path ends so and that hold objects named so.
func (a *answers) replace(t testing.TB, path, named string, items []any) {
	t.Helper()
	for key, answer := range a.Requests {
		if place, _, _ := strings.Cut(key, "?"); !strings.HasSuffix(place, path) || !bytes.Contains(answer.Body, []byte(`"name":"`+named)) {
			continue
		}
		var list map[string]any
		if err := json.Unmarshal(answer.Body, &list); err != nil {
			t.Fatal(err)
		}
		list["items"] = items
		body, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		a.Requests[key] = reply{answer.Status, answer.Type, body}
	}
}

func (a *answers) serve(t testing.TB, w http.ResponseWriter, r *http.Request) {
	answer, ok := a.Requests[keyOfRequest(r)]
	if !ok {
		t.Errorf("%s: %s was not recorded", a.Name, keyOfRequest(r))
		answer = reply{Status: http.StatusNotFound, Body: json.RawMessage(`{}`)}
	}
	w.Header().Set("Content-Type", cmp.Or(answer.Type, "application/json"))
	w.WriteHeader(answer.Status)
	_, _ = w.Write(answer.Body)
}

// Exec implements Execer.
func (a *answers) Exec(_ context.Context, target kube.Target, opts kube.ExecOptions) (kube.ExecResult, error) {
	answer, ok := a.Commands[keyOfCommand(target, opts)]
	if !ok {
		return kube.ExecResult{}, fmt.Errorf("%s: %s was not recorded", a.Name, keyOfCommand(target, opts))
	}
	return kube.ExecResult{Stdout: []byte(answer.Stdout), ExitCode: answer.ExitCode}, nil
}

func (r *replayed) take(ctx context.Context) *Snapshot {
	return Take(ctx, r.clusters, Options{Namespace: "sample", execer: func(c *fleet.Cluster) Execer { return r.byCluster[c] }})
}

// recordedAnswers are those of the two clusters of a lab.
func recordedAnswers(t testing.TB) []*answers {
	t.Helper()
	var all []*answers
	for line := range strings.Lines(recorded(t, "recorded.jsonl")) {
		one := &answers{}
		if err := json.Unmarshal([]byte(line), one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

// many makes a fleet of the first recorded cluster: so many clusters, each with so many
// Services more.
func many(t testing.TB, clusters, services int) []*answers {
	t.Helper()
	first := recordedAnswers(t)[0]
	var all []*answers
	for i := range clusters {
		name := fmt.Sprintf("member%02d", i)
		renamed := strings.NewReplacer(first.Name, name, "network1", "net-"+name, uidOf(t, first), "uid-"+name)
		one := &answers{Name: name, Requests: map[string]reply{}, Commands: maps.Clone(first.Commands)}
		for key, answer := range first.Requests {
			one.Requests[renamed.Replace(key)] = reply{answer.Status, answer.Type, []byte(renamed.Replace(string(answer.Body)))}
		}
		one.addServices(t, services)
		all = append(all, one)
	}
	for i, one := range all {
		one.know(all, i)
	}
	return all
}

// uidOf is the UID of a recorded cluster.
func uidOf(t testing.TB, a *answers) string {
	t.Helper()
	var namespace struct {
		Metadata struct{ UID string }
	}
	if err := json.Unmarshal(a.Requests["/api/v1/namespaces/kube-system"].Body, &namespace); err != nil || namespace.Metadata.UID == "" {
		t.Fatalf("kube-system: %v", err)
	}
	return namespace.Metadata.UID
}

// addServices adds to the list of all Services more like HelloWorld's.
func (a *answers) addServices(t testing.TB, count int) {
	t.Helper()
	for key, answer := range a.Requests {
		if !strings.HasPrefix(key, "/api/v1/services?") {
			continue
		}
		var list map[string]any
		if err := json.Unmarshal(answer.Body, &list); err != nil {
			t.Fatal(err)
		}
		items, _ := list["items"].([]any)
		var like map[string]any
		for _, item := range items {
			if one, _ := item.(map[string]any); metadataOf(one)["name"] == helloWorld {
				like = one
			}
		}
		content, err := json.Marshal(like)
		if err != nil || like == nil {
			t.Fatalf("no HelloWorld: %v", err)
		}
		for i := range count {
			var clone any
			if err := json.Unmarshal(bytes.ReplaceAll(content, []byte(helloWorld), fmt.Appendf(nil, "service-%03d", i)), &clone); err != nil {
				t.Fatal(err)
			}
			items = append(items, clone)
		}
		list["items"] = items
		body, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		a.Requests[key] = reply{answer.Status, answer.Type, body}
	}
}

// know has the istiods of a cluster know all others.
func (a *answers) know(all []*answers, own int) {
	var remotes, gateways []string
	for i, other := range all {
		if i != own {
			remotes = append(remotes, fmt.Sprintf(`{"id":%q,"secretName":"%s/%s%s","syncStatus":%q}`, other.Name, names.System, names.RemoteSecretPrefix, other.Name, names.Synced))
		}
		gateways = append(gateways, fmt.Sprintf(`{"Network":"net-%s","Cluster":%q,"Addr":"192.0.2.%d","Port":%d}`, other.Name, other.Name, i, names.CrossPort))
	}
	for command := range a.Commands {
		switch {
		case strings.HasSuffix(command, names.Clusterz):
			a.Commands[command] = commandAnswer{Stdout: "[" + strings.Join(remotes, ",") + "]"}
		case strings.HasSuffix(command, names.Networkz):
			a.Commands[command] = commandAnswer{Stdout: "[" + strings.Join(gateways, ",") + "]"}
		}
	}
}

// whole fails the test where a section is not known, or something is missing.
func (r *replayed) whole(t testing.TB, s *Snapshot) {
	t.Helper()
	for i := range s.Clusters {
		c := &s.Clusters[i]
		secrets, _ := c.RemoteSecrets.Get()
		if len(secrets) != len(s.Clusters)-1 {
			t.Fatalf("%s: want %d remote secrets, got %d", c.Name, len(s.Clusters)-1, len(secrets))
		}
		for _, secret := range secrets {
			if _, why := secret.Entries[0].UID.Get(); why != nil {
				t.Fatalf("%s: %s", c.Name, why)
			}
		}
		document, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if at := bytes.Index(document, []byte(`"unknown":{`)); at >= 0 {
			t.Fatalf("%s: %s", c.Name, document[at:min(len(document), at+300)])
		}
		if istiods, _ := c.Istiods.Get(); len(istiods) != 1 {
			t.Fatalf("%s: want one istiod, got %d", c.Name, len(istiods))
		}
	}
}
