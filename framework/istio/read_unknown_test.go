package istio

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// why is why a section is not known; it fails the test where it is.
func why[T any](t *testing.T, section Section[T]) Unknown {
	t.Helper()
	value, unknown := section.Get()
	if unknown == nil {
		t.Fatalf("want it unknown, got %+v", value)
	}
	return *unknown
}

// value is what a section holds.
func value[T any](t *testing.T, section Section[T]) T {
	t.Helper()
	value, unknown := section.Get()
	if unknown != nil {
		t.Fatalf("want it read, got %s", unknown)
	}
	return value
}

func forbid(resources ...string) func(string, string, string) bool {
	return func(_, resource, _ string) bool {
		for _, one := range resources {
			if one == resource {
				return true
			}
		}
		return false
	}
}

// What the user may not read is unknown, with the right that is missing, and nothing else is.
func TestTakeForbidden(t *testing.T) {
	mesh := newMesh(t)
	mesh.servers[0].forbidden = forbid("secrets", "mutatingwebhookconfigurations", "deployments")
	c := mesh.take(t, "sample").Clusters[0]
	for what, got := range map[string]Unknown{
		"list secrets in istio-system":                                    why(t, c.RemoteSecrets),
		"get secrets in istio-system":                                     why(t, c.CARoots),
		"list mutatingwebhookconfigurations.admissionregistration.k8s.io": why(t, c.Webhooks),
		"list deployments.apps in sample":                                 why(t, c.Workloads),
	} {
		if got.Reason != Forbidden || got.Right != what || got.What == "" {
			t.Errorf("want %q missing, got %s", what, got)
		}
	}
	if pods := value(t, c.Gateways).Pods; len(pods) != 1 {
		t.Errorf("want the gateway all the same, got %v", pods)
	}
	value(t, c.Istiods)
}

// Where not all namespaces may be listed, those of the mesh are.
func TestTakeSomeNamespaces(t *testing.T) {
	mesh := newMesh(t)
	mesh.servers[0].add(t, `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: elsewhere, namespace: team-x}
spec: {}`)
	mesh.servers[0].forbidden = func(verb, resource, namespace string) bool {
		return verb == "list" && namespace == "" && resource != "mutatingwebhookconfigurations"
	}
	c := mesh.take(t, "sample").Clusters[0]
	gateways := value(t, c.Gateways)
	if !gateways.OnlySystem || len(gateways.Services) != 0 {
		t.Errorf("want it said that only istio-system was looked at, got %+v", gateways)
	}
	if found := value(t, c.PeerAuthentications); len(found) != 1 || found[0].Namespace != names.System {
		t.Errorf("got %v", found)
	}
	if found := value(t, c.DestinationRules); len(found) != 1 || found[0].Namespace != "sample" {
		t.Errorf("got %v", found)
	}
	if found := value(t, c.RemoteSecrets); len(found) != 1 {
		t.Errorf("got %v", found)
	}
	if value(t, mesh.take(t, "sample").Clusters[1].Gateways).OnlySystem {
		t.Error("cluster2 may be listed whole")
	}
}

// A pod that does not answer in time is the last that is asked.
func TestTakeUnanswered(t *testing.T) {
	mesh := newMesh(t)
	late := &kube.UnansweredError{Cluster: "cluster1", Target: kube.Target{Namespace: names.System, Pod: "istiod-1"}, Bound: time.Second}
	mesh.pods[0].fail = map[string]error{"istiod-1": late}
	c := mesh.take(t, "sample").Clusters[0]
	if c.Unanswered != late.Error() {
		t.Errorf("want it reported, got %q", c.Unanswered)
	}
	istiod := value(t, c.Istiods)[0]
	if got := why(t, istiod.Remotes).Reason; got != Unanswered && got != NotAsked {
		t.Errorf("got %s", got)
	}
	sleep := value(t, c.Workloads).Pods[0]
	if got := why(t, sleep.Roots); got.Reason != NotAsked {
		t.Errorf("want no other pod asked, got %s", got)
	}
	if got := why(t, c.Rejections).Reason; got != NotAsked {
		t.Errorf("got %s", got)
	}
	for _, asked := range mesh.pods[0].asked {
		if strings.HasPrefix(asked, "sleep-1") {
			t.Errorf("asked: %s", asked)
		}
	}
}

func TestTakeRefusedExec(t *testing.T) {
	mesh := newMesh(t)
	refused := apierrors.NewForbidden(schema.GroupResource{Resource: "pods/exec"}, "istiod-1", errors.New("no"))
	mesh.pods[0].fail = map[string]error{"istiod-1": fmt.Errorf("exec: %w", refused), "sleep-1": errors.New("the connection was lost")}
	c := mesh.take(t, "sample").Clusters[0]
	got := why(t, value(t, c.Istiods)[0].Remotes)
	if got.Reason != Forbidden || got.Right != "get and create pods/exec in istio-system" {
		t.Errorf("got %s", got)
	}
	if got := why(t, value(t, c.Caller).Endpoints); got.Reason != Unanswered {
		t.Errorf("got %s", got)
	}
	if got := why(t, c.Rejections); got.Reason != Forbidden {
		t.Errorf("got %s", got)
	}
	if c.Unanswered != "" {
		t.Errorf("got %q", c.Unanswered)
	}
}

// An istiod that does not have a page, and one that answers something else.
func TestTakeOddPages(t *testing.T) {
	mesh := newMesh(t)
	mesh.pods[0].answers["istiod-1 "+names.Networkz] = "404 page not found"
	mesh.pods[0].answers["istiod-1 "+names.Clusterz] = "<html>"
	istiod := value(t, mesh.take(t, "sample").Clusters[0].Istiods)[0]
	if got := why(t, istiod.Networks); got.Reason != NotServed {
		t.Errorf("got %s", got)
	}
	if got := why(t, istiod.Remotes); got.Reason != Malformed {
		t.Errorf("got %s", got)
	}
}

// A request that is not answered costs its bound and its section, and nothing else.
func TestTakeIsBounded(t *testing.T) {
	mesh := newMesh(t)
	mesh.servers[0].hangs = "/secrets"
	mesh.bounds.Request = 500 * time.Millisecond
	begun := time.Now()
	c := mesh.take(t, "sample").Clusters[0]
	if took := time.Since(begun); took > 20*mesh.bounds.Request {
		t.Errorf("it took %s", took)
	}
	if got := why(t, c.RemoteSecrets); got.Reason != Unanswered {
		t.Errorf("got %s", got)
	}
	if got := why(t, c.CARoots); got.Reason != Unanswered {
		t.Errorf("got %s", got)
	}
	value(t, c.Gateways)
	value(t, c.Workloads)
}

// An API server that cannot be asked leaves all else open.
func TestTakeUnreachable(t *testing.T) {
	mesh := newMesh(t)
	mesh.servers[0].Close()
	mesh.clusters[1].Unreachable = fmt.Errorf("reach it: %w", apierrors.NewUnauthorized("Unauthorized"))
	s := mesh.take(t, "sample")
	if got := why(t, s.Clusters[0].Identity); got.Reason != Unanswered || !strings.Contains(got.Message, "refused") {
		t.Errorf("got %s", got)
	}
	if got := why(t, s.Clusters[1].Identity); got.Reason != Forbidden || got.Right != "" {
		t.Errorf("got %s", got)
	}
	for _, c := range s.Clusters {
		if !c.System.IsZero() || !c.Istiods.IsZero() || !c.Caller.IsZero() {
			t.Errorf("want nothing else said of %s, got %+v", c.Name, c)
		}
	}
	if _, err := Load(strings.NewReader(mesh.document(t, s))); err != nil {
		t.Error(err)
	}
}

// A cluster without Istio is read: there is none.
func TestTakeEmptyCluster(t *testing.T) {
	mesh := newMesh(t)
	mesh.servers[0].objects = nil
	mesh.servers[0].add(t, "apiVersion: v1\nkind: Namespace\nmetadata: {name: kube-system, uid: uid-1}")
	c := mesh.take(t, "sample").Clusters[0]
	if value(t, c.System).Found || len(value(t, c.Istiods)) > 0 || len(value(t, c.MeshConfigs)) > 0 || len(value(t, c.Roots)) > 0 || len(value(t, c.CARoots)) > 0 {
		t.Errorf("got %+v", c)
	}
	if gateways := value(t, c.Gateways); gateways.Deployed || len(gateways.Services)+len(gateways.Pods) > 0 {
		t.Errorf("got %+v", gateways)
	}
	if len(value(t, c.Servers))+len(value(t, c.PeerAuthentications))+len(value(t, c.Rejections)) > 0 || value(t, c.Workloads).Namespace.Found {
		t.Errorf("got %+v", c)
	}
	if got := value(t, c.Caller); got.Pod != "" {
		t.Errorf("want no caller, got %+v", got)
	}
	if c = mesh.take(t, "").Clusters[0]; why(t, c.Workloads).Reason != NotAsked || why(t, c.Caller).Reason != NotAsked {
		t.Errorf("want no namespace, no workloads, got %+v", c)
	}
}

// Each revision has a configuration of its own, and one without has none.
func TestTakeRevisions(t *testing.T) {
	mesh := newMesh(t)
	mesh.servers[0].add(t, `apiVersion: v1
kind: Pod
metadata: {name: istiod-2, namespace: istio-system, labels: {app: istiod}}
spec: {containers: [{name: discovery, image: "istio/pilot:1.31.0"}]}
status: {phase: Pending}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio-canary, namespace: istio-system}
data: {mesh: "trustDomain: canary"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio-sidecar-injector, namespace: istio-system}
data: {values: "SECRET"}`)
	mesh.clusters[0].Revision = "canary"
	c := mesh.take(t, "sample").Clusters[0]
	istiods := value(t, c.Istiods)
	if len(istiods) != 2 || istiods[1].Revision != names.DefaultRevision || istiods[1].Ready || !istiods[1].Remotes.IsZero() {
		t.Errorf("got %+v", istiods)
	}
	if configs := value(t, c.MeshConfigs); len(configs) != 2 || configs[0].Revision != "asm-1" || configs[1].TrustDomain != "canary" {
		t.Errorf("got %+v", configs)
	}
	if got := why(t, c.Injectors); got.Reason != Malformed || strings.Contains(got.Message, "SECRET") {
		t.Errorf("got %s", got)
	}
}

func TestReasons(t *testing.T) {
	group := schema.GroupResource{Resource: "pods"}
	for _, test := range []struct {
		err  error
		want Reason
	}{
		{apierrors.NewForbidden(group, "a", nil), Forbidden},
		{apierrors.NewUnauthorized("no"), Forbidden},
		{apierrors.NewNotFound(group, "a"), NotServed},
		{apierrors.NewTooManyRequests("later", 1), Unanswered},
		{apierrors.NewInternalError(errors.New("etcd")), Unanswered},
		{apierrors.NewGenericServerResponse(http.StatusGatewayTimeout, "get", group, "a", "", 0, false), Unanswered},
		{apierrors.NewBadRequest("what?"), Malformed},
		{&kube.UnansweredError{}, Unanswered},
		{malformed("odd"), Malformed},
		{notAsked("no"), NotAsked},
		{errors.New("odd"), Malformed},
		{&requestError{cause: errors.New("lost"), stream: true}, Unanswered},
	} {
		if got := unknown("x", fmt.Errorf("read: %w", test.err)); got.Reason != test.want || !strings.Contains(got.Message, "read: ") {
			t.Errorf("%v: want %s, got %s", test.err, test.want, got)
		}
	}
}

func TestShorten(t *testing.T) {
	long := strings.Repeat("a", 300) + strings.Repeat("b", 300)
	if got := shorten(long); len(got) > messageHead+messageTail+5 || !strings.HasPrefix(got, "a") || !strings.HasSuffix(got, "b") {
		t.Errorf("got %q", got)
	}
	if got := shorten("as it is"); got != "as it is" {
		t.Errorf("got %q", got)
	}
}
