package diagnose

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/probe"
	"github.com/eastwest-mesh/eastwest/framework/report"
)

// healthyCluster is what a sound member of a fleet of two looks like.
func healthyCluster(name, other string) Facts {
	network, version := "network"+name[len(name)-1:], "v"+name[len(name)-1:]
	otherGateway := "172.30.10" + other[len(other)-1:] + ".1"
	proxy := func(pod, app string) Pod {
		return Pod{
			Namespace: "sample", Name: pod, Labels: map[string]string{"app": app}, Ready: true, Proxy: true, ProxyReady: true,
			Env: map[string]string{"ISTIO_META_NETWORK": network},
		}
	}
	return Facts{
		Cluster: Member{Name: name, Network: network, Version: version, Server: "https://172.30.0.1" + name[len(name)-1:] + ":6443"},
		UID:     "uid-" + name, NamespaceFound: true, NamespaceNetwork: network,
		Istiods: []Istiod{{
			Pod:          Pod{Namespace: "istio-system", Name: "istiod-1", Ready: true, Env: map[string]string{"CLUSTER_ID": name}},
			Remotes:      []Remote{{ID: other, Secret: "istio-system/istio-remote-secret-" + other, Status: "synced"}},
			RemotesKnown: true,
		}},
		Gateway: Gateway{
			Deployed: true,
			Services: []GatewayService{{
				Name: "istio-eastwestgateway", Type: "LoadBalancer", Network: network,
				Ports: []int32{15021, 15443, 15012, 15017}, Addresses: []string{"172.30.10" + name[len(name)-1:] + ".1"},
			}},
			Pods: []Pod{{
				Namespace: "istio-system", Name: "gw-1", Labels: map[string]string{"istio": "eastwestgateway"}, Ready: true, Proxy: true,
				ProxyReady: true, Image: "istio/proxyv2:1", Env: map[string]string{"ISTIO_META_REQUESTED_NETWORK_VIEW": network},
			}},
		},
		Exposures: []Exposure{{
			Gateway: "istio-system/cross-network-gateway", Selector: map[string]string{"istio": "eastwestgateway"},
			Port: 15443, Protocol: "TLS", Mode: "AUTO_PASSTHROUGH", Hosts: []string{"*.local"},
		}},
		Secrets: []RemoteSecret{{
			Namespace: "istio-system", Name: "istio-remote-secret-" + other, Labelled: true,
			Entries: []RemoteEntry{{ID: other, Server: "https://172.30.0.1" + other[len(other)-1:] + ":6443"}},
		}},
		Roots: []Root{{Where: rootConfigMap, Fingerprints: []string{"aa11"}}, {Where: rootProxy + "sample/sleep-1", Fingerprints: []string{"aa11"}}},
		Sample: Sample{
			Namespace: "sample", Found: true, Injection: "istio.io/rev=default", ServiceFound: true, ServicePorts: []int32{5000},
			Pods:       []Pod{proxy("helloworld-"+version, "helloworld"), proxy("sleep-1", "sleep")},
			HostsKnown: true,
			Hosts: []probe.Host{
				{Address: "10.0.0.1:5000", Counters: map[string]uint64{"rq_success": 4}},
				{Address: otherGateway + ":15443", Counters: map[string]uint64{"rq_success": 4, "cx_connect_fail": 1}},
			},
			Calls: []probe.Call{
				{Status: 200, Version: "v1", Instance: "a", Latency: time.Millisecond},
				{Status: 200, Version: "v2", Instance: "b", Latency: time.Millisecond},
			},
		},
		Policies: []Policy{{Namespace: "istio-system", Name: "default", Mode: "STRICT"}},
		Rules:    []Rule{{Namespace: "sample", Name: "hw", Host: "helloworld", Mode: "ISTIO_MUTUAL"}},
	}
}

func healthyFleet() []Facts {
	return []Facts{healthyCluster("cluster1", "cluster2"), healthyCluster("cluster2", "cluster1")}
}

func TestHealthyMeshHasNoFinding(t *testing.T) {
	fleets := map[string]func([]Facts){
		"as made": func([]Facts) {},
		"the gateway has a host name": func(f []Facts) {
			f[1].Gateway.Services[0].Addresses = []string{"lb.example.com"}
		},
		"remote secrets are named after contexts": func(f []Facts) {
			f[0].Secrets[0].Entries[0].ID = "gke-context-2"
			f[0].Istiods[0].Remotes[0].ID = "gke-context-2"
		},
		"a larger mesh than the fleet": func(f []Facts) {
			f[0].Secrets = append(f[0].Secrets, RemoteSecret{
				Namespace: "istio-system", Name: "istio-remote-secret-cluster3", Labelled: true,
				Entries: []RemoteEntry{{ID: "cluster3", Server: "https://10.1.1.1"}},
			})
			f[0].Istiods[0].Remotes = append(f[0].Istiods[0].Remotes, Remote{ID: "cluster3", Secret: "x", Status: "synced"})
		},
		"two roots during a rotation": func(f []Facts) {
			f[0].Roots[0].Fingerprints = []string{"aa11", "bb22"}
		},
		"no sample": func(f []Facts) {
			for i := range f {
				f[i].Sample = Sample{Namespace: "sample"}
			}
		},
		"a namespace made beforehand, with nothing of ours yet": func(f []Facts) {
			for i := range f {
				f[i].Sample = Sample{Namespace: "shop", Found: true, Injection: "istio.io/rev=default"}
			}
		},
		"another team's gateway and policy": func(f []Facts) {
			f[0].Exposures = append([]Exposure{{Gateway: "shop/web", Port: 443, Mode: "SIMPLE", Hosts: []string{"shop.example.com"}}}, f[0].Exposures...)
			f[0].Policies = append(f[0].Policies, Policy{Namespace: "shop", Name: "off", Mode: "DISABLE"})
			f[0].Rules = append(f[0].Rules, Rule{Namespace: "shop", Name: "db", Host: "db.shop", Mode: "DISABLE"})
		},
		"pods without a sidecar on purpose": func(f []Facts) {
			f[0].Sample.Pods = append(f[0].Sample.Pods, Pod{Name: "outsider", Labels: map[string]string{injectLabel: "false"}, Ready: true})
		},
		"one istiod of two is starting": func(f []Facts) {
			f[0].Istiods = append(f[0].Istiods, Istiod{Pod: Pod{Name: "istiod-2"}})
		},
		"things that could not be read": func(f []Facts) {
			f[0].Istiods, f[0].Secrets, f[0].Exposures, f[0].Gateway = nil, nil, nil, Gateway{}
			f[0].Unread = []string{"istiod pods: forbidden", "remote secrets: forbidden", "Gateway resources: forbidden", "gateway Deployment: forbidden"}
			f[1].Sample.HostsKnown = false
		},
	}
	for name, change := range fleets {
		t.Run(name, func(t *testing.T) {
			fleet := healthyFleet()
			change(fleet)
			if d := Judge(fleet); !d.Healthy() || len(d.Consequences) > 0 {
				t.Errorf("want no finding, got:\n%s", d.Text())
			}
		})
	}
}

// What could not be read may hide the fault: nobody may read that all is sound.
func TestUnreadIsNotSound(t *testing.T) {
	fleet := healthyFleet()
	if got := Judge(fleet).Text(); !strings.Contains(got, "Every rung is sound") {
		t.Errorf("want a healthy mesh called sound, got:\n%s", got)
	}
	fleet[1].Unread = []string{"clusterz of istiod-1: the connection was lost"}
	got := Judge(fleet).Text()
	want := "No broken link was found, but not everything could be read, and one may hide there.\n" +
		"could not read: cluster2: clusterz of istiod-1: the connection was lost\n"
	if got != want {
		t.Errorf("want:\n%s\ngot:\n%s", want, got)
	}
}

func TestFaultsAreNamed(t *testing.T) {
	tests := map[string]struct {
		broken      func([]Facts)
		rung, cause string
		cluster     string
		says        string // part of what was found
	}{
		"API server away":       {func(f []Facts) { f[1] = Facts{Cluster: f[1].Cluster, APIError: "connection refused"} }, "API", "", "cluster2", "connection refused"},
		"one cluster twice":     {func(f []Facts) { f[1].UID = f[0].UID }, "API", "", "cluster2", "one and the same cluster"},
		"no control plane":      {func(f []Facts) { f[0].Istiods = nil }, "install", "", "cluster1", "no istiod pod"},
		"istiod not ready":      {func(f []Facts) { f[0].Istiods[0].Ready, f[0].Istiods[0].Reason = false, "discovery: CrashLoopBackOff" }, "install", "", "cluster1", "CrashLoopBackOff"},
		"one ID in two":         {func(f []Facts) { f[1].Istiods[0].Env["CLUSTER_ID"] = "cluster1" }, "install", "F-14", "cluster2", "CLUSTER_ID"},
		"no network label":      {func(f []Facts) { f[0].NamespaceNetwork = "" }, "network identity", "F-02", "cluster1", "no label"},
		"label contradicts":     {func(f []Facts) { f[0].NamespaceNetwork = "other" }, "network identity", "F-03", "cluster1", `"other"`},
		"one proxy of several":  {func(f []Facts) { f[0].Sample.Pods[0].Env["ISTIO_META_NETWORK"] = "old" }, "network identity", "F-27", "cluster1", "helloworld-v1"},
		"gateway's label":       {func(f []Facts) { f[0].Gateway.Services[0].Network = "" }, "network identity", "F-04", "cluster1", "istio-eastwestgateway"},
		"gateway's view":        {func(f []Facts) { f[0].Gateway.Pods[0].Env["ISTIO_META_REQUESTED_NETWORK_VIEW"] = "x" }, "network identity", "F-32", "cluster1", "gw-1"},
		"pods older than label": {func(f []Facts) { f[0].Sample.Pods[1].Env["ISTIO_META_NETWORK"] = "old" }, "network identity", "F-27", "cluster1", "sleep-1"},
		"one network":           {sameNetwork, "network identity", "F-01", "cluster2", "as in cluster1"},
		"no gateway":            {func(f []Facts) { f[0].Gateway = Gateway{} }, "gateway address", "", "cluster1", "no east-west gateway"},
		"gateway not injected":  {func(f []Facts) { f[0].Gateway.Pods[0].Ready, f[0].Gateway.Pods[0].Image = false, "auto" }, "gateway address", "F-18", "cluster1", `"auto"`},
		"no address":            {func(f []Facts) { f[1].Gateway.Services[0].Addresses = nil }, "gateway address", "F-05", "cluster2", "<pending>"},
		"port is missing":       {func(f []Facts) { f[1].Gateway.Services[0].Ports = []int32{443} }, "gateway address", "F-19", "cluster2", "15443"},
		"not exposed":           {func(f []Facts) { f[0].Exposures = nil }, "exposure", "F-16", "cluster1", "cross-network-gateway is missing"},
		"exposed wrongly":       {func(f []Facts) { f[0].Exposures[0].Mode = "PASSTHROUGH" }, "exposure", "F-17", "cluster1", "AUTO_PASSTHROUGH"},
		"selects no gateway":    {func(f []Facts) { f[0].Exposures[0].Selector["istio"] = "gw" }, "exposure", "F-17", "cluster1", "istio=gw"},
		"wrong hosts":           {func(f []Facts) { f[0].Exposures[0].Hosts = []string{"*.example"} }, "exposure", "F-17", "cluster1", "*.example"},
		"no remote secret":      {func(f []Facts) { f[0].Secrets, f[0].Istiods[0].Remotes = nil, nil }, "discovery", "F-08", "cluster1", "no remote secret for cluster cluster2"},
		"secret unlabelled":     {func(f []Facts) { f[0].Secrets[0].Labelled = false }, "discovery", "F-09", "cluster1", "no label"},
		"secret elsewhere":      {func(f []Facts) { f[0].Secrets[0].Namespace = "default" }, "discovery", "F-09", "cluster1", "namespace default"},
		"server is loopback":    {func(f []Facts) { f[0].Secrets[0].Entries[0].Server = "https://127.0.0.1:6443" }, "discovery", "F-10", "cluster1", "127.0.0.1"},
		"not synced":            {func(f []Facts) { f[0].Istiods[0].Remotes[0].Status = "timeout" }, "discovery", "F-10", "cluster1", "timeout"},
		"one istiod lags":       {func(f []Facts) { f[0].Istiods[0].Remotes = nil }, "discovery", "F-37", "cluster1", "istiod-1"},
		"two secrets for one":   {twoSecrets, "discovery", "F-15", "cluster1", "both for cluster ID"},
		"no Service here":       {func(f []Facts) { f[0].Sample.ServiceFound = false }, "discovery", "F-24", "cluster1", "helloworld"},
		"another root":          {otherRoot, "trust", "F-06", "cluster2", "differs"},
		"proxy with old root":   {func(f []Facts) { f[0].Roots[1].Fingerprints = []string{"old0"} }, "trust", "F-06", "cluster1", "sleep-1"},
		"caller not injected":   {func(f []Facts) { f[0].Sample.Pods[1].Proxy, f[0].Sample.Injection = false, "" }, "injection", "F-26", "cluster1", "neither"},
		"server not injected":   {func(f []Facts) { f[0].Sample.Pods[0].Proxy = false }, "injection", "F-23", "cluster1", "no sidecar"},
		"proxy not ready":       {func(f []Facts) { f[0].Sample.Pods[0].ProxyReady = false }, "injection", "F-43", "cluster1", "not ready"},
		"mTLS off in the mesh":  {func(f []Facts) { f[0].Policies[0].Mode = "DISABLE" }, "policy", "F-22", "cluster1", "PeerAuthentication istio-system/default"},
		"mTLS off for the port": {func(f []Facts) { f[0].Policies[0].PortModes = map[uint32]string{5000: "DISABLE"} }, "policy", "F-22", "cluster1", "port 5000"},
		"mTLS off by rule":      {func(f []Facts) { f[0].Rules[0].Mode = "DISABLE" }, "policy", "F-22", "cluster1", "DestinationRule sample/hw"},
		"mTLS off by wildcard":  {func(f []Facts) { f[0].Rules[0] = Rule{"istio-system", "all", "*.local", "DISABLE"} }, "policy", "F-22", "cluster1", "*.local"},
		"firewall":              {firewall, "traffic", "F-20", "cluster1", "172.30.102.1:15443"},
		"no endpoint":           {func(f []Facts) { f[0].Sample.Hosts = f[0].Sample.Hosts[:1] }, "traffic", "F-08", "cluster1", "10.0.0.1:5000"},
		"stalls":                {func(f []Facts) { f[0].Sample.Calls[0].Latency = 10 * time.Second }, "traffic", "F-20", "cluster1", "more than 5 s"},
		"name does not resolve": {func(f []Facts) { f[0].Sample.Calls[0] = probe.Call{Exit: 6, Err: "could not resolve the host name"} }, "traffic", "F-24", "cluster1", "resolve"},
		"only the local one":    {func(f []Facts) { f[0].Sample.Calls[1] = f[0].Sample.Calls[0] }, "traffic", "", "cluster1", "no answer of v2 (cluster2)"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			fleet := healthyFleet()
			test.broken(fleet)
			d := Judge(fleet)
			if len(d.Causes) != 1 {
				t.Fatalf("want one cause, got:\n%s", d.Text())
			}
			got := d.Causes[0]
			if got.Rung != test.rung || got.Cause != test.cause || got.Cluster != test.cluster || !strings.Contains(got.Found, test.says) {
				t.Errorf("want %s %q on %s saying %q, got %+v", test.rung, test.cause, test.cluster, test.says, got)
			}
			if got.Remedy == "" || got.Want == "" {
				t.Errorf("want what is wanted and a remedy, got %+v", got)
			}
		})
	}
}

func sameNetwork(f []Facts) {
	f[1].NamespaceNetwork = "network1"
	f[1].Gateway.Services[0].Network = "network1"
}

func twoSecrets(f []Facts) {
	second := f[0].Secrets[0]
	second.Name = "istio-remote-secret-again"
	f[0].Secrets = append(f[0].Secrets, second)
}

func otherRoot(f []Facts) {
	for i := range f[1].Roots {
		f[1].Roots[i].Fingerprints = []string{"cc33"}
	}
}

func firewall(f []Facts) {
	f[0].Sample.Hosts[1].Counters = map[string]uint64{"cx_connect_fail": 9}
}

// A missing load balancer breaks everything above it, and is one cause.
func TestConsequencesHangOnTheCause(t *testing.T) {
	fleet := healthyFleet()
	fleet[1].Gateway.Services[0].Addresses = nil
	fleet[0].Sample.Calls = []probe.Call{{Status: 200, Version: "v1", Instance: "a", Latency: 10 * time.Second}}
	d := Judge(fleet)
	if len(d.Causes) != 1 || d.Causes[0].Cause != "F-05" {
		t.Fatalf("want F-05 as the only cause, got:\n%s", d.Text())
	}
	if len(d.Consequences) == 0 || d.Consequences[0].Rung != "traffic" {
		t.Errorf("want the stalled calls as a consequence, got:\n%s", d.Text())
	}
	for _, finding := range d.Findings()[1:] {
		if !strings.Contains(finding.Found, `consequence of the broken rung "gateway address"`) {
			t.Errorf("want it called a consequence, got %q", finding.Found)
		}
	}
}

func TestRungsInOrder(t *testing.T) {
	want := []string{"API", "install", "configuration", "network identity", "gateway address", "exposure", "discovery", "trust", "injection", "policy", "traffic"}
	if diff := cmp.Diff(want, Rungs()); diff != "" {
		t.Errorf("rungs (-want +got):\n%s", diff)
	}
}

// The order of the clusters must not show in the diagnosis.
func TestOrderOfClustersDoesNotMatter(t *testing.T) {
	fleet := healthyFleet()
	fleet[0].Exposures, fleet[1].Exposures = nil, nil
	forward := Judge(fleet)
	slices.Reverse(fleet)
	if diff := cmp.Diff(forward, Judge(fleet)); diff != "" {
		t.Errorf("diagnosis differs with the order (-forward +backward):\n%s", diff)
	}
}

// What went wrong stands at a long message's end, what was tried at its beginning.
func TestShorten(t *testing.T) {
	long := "failed to pull " + strings.Repeat("é", 400) + ": connection refused"
	got := shorten(long)
	if !strings.HasPrefix(got, "failed to pull") || !strings.HasSuffix(got, "connection refused") || !utf8.ValidString(got) {
		t.Errorf("got %q", got)
	}
	if got := shorten("short"); got != "short" {
		t.Errorf("got %q", got)
	}
}

// Clusters of the mesh that are not in the fleet are right as they are, reached or not.
func TestJudgeLeavesTheRestOfTheMeshAlone(t *testing.T) {
	fleet := healthyFleet()
	fleet[0].Secrets = append(fleet[0].Secrets,
		RemoteSecret{Namespace: "istio-system", Name: "istio-remote-secret-gone", Labelled: true, Entries: []RemoteEntry{{ID: "gone", Server: "https://127.0.0.1:1"}}},
		RemoteSecret{Namespace: "istio-system", Name: "istio-remote-secret-gone2", Labelled: true, Entries: []RemoteEntry{{ID: "gone", Server: "https://192.0.2.9:6443"}}},
		RemoteSecret{Namespace: "istio-system", Name: "istio-remote-secret-other", Labelled: false, Entries: []RemoteEntry{{ID: "other", Server: "https://192.0.2.8:6443"}}})
	d := Judge(fleet)
	if !d.Healthy() {
		t.Errorf("want nothing found, got:\n%s", d.Text())
	}
	if len(d.Notes) != 2 || !strings.Contains(d.Notes[0], `"gone", which is of the mesh and not of this fleet; istiod is not synced with it`) {
		t.Errorf("want them named, got %q", d.Notes)
	}
	if text := d.Text(); strings.Contains(text, "delete") {
		t.Errorf("want no advice to delete, got:\n%s", text)
	}
}

// A version that did not answer is evidence only in enough calls.
func TestJudgeWantsEnoughCalls(t *testing.T) {
	fleet := healthyFleet()
	fleet[0].Sample.Calls[1] = fleet[0].Sample.Calls[0]
	fleet[0].Sample.Needed = len(fleet[0].Sample.Calls) + 1
	if d := Judge(fleet); !d.Healthy() {
		t.Errorf("too few calls: want nothing found, got:\n%s", d.Text())
	}
}

func TestSharesOf(t *testing.T) {
	host := func(address string, weight uint64, healthy bool) probe.Host {
		return probe.Host{Address: address, Weight: weight, Healthy: healthy}
	}
	tests := map[string]struct {
		hosts    []probe.Host
		versions int
		smallest float64
		calls    int
	}{
		"two clusters":                    {[]probe.Host{host("a", 1, true), host("b", 1, true)}, 2, 0.5, 23},
		"a mesh larger than the fleet":    {[]probe.Host{host("a", 1, true), host("b", 1, true), host("c", 5, true), host("d", 3, true)}, 2, 0.1, 158},
		"an endpoint that is not chosen":  {[]probe.Host{host("a", 1, true), host("b", 1, true), host("c", 9, false)}, 2, 0.5, 23},
		"no endpoints known":              {nil, 4, 0.25, 61},
		"one of four has no endpoint yet": {[]probe.Host{host("a", 1, true)}, 4, 0.25, 61},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			smallest := 1.0
			for _, share := range sharesOf(test.hosts, test.versions) {
				smallest = min(smallest, share.Part)
			}
			if smallest != test.smallest {
				t.Errorf("smallest share: want %v, got %v", test.smallest, smallest)
			}
			r := reader{opts: Options{versions: test.versions, sources: test.versions}, facts: &Facts{}}
			if got := r.needed(test.hosts); got != test.calls {
				t.Errorf("want %d calls, got %d", test.calls, got)
			}
		})
	}
}

// Variables may hold secrets: only those that say who Istio's own containers are get read.
func TestOnlyIstiosIdentityIsReadOfEnvironments(t *testing.T) {
	env := []corev1.EnvVar{
		{Name: "CLUSTER_ID", Value: "c1"},
		{Name: "ISTIO_META_NETWORK", Value: "n1"},
		{Name: "VENDOR_TOKEN", Value: "hunter2"},
		{Name: "TRUST_DOMAIN", ValueFrom: &corev1.EnvVarSource{}},
	}
	for container, want := range map[string]map[string]string{
		"istio-proxy": {"CLUSTER_ID": "c1", "ISTIO_META_NETWORK": "n1"}, "discovery": {"CLUSTER_ID": "c1", "ISTIO_META_NETWORK": "n1"}, "app": {},
	} {
		pod := summarize(&corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: container, Env: env}}}})
		if diff := cmp.Diff(want, pod.Env); diff != "" {
			t.Errorf("%s (-want +got):\n%s", container, diff)
		}
	}
}

// What a cluster says must not be able to write to the terminal as it likes.
func TestTextIsSafeOnATerminal(t *testing.T) {
	evil := "x\x1b]0;title\x07\x1b[2J\nforged line"
	d := Diagnosis{Causes: []report.Finding{{Rung: "API", Cluster: evil, Found: evil, Want: evil, Remedy: evil}}, Unread: []string{evil}, Notes: []string{evil}}
	text := d.Text()
	if strings.ContainsAny(text, "\x1b\x07") || strings.Contains(text, "\nforged") {
		t.Errorf("got %q", text)
	}
}

// slowly answers calls, or lets them stall.
type slowly struct {
	batches []int
	stalls  int // from this call on; 0 for never
	made    int
}

func (s *slowly) Exec(_ context.Context, _ kube.Target, opts kube.ExecOptions) (kube.ExecResult, error) {
	command := strings.Join(opts.Command, " ")
	from, to := strings.LastIndex(command, "#[1-"), strings.LastIndex(command, "]")
	count, err := strconv.Atoi(command[from+len("#[1-") : to])
	if err != nil {
		return kube.ExecResult{}, err
	}
	s.batches = append(s.batches, count)
	trailer := opts.Command[slices.Index(opts.Command, "--write-out")+1]
	nonce := strings.Split(strings.TrimPrefix(trailer, `\n`), `\t`)[0]
	var out strings.Builder
	for i := range count {
		s.made++
		seconds := "0.002"
		if s.stalls > 0 && s.made >= s.stalls {
			seconds = "10.1"
		}
		fmt.Fprintf(&out, "Hello version: v1, instance: helloworld-v1-x\n\n%s\t0\t200\t%s\thttp://x/#%d\n", nonce, seconds, i+1)
	}
	return kube.ExecResult{Stdout: []byte(out.String())}, nil
}

// All calls are made where all is well; where they stall nobody waits for all of them.
func TestCallsStopAtTrouble(t *testing.T) {
	for name, test := range map[string]struct {
		stalls  int
		batches []int
	}{
		"all well": {0, []int{2, 2, 4, 8, 16, 9}}, "at once": {1, []int{2}}, "later": {6, []int{2, 2, 4}},
	} {
		t.Run(name, func(t *testing.T) {
			exec := &slowly{stalls: test.stalls}
			r := reader{exec: exec, opts: Options{Namespace: "sample"}, facts: &Facts{}}
			calls := r.calls(t.Context(), Pod{Namespace: "sample", Name: "sleep"}, 41)
			if diff := cmp.Diff(test.batches, exec.batches); diff != "" {
				t.Errorf("batches (-want +got):\n%s", diff)
			}
			if len(calls) != exec.made || len(r.facts.Unread) > 0 {
				t.Errorf("got %d calls of %d, unread %v", len(calls), exec.made, r.facts.Unread)
			}
		})
	}
}
