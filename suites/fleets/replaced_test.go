package fleets

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// ownedAfter is longer than one interval of the Lease of a run (15 s): what is made
// later cannot be the run's.
const ownedAfter = 17 * time.Second

// replaceGateway kills a run while istioctl installs the gateway. Its owner then removes
// the half of it, and installs his own with the same programs. Cleanup has to remove what
// is left of the run's and to leave what is the owner's.
func (f somebodys) replaceGateway(t *testing.T, install []string) {
	before := f.kubectl(t, "get", "serviceaccounts,roles,rolebindings", "--output=name")
	r := f.start(t, install...)
	r.awaitLine(t, "clusters ready (")
	f.awaitGateway(t, r)
	// "lab exec" has become the run, which has no chance to clean up.
	if err := r.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = r.cmd.Wait() // that it was killed is no news
	f.kubectl(t, "delete", "deployment,service,hpa", "istio-eastwestgateway", "--ignore-not-found")
	time.Sleep(ownedAfter)
	f.inside(t, "bash", "-c", f.tool(t, "genGateway")+" --network network1 --revision default | "+f.tool(t, "istioctl")+
		` install -y --kubeconfig="$KUBECONFIG_CLUSTER1" --set values.global.imagePullPolicy=IfNotPresent -f -`)
	owners := f.gateways(t)
	for range 2 {
		out := f.inside(t, f.eastwest.Path, "cleanup")
		if diff := cmp.Diff(owners, f.gateways(t)); diff != "" {
			t.Fatalf("the owner's gateway was touched (-before +after):\n%s\n%s", diff, out)
		}
	}
	other := f.inside(t, "kubectl", "--context=cluster2", "--namespace=istio-system", "get", "deployments,services,hpa,serviceaccounts", "--selector=istio=eastwestgateway", "--output=name")
	if strings.TrimSpace(other) != "" {
		t.Errorf("of the run is left on the other cluster:\n%s", other)
	}
	// As the owner removes it again.
	f.kubectl(t, "delete", "deployment,service,hpa,serviceaccount,role,rolebinding", "--selector=istio=eastwestgateway")
	f.kubectl(t, "delete", "role,rolebinding", "istio-eastwestgateway-sds", "--ignore-not-found")
	f.kubectl(t, "delete", "serviceaccount", "istio-eastwestgateway-service-account", "--ignore-not-found")
	if diff := cmp.Diff(before, f.kubectl(t, "get", "serviceaccounts,roles,rolebindings", "--output=name")); diff != "" {
		t.Errorf("left or lost (-before +after):\n%s", diff)
	}
}

// awaitGateway looks until a run has made the gateway's Deployment. Its istioctl is
// then still waiting for the pods.
func (f somebodys) awaitGateway(t *testing.T, r running) {
	t.Helper()
	for end := time.Now().Add(lineBound); time.Now().Before(end); {
		if strings.Contains(f.gateways(t), "Deployment") {
			return
		}
	}
	t.Fatalf("no gateway within %s:\n%s", lineBound, r.said.String())
}

// tool is a path that the fleet file names.
func (f somebodys) tool(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(f.file)
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(fmt.Sprintf(`(?m)^  %s: "(.*)"$`, name)).FindSubmatch(content)
	if found == nil {
		t.Fatalf("the fleet file names no %s:\n%s", name, content)
	}
	return string(found[1])
}
