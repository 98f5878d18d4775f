package preflight

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
)

// sound is a fleet of two clusters with a control plane each and no mesh yet.
func sound() []*facts {
	var all []*facts
	for _, name := range []string{"west", "east"} {
		all = append(all, &facts{
			spec: fleet.ClusterSpec{Name: name, Platform: "gdc-vmware"}, uid: "uid-" + name, kubernetes: "v1.36.1",
			namespaceFound: true, namespaceNetwork: "n-" + name, revision: "asm-1",
			istiods:  []istiod{{pod: "istiod-1", revision: "asm-1", version: "1.31.0", ready: true, clusterID: name, certProvider: "istiod"}},
			injector: fleet.InjectorValues{Found: true, Network: "n-" + name, ClusterName: name},
			webhooks: []string{"istio-sidecar-injector-asm-1"},
			roots:    []string{"aaaaaaaaaaaaaaaa"},
			unread:   map[string]string{},
		})
	}
	return all
}

func optionsOf(all []*facts) Options {
	opts := Options{CA: cell.Istio, Namespace: "sample"}
	for _, f := range all {
		opts.Clusters = append(opts.Clusters, f.spec)
	}
	return opts
}

func TestSoundFleet(t *testing.T) {
	all := sound()
	opts := optionsOf(all)
	opts.Existing = true
	for _, f := range all {
		f.sample = true
	}
	result := newResult(judge(all, opts))
	if result.Status != OK {
		t.Errorf("nothing is wrong, and this is told:\n%s", result.Text())
	}
	var ids []string
	for _, check := range result.Checks {
		if !slices.Contains(ids, check.ID) {
			ids = append(ids, check.ID)
		}
	}
	if diff := cmp.Diff(checkOrder(), ids); diff != "" {
		t.Errorf("checks and their order (-want +got):\n%s", diff)
	}
}

// Each break is found by the check that is there for it, and told with what to
// do; checks of other things stay as they were.
func TestChecks(t *testing.T) {
	gatewayOf := func(service, view string) gateway {
		return gateway{found: true, serviceNetwork: service, viewNetwork: view}
	}
	complete := func(all []*facts) {
		for i, f := range all {
			f.exposed, f.gateway = true, gatewayOf(f.namespaceNetwork, f.namespaceNetwork)
			other := all[1-i].spec.Name
			f.remotes = []remote{{"istio-remote-secret-" + other, other, "https://192.0.2.1:6443"}}
		}
	}
	tests := []struct {
		name   string
		change func(all []*facts, opts *Options)
		id     string
		status Status
		cause  string
		found  string
	}{
		{"unreachable", func(a []*facts, _ *Options) { a[0].unreachable = "no route to host" }, idReach, Unknown, "", "no route"},
		{"credentials not accepted", func(a []*facts, _ *Options) { a[0].unreachable, a[0].unauthorized = "Unauthorized", true }, idReach, Refused, "", "Unauthorized"},
		{"a user without any right", func(a []*facts, _ *Options) {
			a[0].unreachable, a[0].forbidden = "may not get namespaces", true
			a[0].missing = []Right{{Scope: WholeCluster, Group: "", Resource: "namespaces", Verbs: []string{"get"}, Why: "identity"}}
		}, idRights, Refused, "", "get namespaces (identity)"},
		{"one cluster twice", func(a []*facts, _ *Options) { a[1].uid = a[0].uid }, idIdentity, Refused, "", "west and east are one cluster"},
		{"a right is missing", func(a []*facts, _ *Options) {
			a[0].missing = []Right{{Scope: System, Group: "apps", Resource: "deployments", Verbs: []string{"create"}, Why: "the gateway"}}
		}, idRights, Refused, "", "create deployments.apps in istio-system (the gateway)"},
		{"rights that cannot be asked for", func(a []*facts, _ *Options) { a[0].unread[idRights] = "timeout" }, idRights, Unknown, "", "timeout"},
		{"no control plane", func(a []*facts, _ *Options) {
			a[0].istiods, a[0].revision, a[0].revisionErr = nil, "", "no Ready pod"
		}, idIstiod, Refused, "", "no Ready pod"},
		{"two revisions", func(a []*facts, _ *Options) {
			a[0].istiods = append(a[0].istiods, istiod{pod: "istiod-2", revision: "asm-2", ready: true})
			a[0].revision, a[0].revisionErr = "", "several control planes are Ready"
		}, idIstiod, Refused, "", "several control planes"},
		{"one istiod of two is not ready", func(a []*facts, _ *Options) {
			a[0].istiods = append(a[0].istiods, istiod{pod: "istiod-2", revision: "asm-1"})
		}, idIstiod, Warning, "F-37", "istiod-2 (revision asm-1, not Ready)"},
		{"istiod cannot be read", func(a []*facts, _ *Options) { a[0].unread[idIstiod] = "forbidden" }, idIstiod, Unknown, "", "forbidden"},
		{"no webhook", func(a []*facts, _ *Options) { a[0].webhooks = nil }, idWebhook, Refused, "F-18", "istio.io/rev=asm-1"},
		{"the same cluster ID", func(a []*facts, _ *Options) { a[1].istiods[0].clusterID = "west" }, idClusterID, Refused, "F-14", "and so does that of west"},
		{"another cluster ID than the name", func(a []*facts, _ *Options) { a[0].istiods[0].clusterID = "cn-f-global-west" }, idClusterID, Warning, "", `"cn-f-global-west", the fleet "west"`},
		{"no network", func(a []*facts, _ *Options) { a[0].namespaceNetwork, a[0].injector.Network = "", "" }, idNetwork, Refused, "F-02", "no network"},
		{"no label", func(a []*facts, _ *Options) { a[0].namespaceNetwork = "" }, idNetwork, Refused, "F-02", "no label topology.istio.io/network"},
		{"no network in the injector", func(a []*facts, _ *Options) { a[0].injector.Network = "" }, idNetwork, Warning, "F-03", "tells proxies no network"},
		{"label against injector", func(a []*facts, _ *Options) { a[0].injector.Network = "default" }, idNetwork, Refused, "F-03", `the label of namespace istio-system says "n-west", the injector's values says "default"`},
		{"file against label", func(a []*facts, _ *Options) { a[0].spec.Network = "other" }, idNetwork, Refused, "F-03", `the fleet file says "other"`},
		{"gateway's label against label", func(a []*facts, _ *Options) { a[0].gateway = gatewayOf("n-old", "n-west") }, idNetwork, Refused, "F-03", `the label of the gateway's Service says "n-old"`},
		{"gateway's view against label", func(a []*facts, _ *Options) { a[0].gateway = gatewayOf("n-west", "n-old") }, idNetwork, Refused, "F-03", `the gateway's network view says "n-old"`},
		{"a gateway without label", func(a []*facts, _ *Options) { a[0].gateway = gatewayOf("", "n-west") }, idNetwork, Refused, "F-04", "the gateway's Service has no label"},
		{"no istio-system", func(a []*facts, _ *Options) { a[0].namespaceFound = false }, idNetwork, Refused, "", "no namespace istio-system"},
		{"network cannot be read", func(a []*facts, _ *Options) { a[0].unread[idNetwork] = "forbidden" }, idNetwork, Unknown, "", "forbidden"},
		{"one network for both", func(a []*facts, _ *Options) {
			for _, f := range a {
				f.namespaceNetwork, f.injector.Network = "default", "default"
			}
		}, idNetwork, Warning, "F-01", `both on network "default"`},
		{"another CA, by istiod", func(a []*facts, _ *Options) { a[0].istiods[0].caProvider = "GoogleCA" }, idCA, Refused, "F-43", "the control plane's CA is GoogleCA, and --ca istio means Citadel"},
		{"another CA, by the mesh configuration", func(a []*facts, _ *Options) { a[0].mesh.caProvider = "GoogleCAS" }, idCA, Refused, "F-43", "GoogleCAS"},
		{"asked for another CA", func(_ []*facts, o *Options) { o.CA = cell.MeshCA }, idCA, Refused, "F-43", "--ca meshca means GoogleCA"},
		{"pilotCertProvider drifted", func(a []*facts, _ *Options) { a[0].istiods[0].certProvider = "kubernetes" }, idCA, Warning, "", "istiod has pilotCertProvider kubernetes"},
		{"CA cannot be read", func(a []*facts, _ *Options) { a[0].unread[idCA] = "forbidden" }, idCA, Unknown, "", "forbidden"},
		{"other roots", func(a []*facts, _ *Options) { a[1].roots = []string{"bbbbbbbbbbbbbbbb"} }, idRoots, Refused, "F-06", "different root certificates"},
		{"no root", func(a []*facts, _ *Options) { a[1].roots = nil }, idRoots, Unknown, "", "east has no ConfigMap"},
		{"roots cannot be read", func(a []*facts, _ *Options) { a[1].unread[idRoots] = "forbidden" }, idRoots, Unknown, "", "east: forbidden"},
		{"other trust domains", func(a []*facts, _ *Options) { a[0].mesh.trustDomain, a[1].mesh.trustDomain = "td1", "td2" }, idTrust, Refused, "F-07", "without aliases"},
		{"Kubernetes two apart", func(a []*facts, _ *Options) { a[1].kubernetes = "v1.34.0" }, idVersions, Warning, "", "v1.34.0, v1.36.1"},
		{"Istio two apart", func(a []*facts, _ *Options) { a[1].istiods[0].version = "1.29.1-asm.2" }, idVersions, Warning, "F-35", "1.29.1-asm.2, 1.31.0"},
		{"Istio three apart", func(a []*facts, _ *Options) { a[1].istiods[0].version = "1.28.1" }, idVersions, Refused, "F-35", "1.28.1"},
		{"a sample namespace of somebody", func(a []*facts, _ *Options) { a[0].sample = true }, idExisting, Refused, "", "namespace sample"},
		{"what an earlier run left", func(a []*facts, _ *Options) { complete(a); a[0].runs = []string{"20260101-000000-abcdef"} }, idExisting, Refused, "", "an earlier run has left its objects: 20260101-000000-abcdef"},
		{"existing cannot be read", func(a []*facts, _ *Options) { a[0].unread[idExisting] = "forbidden" }, idExisting, Unknown, "", "forbidden"},
		{"nothing to reuse", func(_ []*facts, o *Options) { o.Reuse = true }, idExisting, Refused, "", "there is no istio-eastwestgateway, cross-network-gateway, remote secrets"},
		{"a remote secret on loopback", func(a []*facts, _ *Options) {
			complete(a)
			a[0].remotes[0].server = "https://127.0.0.1:6443"
		}, idRemotes, Refused, "F-10", "https://127.0.0.1:6443"},
		{"two secrets of one cluster", func(a []*facts, _ *Options) {
			complete(a)
			a[0].remotes = append(a[0].remotes, remote{"istio-remote-secret-old", "east", "https://192.0.2.9"})
		}, idRemotes, Refused, "F-15", "istio-remote-secret-east and istio-remote-secret-old are both for cluster east"},
		{"a secret of a stranger", func(a []*facts, _ *Options) {
			complete(a)
			a[0].remotes = append(a[0].remotes, remote{"istio-remote-secret-north", "north", "https://192.0.2.9"})
		}, idRemotes, OK, "", "of the mesh, but not in the fleet: north"},
		{"a secret of a member under another name", func(a []*facts, _ *Options) {
			complete(a)
			a[1].server = "https://EAST.example.org"
			a[0].remotes[0] = remote{"istio-remote-secret-gke-east", "gke-east", "https://east.example.org:443"}
		}, idRemotes, Warning, "F-15", "istio-remote-secret-gke-east leads to east under the name gke-east"},
		{"secrets cannot be read", func(a []*facts, _ *Options) { a[0].unread[idRemotes] = "forbidden" }, idRemotes, Unknown, "", "forbidden"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			all := sound()
			opts := optionsOf(all)
			test.change(all, &opts)
			checks := judge(all, opts)
			found := slices.IndexFunc(checks, func(c Check) bool { return c.ID == test.id && c.Status == test.status })
			if found < 0 {
				t.Fatalf("no check %s is %s in\n%s", test.id, test.status, newResult(checks).Text())
			}
			check := checks[found]
			if !strings.Contains(check.Found, test.found) || check.Cause != test.cause || (check.Do == "") != (test.status == OK) {
				t.Errorf("want %q, cause %q and what to do, got %+v", test.found, test.cause, check)
			}
			if worst := newResult(checks).Status; worst != test.status {
				t.Errorf("want %s for the whole, got %s", test.status, worst)
			}
		})
	}
}

func TestAdviceIsWhatMostPlacesSay(t *testing.T) {
	all := sound()
	all[0].namespaceNetwork, all[0].gateway = "odd", gateway{found: true, serviceNetwork: "n-west", viewNetwork: "n-west"}
	if check := checkNetwork(all[0], Options{}); !strings.Contains(check.Do, "topology.istio.io/network=n-west") {
		t.Errorf("want the one odd place changed, got %q", check.Do)
	}
}

func TestWhatIsRight(t *testing.T) {
	tests := map[string]func(all []*facts, opts *Options){
		"a mesh to reuse": func(a []*facts, o *Options) {
			o.Reuse = true
			for i, f := range a {
				f.exposed, f.sample, f.gateway = true, true, gateway{true, f.namespaceNetwork, f.namespaceNetwork}
				f.remotes = []remote{{"s", a[1-i].spec.Name, "https://192.0.2.1"}}
			}
		},
		"while a root is changed": func(a []*facts, _ *Options) { a[1].roots = []string{"aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"} },
		"trust domains of aliases": func(a []*facts, _ *Options) {
			a[0].mesh, a[1].mesh = meshConfig{trustDomain: "a", trustDomainAliases: []string{"b"}}, meshConfig{trustDomain: "b", trustDomainAliases: []string{"a"}}
		},
		"one minor release apart": func(a []*facts, _ *Options) { a[0].istiods[0].version, a[0].kubernetes = "1.30.2", "v1.35.0" },
		"Mesh CA as asked for": func(a []*facts, o *Options) {
			o.CA = cell.MeshCA
			for _, f := range a {
				f.mesh.caProvider = "GoogleCA"
			}
		},
		"a second revision, and one chosen": func(a []*facts, _ *Options) {
			a[0].istiods = append(a[0].istiods, istiod{pod: "istiod-2", revision: "asm-2", version: "1.27.0"})
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			all := sound()
			opts := optionsOf(all)
			change(all, &opts)
			if result := newResult(judge(all, opts)); result.Status != OK {
				t.Errorf("want nothing told, got\n%s", result.Text())
			}
		})
	}
}

// What is told to be typed goes to the cluster that is meant, whatever the current context.
func TestCommandsNameTheCluster(t *testing.T) {
	all := sound()
	all[0].spec.Kubeconfig, all[0].spec.Context = "/home/sre/west config", "west-admin"
	all[0].namespaceNetwork = "n-old"
	all[0].remotes = []remote{{secret: "a", cluster: "east", server: "https://10.0.0.2"}, {secret: "b", cluster: "east", server: "https://10.0.0.2"}}
	told := 0
	for _, check := range judge(all, optionsOf(all)) {
		if !strings.Contains(check.Do, "kubectl ") {
			continue
		}
		told++
		if !strings.Contains(check.Do, "kubectl --kubeconfig='/home/sre/west config' --context=west-admin ") {
			t.Errorf("want the cluster's own kubeconfig and context, got %s", check.Do)
		}
	}
	if told != 2 {
		t.Errorf("want two commands, got %d", told)
	}
}

// Of clusters that were not asked nothing is known: no comparison is a pass.
func TestNoCheckPassesByAbsence(t *testing.T) {
	for lost := 1; lost <= 2; lost++ {
		all := sound()
		for _, f := range all[:lost] {
			f.unreachable = "no route to host"
		}
		for _, check := range judge(all, optionsOf(all)) {
			if check.Cluster == "" && check.Status == OK {
				t.Errorf("%d of 2 clusters were not reached, and yet: %+v", lost, check)
			}
		}
	}
}

func TestText(t *testing.T) {
	result := newResult([]Check{
		{ID: idNetwork, Cluster: "west", Status: Refused, Found: "no network", Do: "label it", Cause: "F-02"},
		{ID: idReach, Cluster: "west", Status: OK, Found: "Kubernetes v1.36.1"},
		{ID: idIdentity, Status: OK, Found: "2 different clusters"},
	})
	want := `ok       reach      west: Kubernetes v1.36.1
ok       identity   fleet: 2 different clusters
refused  network    west: no network
                    label it (F-02)

refused: 2 ok, 0 warnings, 0 unknown, 1 refused
`
	if diff := cmp.Diff(want, result.Text()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseMesh(t *testing.T) {
	got, err := parseMesh("trustDomain: f.svc.id.goog\ntrustDomainAliases: [cluster.local]\ndefaultConfig:\n  proxyMetadata:\n    CA_PROVIDER: GoogleCA\nenableTracing: true\n")
	want := meshConfig{trustDomain: "f.svc.id.goog", trustDomainAliases: []string{"cluster.local"}, caProvider: "GoogleCA"}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(meshConfig{})); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if _, err := parseMesh("["); err == nil {
		t.Error("want no mesh configuration refused")
	}
}

func FuzzParse(f *testing.F) {
	f.Add("trustDomain: x", "-----BEGIN CERTIFICATE-----")
	f.Fuzz(func(t *testing.T, mesh, bundle string) {
		_, _ = parseMesh(mesh)
		if prints, err := fleet.Fingerprints(bundle); err == nil && len(prints) == 0 {
			t.Error("no fingerprint and no error")
		}
	})
}
