package bootstrap_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/dataplane/bootstrap"
)

// argv is what pilot-agent 1.31 passes.
const argv = "-c etc/istio/proxy/envoy-rev.json --drain-time-s 45 --drain-strategy immediate --local-address-ip-version v4 " +
	"--file-flush-interval-msec 1000 --disable-hot-restart --allow-unknown-static-fields -l warning --component-log-level misc:error " +
	"--skip-deprecated-logs --concurrency 2 --enable-core-dump --file-flush-min-size-kb 64"

func TestParseArgs(t *testing.T) {
	got, err := bootstrap.ParseArgs(strings.Fields(argv))
	if err != nil {
		t.Fatal(err)
	}
	want := bootstrap.Args{ConfigPath: "etc/istio/proxy/envoy-rev.json", LogLevel: "warning", DrainTime: 45 * time.Second}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, line := range []string{"", "--unheard x -c y", "-c", "-c x --drain-time-s soon", "x -c y"} {
		if _, err := bootstrap.ParseArgs(strings.Fields(line)); err == nil {
			t.Errorf("%q: accepted, want an error", line)
		}
	}
	if got, err := bootstrap.ParseArgs([]string{"--version"}); err != nil || !got.Version {
		t.Errorf("--version: %+v %v", got, err)
	}
}

func TestLoadRealBootstraps(t *testing.T) {
	for _, name := range []string{"sidecar", "gateway"} {
		b, err := bootstrap.Load(bootstrap.Args{ConfigPath: filepath.Join("testdata", name+".json"), ConfigYAML: "admin: {address: {socket_address: {port_value: 15999}}}"})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if b.Admin != "127.0.0.1:15999" || b.ADS != "xds-grpc" || len(b.XDSClusters) != 4 || len(b.Listeners) != 2 {
			t.Errorf("%s: %+v", name, b)
		}
		if b.Node.GetUserAgentName() != "eastwest-dataplane" || b.Node.GetMetadata().GetFields()["CLUSTER_ID"].GetStringValue() != "cluster1" {
			t.Errorf("%s: node %v", name, b.Node)
		}
		// Sockets' paths stay relative: made absolute they could grow past 107 bytes.
		for xdsCluster, want := range map[string]string{"xds-grpc": "unix:./etc/istio/proxy/XDS", "sds-grpc": "unix:./var/run/secrets/workload-spiffe-uds/socket", "agent": "passthrough:///127.0.0.1:15020"} {
			if got, err := b.Target(xdsCluster); err != nil || got != want {
				t.Errorf("%s: target of %s: %q %v, want %q", name, xdsCluster, got, err, want)
			}
		}
		if _, err := b.Target("nowhere"); err == nil {
			t.Error("an unknown xdsCluster has a target")
		}
	}
}

func TestBootstrapThatCannotWork(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("testdata", "sidecar.json"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"SotW":               {`"DELTA_GRPC"`, `"GRPC"`, "ads_config.api_type: GRPC is not supported"},
		"no node":            {`"id": "sidecar~`, `"ignored": "sidecar~`, "node.id is missing"},
		"no such ADS server": {`"name": "xds-grpc"`, `"name": "other"`, `no static xdsCluster "xds-grpc"`},
		"unknown filter":     {"filters.http.router.v3.Router", "filters.http.lua.v3.Lua", "envoy.extensions.filters.http.lua.v3.Lua is not supported"},
		"broken":             {`{`, ``, "bootstrap"},
	} {
		_, err := bootstrap.Parse([]byte(strings.Replace(string(raw), c.old, c.new, 1)))
		if name == "unknown filter" {
			_, err = bootstrap.Parse([]byte(strings.ReplaceAll(string(raw), c.old, c.new)))
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want it to say %q", name, err, c.want)
		}
	}
}

// An extension that is never looked at may even be of a type nobody knows.
func TestIgnoredPartsMayBeOfUnknownTypes(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("testdata", "sidecar.json"))
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(raw, &tree); err != nil {
		t.Fatal(err)
	}
	tree["tracing"] = map[string]any{"http": map[string]any{"name": "x", "typed_config": map[string]any{"@type": "type.googleapis.com/example.Tracer"}}}
	raw, err = json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bootstrap.Parse(raw); err != nil {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"sidecar", "gateway"} {
		raw, err := os.ReadFile(filepath.Join("testdata", name+".json"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte(`{"node":{"id":"x"},"static_resources":{"listeners":[{}],"clusters":[{}]}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := bootstrap.Parse(raw)
		if err == nil && (b.ADS == "" || b.Node.GetId() == "") {
			t.Errorf("accepted without an ADS server or a node: %s", raw)
		}
	})
}
