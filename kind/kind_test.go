package kind

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

func TestPlans(t *testing.T) {
	plans := Plans("0a1b2c", 2)
	var got [][]string
	for _, p := range plans {
		got = append(got, []string{p.Name(), p.Network(), p.KindName(), p.Context(), p.Pods().String(), p.Services().String()})
	}
	want := [][]string{
		{"cluster1", "network1", "eastwest-0a1b2c-cluster1", "kind-eastwest-0a1b2c-cluster1", "10.101.0.0/16", "10.151.0.0/20"},
		{"cluster2", "network2", "eastwest-0a1b2c-cluster2", "kind-eastwest-0a1b2c-cluster2", "10.102.0.0/16", "10.152.0.0/20"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// No two ranges of a run may meet, however many clusters it has.
func TestRangesAreDistinct(t *testing.T) {
	var all []netip.Prefix
	for _, p := range Plans("0a1b2c", MaxClusters) {
		for _, r := range []netip.Prefix{p.Pods(), p.Services()} {
			for _, other := range all {
				if r.Overlaps(other) {
					t.Fatalf("%s of %s overlaps %s", r, p.Name(), other)
				}
			}
			all = append(all, r)
		}
		// A container's host name has at most 63 letters.
		if node := p.KindName() + nodeSuffix; len(node) > 63 {
			t.Errorf("%s has %d letters", node, len(node))
		}
	}
}

func TestConfig(t *testing.T) {
	got, err := yaml.Marshal(Plan{ID: "0a1b2c", Number: 2}.config(Nodes{Image: "eastwest/kind-node:1", PodNetwork: true}))
	if err != nil {
		t.Fatal(err)
	}
	want := `apiVersion: kind.x-k8s.io/v1alpha4
kind: Cluster
kubeadmConfigPatches:
- |
  kind: ClusterConfiguration
  controllerManager:
    extraArgs:
      kube-api-qps: "200"
      kube-api-burst: "400"
      tls-cert-file: /etc/kubernetes/pki/apiserver.crt
      tls-private-key-file: /etc/kubernetes/pki/apiserver.key
  scheduler:
    extraArgs:
      tls-cert-file: /etc/kubernetes/pki/apiserver.crt
      tls-private-key-file: /etc/kubernetes/pki/apiserver.key
    extraVolumes:
    - {name: serving, hostPath: /etc/kubernetes/pki, mountPath: /etc/kubernetes/pki, readOnly: true, pathType: Directory}
  etcd:
    local:
      dataDir: /var/lib/etcd
      extraArgs:
        unsafe-no-fsync: "true"
- |
  apiVersion: kubeadm.k8s.io/v1beta4
  kind: ClusterConfiguration
  encryptionAlgorithm: ECDSA-P256
  apiServer:
    extraEnvs: [{name: GOGC, value: "300"}]
  controllerManager:
    extraEnvs: [{name: GOGC, value: "300"}]
  etcd:
    local:
      extraArgs: [{name: listen-client-http-urls, value: "https://127.0.0.1:2382"}]
      extraEnvs: [{name: GOGC, value: "300"}]
- |
  apiVersion: kubeadm.k8s.io/v1beta4
  kind: InitConfiguration
  timeouts: {kubernetesAPICall: 4m0s}
- |
  kind: KubeletConfiguration
  failCgroupV1: false
  tlsCertFile: /etc/kubernetes/pki/apiserver.crt
  tlsPrivateKeyFile: /etc/kubernetes/pki/apiserver.key
name: eastwest-0a1b2c-cluster2
networking:
  disableDefaultCNI: true
  ipFamily: ipv4
  kubeProxyMode: nftables
  podSubnet: 10.102.0.0/16
  serviceSubnet: 10.152.0.0/20
nodes:
- image: eastwest/kind-node:1
  role: control-plane
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestLastWords(t *testing.T) {
	const output = `[certs] Generating "ca" certificate and key
I1125 15:05:06.123456     118 round_trippers.go:632] "Response" verb="POST" status="" milliseconds=0

error: want an address
k8s.io/kubernetes/cmd/kubeadm/app/cmd.newInitData
	k8s.io/kubernetes@v1.36.1/cmd/kubeadm/app/cmd/init.go:329
main.main
	k8s.io/kubernetes@v1.36.1/cmd/kubeadm/kubeadm.go:25
runtime.goexit
	runtime/asm_amd64.s:1771
kubeadm join --token abcdef.0123456789abcdef
`
	want := []string{`[certs] Generating "ca" certificate and key`, "error: want an address"}
	if diff := cmp.Diff(want, lastWords(output)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := lastWords(strings.Repeat("a line\n", 2*outputLines)); len(got) != outputLines {
		t.Errorf("want the last %d lines, got %d", outputLines, len(got))
	}
}

func TestKubeletEnd(t *testing.T) {
	const (
		starts = `I1126 04:47:36.008228     251 server.go:545] "Kubelet version" kubeletVersion="v1.36.1"` + "\n"
		ends   = `E1126 04:47:28.150706     194 run.go:72] "command failed" err="failed to run Kubelet: could not detect clock speed from output: \"processor\\t: 0\""` + "\n"
	)
	for name, tt := range map[string]struct{ journal, want string }{
		"runs":               {starts, ""},
		"ended":              {starts + ends + "kubelet.service: Failed with result 'exit-code'.\n" + starts, "failed to run Kubelet: could not detect clock speed from output: \"processor\\t: 0\""},
		"the last of many":   {ends + starts + `E1126 04:47:29.1 2 run.go:72] "command failed" err="unknown flag: --x"`, "unknown flag: --x"},
		"a secret":           {`"command failed" err="bad token abcdef.0123456789abcdef"`, ""},
		"a very long reason": {`"command failed" err="` + strings.Repeat("ä", endLength) + `"`, strings.Repeat("ä", endLength/2) + "..."},
	} {
		if got := kubeletEnd(tt.journal); got != tt.want {
			t.Errorf("%s: want %q, got %q", name, tt.want, got)
		}
	}
}

func TestLoadBalancers(t *testing.T) {
	tests := []struct {
		name, network, node, want, wantErr string
	}{
		{name: "Docker's own size", network: "172.18.0.0/16", node: "172.18.0.2", want: "172.18.255.224/29"},
		{name: "the next node", network: "172.18.0.0/16", node: "172.18.0.3", want: "172.18.255.216/29"},
		{name: "a small network", network: "10.9.8.0/24", node: "10.9.8.14", want: "10.9.8.128/29"},
		{name: "a full one", network: "10.9.8.0/24", node: "10.9.8.15", wantErr: "has no room"},
		{name: "a tiny one", network: "10.9.8.0/28", node: "10.9.8.2", wantErr: "has no room"},
		{name: "another network", network: "172.18.0.0/16", node: "172.19.0.2", wantErr: "is not an IPv4 address of"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := loadBalancers(netip.MustParsePrefix(tt.network), netip.MustParseAddr(tt.node))
			if tt.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
					t.Fatalf("want error %q, got %v", tt.wantErr, err)
				}
				return
			}
			if err != nil || got.String() != tt.want {
				t.Errorf("got %s, %v, want %s", got, err, tt.want)
			}
		})
	}
}

func TestSeparation(t *testing.T) {
	plans := Plans("0a1b2c", 2)
	want := []string{"true", "ip route replace unreachable 10.102.0.0/16", "ip route replace unreachable 10.152.0.0/20"}
	if diff := cmp.Diff(want, separation(plans[0], plans)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestCheckMirror(t *testing.T) {
	for _, good := range []string{"http://192.0.2.1:5000", "https://mirror.example", "https://mirror.example/dockerhub"} {
		if err := CheckMirror(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "mirror:5000", "mirror.example/x", "ftp://mirror.example", "http://", "http://mirror.example?x=y", "http://a:secret@mirror.example", "http://a:secret@mirror.example:x"} {
		err := CheckMirror(bad)
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: want an error that tells no password, got %v", bad, err)
		}
	}
	if _, err := Up(t.Context(), Options{Clusters: 1, Nodes: Nodes{Mirror: "mirror:5000"}}); err == nil || !strings.Contains(err.Error(), "want a URL") {
		t.Errorf("want a bad mirror refused before anything is made, got %v", err)
	}
}

// Before Create there is nothing, and nothing may be made up.
func TestProviderBeforeCreate(t *testing.T) {
	p := NewProvider(Options{Clusters: 1})
	if _, err := p.Create(t.Context(), "--clusters", "2"); err == nil || !strings.Contains(err.Error(), "no arguments") {
		t.Errorf("want arguments refused, got %v", err)
	}
	if p.GetKubeconfig() != "" || p.GetKubectlContext() != "" || p.Group() != nil {
		t.Error("want no kubeconfig, context or group")
	}
	if _, err := p.GenerateKubeconfig(); !errors.Is(err, errNotMade) {
		t.Errorf("want %v, got %v", errNotMade, err)
	}
	if err := p.Destroy(t.Context()); err != nil {
		t.Errorf("destroying nothing: %v", err)
	}
}
