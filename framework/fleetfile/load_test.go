package fleetfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
)

// site is a folder with two kubeconfigs, the tools of a mesh and a fleet file.
type site struct {
	dir  string
	file string
}

const goodFleet = `apiVersion: eastwest.dev/v1alpha1
kind: Fleet
platform: gdc-vmware
ca: istio
tools:
  outputDir: out
clusters:
- name: west
  kubeconfig: west.yaml
- name: east
  kubeconfig: east.yaml
  context: admin@east
  network: n-east
`

func kubeconfig(name, server string) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: admin@%[1]s
clusters:
- {name: %[1]s, cluster: {server: %[2]q}}
users:
- {name: u, user: {token: secret-token-of-%[1]s}}
contexts:
- {name: admin@%[1]s, context: {cluster: %[1]s, user: u}}
- {name: no-cluster, context: {cluster: gone, user: u}}
- {name: no-user, context: {cluster: %[1]s, user: gone}}
`, name, server)
}

func newSite(t *testing.T, fleetFile string) site {
	t.Helper()
	s := site{dir: t.TempDir()}
	s.file = filepath.Join(s.dir, "fleet.yaml")
	s.write(t, "fleet.yaml", fleetFile, 0o600)
	s.write(t, "west.yaml", kubeconfig("west", "https://west.example.org:6443"), 0o600)
	s.write(t, "east.yaml", kubeconfig("east", "https://east.example.org:6443"), 0o600)
	for _, program := range []string{outputIstioctl, outputAsmcli, outputGenGateway} {
		s.write(t, "out/"+program, "#!/bin/sh\n", 0o700)
	}
	s.write(t, "out/"+outputExpose, "", 0o600)
	return s
}

func (s site) write(t *testing.T, name, content string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(s.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), mode)); err != nil {
		t.Fatal(err)
	}
	return path
}

// machine has the named programs in PATH, and HOME and FLEETS set.
func (s site) machine(programs ...string) Machine {
	env := map[string]string{"FLEETS": s.dir, "EMPTY": ""}
	return Machine{
		LookupEnv: func(name string) (string, bool) { value, ok := env[name]; return value, ok },
		HomeDir:   func() (string, error) { return s.dir, nil },
		LookPath: func(program string) (string, error) {
			for _, known := range programs {
				if known == program {
					return "/usr/bin/" + program, nil
				}
			}
			return "", errors.New("not there")
		},
	}
}

func (s site) load(programs ...string) (*File, error) {
	return Load(s.file, Options{Machine: s.machine(programs...)})
}

func TestLoad(t *testing.T) {
	s := newSite(t, goodFleet)
	got, err := s.load("kubectl")
	if err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(s.dir, name) }
	want := &File{
		Path: s.file, Name: "fleet", Platform: "gdc-vmware", CA: "istio", Namespace: "sample",
		Tools: Tools{
			OutputDir: in("out"), Istioctl: in("out/istioctl"),
			GenGateway: in("out/asm/istio/expansion/gen-eastwest-gateway.sh"), Kubectl: "/usr/bin/kubectl",
		},
		Images: Images{HelloWorld: "docker.io/istio/examples-helloworld-{version}:1.0", Sleep: "docker.io/curlimages/curl:8.16.0"},
		Clusters: []*Cluster{
			{Name: "west", Kubeconfig: in("west.yaml"), Context: "admin@west", Platform: "gdc-vmware", Endpoint: "https://west.example.org:6443"},
			{Name: "east", Kubeconfig: in("east.yaml"), Context: "admin@east", Platform: "gdc-vmware", Network: "n-east", Endpoint: "https://east.example.org:6443"},
		},
		Warnings: []string{in("out/asmcli") + " is not used, since no fleetProject is given: istioctl makes the remote secrets, which is what asmcli does"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wantSpecs := []fleet.ClusterSpec{
		{Name: "west", Kubeconfig: in("west.yaml"), Context: "admin@west", Platform: "gdc-vmware"},
		{Name: "east", Kubeconfig: in("east.yaml"), Context: "admin@east", Platform: "gdc-vmware", Network: "n-east"},
	}
	if diff := cmp.Diff(wantSpecs, got.Specs()); diff != "" {
		t.Errorf("specs (-want +got):\n%s", diff)
	}
}

func TestLoadFillsIn(t *testing.T) {
	tests := []struct {
		name     string
		replace  [2]string
		programs []string
		check    func(s site, f *File) (got, want any)
	}{
		{
			"a home folder",
			[2]string{"kubeconfig: west.yaml", "kubeconfig: ~/west.yaml"},
			nil,
			func(s site, f *File) (any, any) { return f.Clusters[0].Kubeconfig, filepath.Join(s.dir, "west.yaml") },
		},
		{
			"a variable",
			[2]string{"kubeconfig: west.yaml", "kubeconfig: ${FLEETS}/west.yaml"},
			nil,
			func(s site, f *File) (any, any) { return f.Clusters[0].Kubeconfig, filepath.Join(s.dir, "west.yaml") },
		},
		{
			"asmcli, once there is a project",
			[2]string{"ca: istio", "ca: istio\nfleetProject: my-fleet-1"},
			asmcliNeeds(),
			func(s site, f *File) (any, any) { return f.Tools.Asmcli, filepath.Join(s.dir, "out/asmcli") },
		},
		{
			"istioctl of PATH",
			[2]string{"tools:\n  outputDir: out\n", ""},
			[]string{"istioctl"},
			func(_ site, f *File) (any, any) { return f.Tools, Tools{Istioctl: "/usr/bin/istioctl"} },
		},
		{
			"a platform and a revision of one cluster",
			[2]string{"kubeconfig: west.yaml", "kubeconfig: west.yaml\n  platform: gdc-baremetal\n  revision: asm-1"},
			nil,
			func(_ site, f *File) (any, any) {
				return []string{f.Clusters[0].Platform, f.Clusters[0].Revision, f.Clusters[1].Platform, f.Clusters[1].Revision}, []string{"gdc-baremetal", "asm-1", "gdc-vmware", ""}
			},
		},
		{
			"a server where the kubeconfig's is on loopback",
			[2]string{"kubeconfig: west.yaml", "kubeconfig: loopback.yaml\n  server: https://203.0.113.7:6443"},
			nil,
			func(_ site, f *File) (any, any) { return f.Specs()[0].RemoteServer, "https://203.0.113.7:6443" },
		},
		{
			"images",
			[2]string{"ca: istio", "ca: istio\nimages: {helloWorld: 'registry.example.org/hello:{version}', sleep: registry.example.org/curl}"},
			nil,
			func(_ site, f *File) (any, any) {
				return f.Images, Images{HelloWorld: "registry.example.org/hello:{version}", Sleep: "registry.example.org/curl"}
			},
		},
		{
			"one image for three clusters",
			[2]string{"clusters:\n", "clusters:\n- {name: north, kubeconfig: north.yaml}\n"},
			nil,
			func(_ site, f *File) (any, any) {
				return f.Images.HelloWorld, "docker.io/istio/examples-helloworld-v1:1.0"
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, strings.Replace(goodFleet, test.replace[0], test.replace[1], 1))
			s.write(t, "loopback.yaml", kubeconfig("west", "https://127.0.0.1:6443"), 0o600)
			s.write(t, "north.yaml", kubeconfig("north", "https://north.example.org"), 0o600)
			f, err := s.load(test.programs...)
			if err != nil {
				t.Fatal(err)
			}
			got, want := test.check(s, f)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The header and the form of the file; each is reported with its line.
func TestLoadRefusesOtherFiles(t *testing.T) {
	tests := []struct{ name, file, want string }{
		{"nothing", "", "is empty"},
		{"only a comment", "# nothing\n", "is empty"},
		{"null", "null\n", "is empty"},
		{"no YAML", "apiVersion: [", "is not YAML: line 1"},
		{"a tab", "apiVersion: eastwest.dev/v1alpha1\n\tkind: Fleet\n", "is not YAML: line 2"},
		{"a list", "- a\n", "line 1: want fields such as apiVersion, kind and clusters, got a list"},
		{"a word", "fleet\n", "line 1: want fields such as apiVersion, kind and clusters, got a string"},
		{"another version", strings.Replace(goodFleet, "v1alpha1", "v2", 1), `line 1: apiVersion: want eastwest.dev/v1alpha1, got "eastwest.dev/v2"`},
		{"another kind", strings.Replace(goodFleet, "kind: Fleet", "kind: Cluster", 1), `line 2: kind: want Fleet, got "Cluster"`},
		{"neither version nor kind", "clusters: []\n", `apiVersion: want eastwest.dev/v1alpha1, got ""`},
		{"a kubeconfig", kubeconfig("west", "https://x"), "line 1: is a kubeconfig, not a fleet file"},
		{"two documents", goodFleet + "---\n" + goodFleet, "line 14: a second document begins"},
		{"a broken second document", goodFleet + "---\n[", "is not YAML"},
		{"an unknown field", goodFleet + "colour: blue\n", "line 14: colour: unknown field; want one of apiVersion, kind, name"},
		{"a mistyped field", strings.Replace(goodFleet, "kubeconfig: west", "kubeconifg: west", 1), `line 9: clusters[0].kubeconifg: unknown field; did you mean "kubeconfig"?`},
		{"a field in other letters", strings.Replace(goodFleet, "outputDir", "output_dir", 1), `line 6: tools.output_dir: unknown field; did you mean "outputDir"?`},
		{"a key twice", goodFleet + "ca: istio\n", "line 14: ca: is given twice, first in line 4"},
		{"a key of a cluster twice", goodFleet + "  network: n2\n", "line 14: clusters[1].network: is given twice, first in line 13"},
		{"a number", strings.Replace(goodFleet, "ca: istio", "ca: 7", 1), `line 4: ca: want a string, got a number; put it into quotes: "7"`},
		{"a truth", strings.Replace(goodFleet, "ca: istio", "ca: true", 1), "line 4: ca: want a string, got true or false"},
		{"a list for a string", strings.Replace(goodFleet, "ca: istio", "ca: [istio]", 1), "line 4: ca: want a string, got a list"},
		{"nothing for a string", strings.Replace(goodFleet, "ca: istio", "ca:", 1), "line 4: ca: is empty"},
		{"an empty string", strings.Replace(goodFleet, "ca: istio", `ca: ""`, 1), "line 4: ca: is empty"},
		{"a string for fields", strings.Replace(goodFleet, "tools:\n  outputDir: out", "tools: out", 1), "line 5: tools: want fields, got a string"},
		{"fields for a list", goodFleet[:strings.Index(goodFleet, "clusters")] + "clusters: {west: {}}\n", `line 7: clusters: want a list (lines that begin with "- "), got fields`},
		{"a string for a cluster", goodFleet + "- north\n", "line 14: clusters[2]: want fields, got a string"},
		{"a list as a key", goodFleet + "? [a]\n: b\n", "want the name of a field, got a list"},
		{"a merge key", strings.Replace(goodFleet, "- name: east", "- <<: {name: east}", 1), "line 10: clusters[1].<<: unknown field"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, test.file)
			_, err := s.load()
			wantInvalid(t, err, test.want)
		})
	}
}

func wantInvalid(t *testing.T, err error, wants ...string) {
	t.Helper()
	var invalid *Invalid
	if !errors.As(err, &invalid) {
		t.Fatalf("want an *Invalid, got %v", err)
	}
	for _, want := range wants {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "secret-token") {
		t.Errorf("a credential is printed: %v", err)
	}
}

// What is wrong with the values, each alone.
func TestLoadRefusesValues(t *testing.T) {
	west := "- name: west\n  kubeconfig: west.yaml\n"
	tests := []struct {
		name, old, replaced string
		want                string
	}{
		{"a placeholder", "ca: istio", "ca: istio\nfleetProject: FLEET_PROJECT_ID", `line 5: fleetProject: "FLEET_PROJECT_ID" is a placeholder of the docs`},
		{"a placeholder in a path", "kubeconfig: west.yaml", "kubeconfig: PATH_TO_KUBECONFIG_1", `line 9: clusters[0].kubeconfig: "PATH_TO_KUBECONFIG_1" is a placeholder`},
		{"a placeholder in brackets", "name: west", "name: <your cluster>", `"<your cluster>" is a placeholder`},
		{"one cluster", west, "", "has 1 clusters; a mesh needs at least 2"},
		{"no cluster", goodFleet[strings.Index(goodFleet, "clusters"):], "clusters: []", "has 0 clusters"},
		{"no name", west, "- kubeconfig: west.yaml\n", "line 8: a cluster without name"},
		{"no kubeconfig", west, "- name: west\n", `line 8: clusters[0].name: cluster "west" has no kubeconfig`},
		{"a name twice", "name: east", "name: west", `line 10: clusters[1].name: "west" is the name of clusters[0].name too`},
		{"an ARN as name", "name: west", "name: arn:aws:eks:eu-west-1:1:cluster/c1", "--alias"},
		{"a name of GKE", "name: west", "name: gke_project_zone_name", "asmcli takes a context with gke_ in it for a cluster on Google Cloud"},
		{"capitals in a name", "name: west", "name: West", `or for instance "west"`},
		{"a long name", "name: west", "name: " + strings.Repeat("w", 64), "has 64 letters, want at most 63"},
		{"an unknown platform", "platform: gdc-vmware", "platform: vmware", `did you mean "gdc-vmware"?`},
		{"no platform", "platform: gdc-vmware\n", "", "cluster west has no platform"},
		{"an unknown CA", "ca: istio", "ca: citadel", `did you mean "istio"?`},
		{"a refused cell", "platform: gdc-vmware\nca: istio", "platform: aws\nca: cas", "platform aws with CA cas is refused"},
		{"a refused mixture", "kubeconfig: west.yaml", "kubeconfig: west.yaml\n  platform: eks", "all EKS or all AKS"},
		{"a project's number", "ca: istio", "ca: istio\nfleetProject: '123456'", "line 5: fleetProject: want the ID of the fleet's project"},
		{"a revision that is a tag", "ca: istio", "ca: istio\nrevision: default", "which may lead to any revision"},
		{"a bad revision", "ca: istio", "ca: istio\nrevision: asm_1", `line 5: revision: "asm_1"`},
		{"a bad network", "network: n-east", "network: n/east", `line 13: clusters[1].network: "n/east" becomes a label`},
		{"a namespace that is not the run's", "ca: istio", "ca: istio\nnamespace: kube-system", "not the run's to make"},
		{"a bad namespace", "ca: istio", "ca: istio\nnamespace: My_Sample", `line 5: namespace: "My_Sample"`},
		{"a bad image", "ca: istio", "ca: istio\nimages: {sleep: 'UPPER/case'}", "images.sleep: \"UPPER/case\" is not an image"},
		{"an acceptance that says nothing", "clusters:", "accept: [{check: EW39, cluster: north, object: '[', until: soon}]\nclusters:", "accept[0].check: want the ID of a check, as \"eastwest explain\" lists them, got \"EW39\""},
		{"an acceptance for another cluster", "clusters:", "accept: [{check: EW0501, cluster: north, reason: r, owner: o, until: 2027-03-31}]\nclusters:", "accept[0].cluster: \"north\" is no cluster of the fleet"},
		{"an acceptance without end", "clusters:", "accept: [{check: EW0501, reason: r, owner: o}]\nclusters:", "accept[0].until: want the last day, such as 2027-03-31, got \"\""},
		{"an acceptance by nobody", "clusters:", "accept: [{check: EW0501, until: 2027-03-31}]\nclusters:", "accept[0].owner: is missing"},
		{"an acceptance of a check and a scenario", "clusters:", "accept: [{check: EW0501, scenario: plaintext-refused, reason: r, owner: o, until: 2027-03-31}]\nclusters:", "accept[0].scenario: want either a check or a scenario, got both"},
		{"an acceptance of a scenario's object", "clusters:", "accept: [{scenario: plaintext-refused, object: a, reason: r, owner: o, until: 2027-03-31}]\nclusters:", "accept[0].object: a scenario finds no objects"},
		{"another pattern in an image", "ca: istio", "ca: istio\nimages: {helloWorld: 'hello:{v}'}", "only {version} can be left open"},
		{"a variable that is not set", "kubeconfig: west.yaml", "kubeconfig: $NOWHERE/${EMPTY}/west.yaml", "$NOWHERE, $EMPTY is not set"},
		{"another user's home", "kubeconfig: west.yaml", "kubeconfig: ~root/west.yaml", "home folder of another user"},
		{"no such kubeconfig", "kubeconfig: west.yaml", "kubeconfig: wets.yaml", "line 9: clusters[0].kubeconfig: no kubeconfig: stat"},
		{"a folder as kubeconfig", "kubeconfig: west.yaml", "kubeconfig: out", "is a folder, want a kubeconfig"},
		{"a list of kubeconfigs", "kubeconfig: west.yaml", "kubeconfig: west.yaml:east.yaml", "like a list as in $KUBECONFIG"},
		{"no kubeconfig but a text", "kubeconfig: west.yaml", "kubeconfig: text.yaml", "is not a kubeconfig"},
		{"no contexts", "kubeconfig: west.yaml", "kubeconfig: empty.yaml", "has no context"},
		{"no current context", "kubeconfig: west.yaml", "kubeconfig: nocurrent.yaml", `has no current context; say which of its contexts is cluster west: "admin@north", "no-cluster", "no-user"`},
		{"no such context", "context: admin@east", "context: admin@west", `line 12: clusters[1].context: kubeconfig`},
		{"a context without cluster", "context: admin@east", "context: no-cluster", `names cluster "gone"`},
		{"a context without user", "context: admin@east", "context: no-user", `names user "gone"`},
		{"the same context", "kubeconfig: east.yaml\n  context: admin@east", "kubeconfig: ./west.yaml\n  context: admin@west", "clusters west and east have the same kubeconfig and context"},
		{"the same API server", "kubeconfig: east.yaml\n  context: admin@east", "kubeconfig: alias.yaml", "clusters west and east have the same API server"},
		{"loopback", "kubeconfig: west.yaml", "kubeconfig: loopback.yaml", "https://127.0.0.1:6443, which leads pods of other clusters to themselves; give server"},
		{"loopback as server", "kubeconfig: west.yaml", "kubeconfig: west.yaml\n  server: https://localhost:6443", "line 10: clusters[0].server: https://localhost:6443 leads pods"},
		{"no URL as server", "kubeconfig: west.yaml", "kubeconfig: west.yaml\n  server: 203.0.113.7", "want a URL such as"},
		{"a password in server", "kubeconfig: west.yaml", "kubeconfig: west.yaml\n  server: https://me:secret-token@x", "credentials belong into the kubeconfig"},
		{"a variable in server", "kubeconfig: west.yaml", "kubeconfig: west.yaml\n  server: https://x:6443/${AWS_SECRET_ACCESS_KEY}", "line 10: clusters[0].server: holds a reference to a variable"},
		{"a variable as context", "context: admin@east", "context: ${CONTEXT}", "clusters[1].context: holds a reference to a variable"},
		{"a password in the kubeconfig's server", "kubeconfig: west.yaml", "kubeconfig: password.yaml", "holds a user name or password"},
		{"no URL in the kubeconfig", "kubeconfig: west.yaml", "kubeconfig: nourl.yaml", "is not a URL"},
		{"a plugin that is not there", "kubeconfig: west.yaml", "kubeconfig: plugin.yaml", `credential plugin "aws-iam" of the kubeconfig's user is not found; install it or put its folder into PATH; the kubeconfig says: get it somewhere`},
		{"a plugin that asks", "kubeconfig: west.yaml", "kubeconfig: plugin.yaml", "always asks at a terminal"},
		{"auth-provider", "kubeconfig: west.yaml", "kubeconfig: provider.yaml", `auth-provider "gcp", which Kubernetes 1.26 removed`},
		{"certificates that are not there", "kubeconfig: west.yaml", "kubeconfig: files.yaml", "the kubeconfig's client-certificate: stat"},
		{"no such folder of asmcli", "outputDir: out", "outputDir: nowhere", "line 6: tools.outputDir: no such folder"},
		{"a file as folder of asmcli", "outputDir: out", "outputDir: west.yaml", "is a file, want a folder"},
		{"a folder without tools", "outputDir: out", "outputDir: out/asm", "run \"asmcli install\" again"},
		{"a tool that cannot be run", "outputDir: out", "istioctl: ./west.yaml", "is not executable; chmod +x it"},
		{"a tool that is not in PATH", "outputDir: out", "istioctl: istioctl-1.28", `tools.istioctl: "istioctl-1.28" is not in PATH`},
		{"no istioctl", "tools:\n  outputDir: out\n", "", "no istioctl: it is not in PATH"},
		{"asmcli without project", "outputDir: out", "outputDir: out\n  asmcli: out/asmcli", "needs fleetProject"},
		{"asmcli without gcloud", "outputDir: out", "outputDir: out\n  asmcli: out/asmcli", "runs gcloud, which is not in PATH"},
		{"no such samples", "ca: istio", "ca: istio\nsamplesDir: nowhere", "want Istio's folder samples"},
		{"samples without HelloWorld", "ca: istio", "ca: istio\nsamplesDir: out", "or name the images under images"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if !strings.Contains(goodFleet, test.old) {
				t.Fatalf("the good file has no %q", test.old)
			}
			s := newSite(t, strings.Replace(goodFleet, test.old, test.replaced, 1))
			s.kubeconfigs(t)
			_, err := s.load()
			wantInvalid(t, err, test.want)
		})
	}
}

// kubeconfigs writes every kind of one that is refused.
func (s site) kubeconfigs(t *testing.T) {
	t.Helper()
	north := kubeconfig("north", "https://north.example.org")
	user := func(fields string) string {
		return strings.Replace(north, "token: secret-token-of-north", fields, 1)
	}
	for name, content := range map[string]string{
		"text.yaml":      "token: secret-token: of\n  somebody",
		"empty.yaml":     "apiVersion: v1\nkind: Config\n",
		"nocurrent.yaml": strings.Replace(north, "current-context: admin@north\n", "", 1),
		"alias.yaml":     kubeconfig("alias", "https://WEST.example.org:6443/"),
		"loopback.yaml":  kubeconfig("loopback", "https://127.0.0.1:6443"),
		"password.yaml":  kubeconfig("password", "https://me:secret-token@north.example.org"),
		"nourl.yaml":     kubeconfig("nourl", "north"),
		"plugin.yaml":    user("exec: {apiVersion: client.authentication.k8s.io/v1, command: aws-iam, interactiveMode: Always, installHint: get it somewhere}"),
		"provider.yaml":  user("auth-provider: {name: gcp}"),
		"files.yaml":     user("client-certificate: gone.crt, client-key: gone.key"),
	} {
		s.write(t, name, content, 0o600)
	}
}

func TestLoadTellsEverythingAtOnce(t *testing.T) {
	s := newSite(t, `apiVersion: eastwest.dev/v1alpha1
kind: Fleet
ca: cas
fleetProject: FLEET_PROJECT_ID
revision: asm_1
clusters:
- name: West
  platform: aws
  kubeconfig: nowhere.yaml
- name: east
  platform: gdc-vmware
  kubeconfig: east.yaml
  context: gone
`)
	_, err := s.load()
	wantInvalid(t, err, "8 problems", "line 4: fleetProject", "line 5: revision", "line 7: clusters[0].name", "line 9: clusters[0].kubeconfig",
		"line 13: clusters[1].context", "platform aws with CA cas", "no mesh over several clouds", "no istioctl")
	if strings.Index(err.Error(), "line 4") > strings.Index(err.Error(), "line 13") {
		t.Errorf("want the order of lines, got\n%v", err)
	}
}

func TestFlagsAndFileMustAgree(t *testing.T) {
	s := newSite(t, goodFleet)
	_, err := Load(s.file, Options{Platform: "aws", CA: "istio", Revision: "asm-1", Machine: s.machine()})
	wantInvalid(t, err, `line 3: platform: is "gdc-vmware", and --platform says "aws"`)
	f, err := Load(s.file, Options{Platform: "gdc-vmware", Revision: "asm-1", Machine: s.machine()})
	if err != nil || f.Clusters[1].Revision != "asm-1" {
		t.Errorf("want the flag's revision for every cluster, got %v, %v", f, err)
	}
}

func TestLoadOfNoFile(t *testing.T) {
	s := newSite(t, goodFleet)
	for name, path := range map[string]string{"gone": filepath.Join(s.dir, "gone.yaml"), "a folder": s.dir} {
		_, err := Load(path, Options{Machine: s.machine()})
		wantInvalid(t, err, "cannot be read")
		if t.Failed() {
			t.Fatal(name)
		}
	}
	large := s.write(t, "large.yaml", strings.Repeat("# a comment\n", maxSize/10), 0o600)
	_, err := Load(large, Options{Machine: s.machine()})
	wantInvalid(t, err, "is larger than")
}

func TestWarnings(t *testing.T) {
	s := newSite(t, strings.NewReplacer("gdc-vmware", "eks", "kubeconfig: west.yaml", "kubeconfig: west.yaml\n  network: n-east").Replace(goodFleet))
	f, err := s.load()
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(f.Warnings, "\n")
	for _, want := range []string{"platform eks is deprecated since Cloud Service Mesh 1.25 and ends on 2027-03-17", `clusters west and east are both on network "n-east"`} {
		if strings.Count(all, want) != 1 {
			t.Errorf("want %q once in\n%s", want, all)
		}
	}
}

func TestSamples(t *testing.T) {
	const hello = `apiVersion: apps/v1
kind: Deployment
metadata: {name: helloworld-v1}
spec: {template: {spec: {containers: [{name: helloworld, image: "registry.example.org/examples-helloworld-v1:1.0"}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: helloworld-v2}
spec: {template: {spec: {containers: [{name: helloworld, image: "registry.example.org/examples-helloworld-v2:1.0"}]}}}
`
	const sleep = `apiVersion: apps/v1
kind: Deployment
metadata: {name: sleep}
spec: {template: {spec: {containers: [{name: sleep, image: registry.example.org/curl}]}}}
`
	s := newSite(t, goodFleet)
	s.write(t, "out/istio-1.28.2/samples/helloworld/helloworld.yaml", hello, 0o600)
	s.write(t, "out/istio-1.28.2/samples/sleep/sleep.yaml", sleep, 0o600)
	f, err := s.load()
	if err != nil {
		t.Fatal(err)
	}
	want := Images{HelloWorld: "registry.example.org/examples-helloworld-{version}:1.0", Sleep: "registry.example.org/curl"}
	if diff := cmp.Diff(want, f.Images); diff != "" {
		t.Error(diff)
	}
	s.write(t, "out/istio-1.29.0/samples/README", "", 0o600)
	_, err = s.load()
	wantInvalid(t, err, "has the samples of several releases")
}

func TestPattern(t *testing.T) {
	tests := []struct {
		v1, v2   string
		clusters int
		want     string
	}{
		{"a/helloworld-v1:1", "a/helloworld-v2:1", 2, "a/helloworld-{version}:1"},
		{"a/helloworld-v1:1", "a/helloworld-v2:1", 3, "a/helloworld-v1:1"},
		{"a/helloworld-v1:1", "a/helloworld-v2:2", 2, "a/helloworld-v1:1"},
		{"a/own", "a/own", 2, "a/own"},
	}
	for _, test := range tests {
		if got := pattern(test.v1, test.v2, test.clusters); got != test.want {
			t.Errorf("pattern(%q, %q, %d) = %q, want %q", test.v1, test.v2, test.clusters, got, test.want)
		}
	}
}
