package node

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"path/filepath"
	"text/template"

	"github.com/eastwest-mesh/eastwest/lab/internal/topology"
)

//go:embed config/containerd.toml
var containerdTOML string

//go:embed config/hosts.toml
var hostsTOML string

//go:embed config/kubelet.yaml
var kubeletYAML string

//go:embed config/audit.yaml
var auditYAML string

//go:embed config/Corefile
var corefile string

// view is what the templates of configuration files see.
type view struct {
	Spec
	Root, Socket, CNIConf, CNIBin, Certs, ResolvConf, PodLogs, Opt string
	NodeIP, DNSService, DNSKubeconfig, ClientCA                    string
	ServingCert, ServingKey                                        string
	// Resolver answers for BalancerZone.
	BalancerZone, Resolver string
}

// writeConfig writes the configuration files of all parts below Dir.
func (s Spec) writeConfig() error {
	v := view{
		Spec: s, Root: s.ContainerdRoot(), Socket: containerdSocket, CNIConf: s.cniConf(), CNIBin: s.cniBin(), Certs: s.file("containerd", "certs.d"),
		ResolvConf: s.file("resolv.conf"), PodLogs: s.file("logs", "pods"), Opt: s.file("containerd", "opt"),
		NodeIP: s.Cluster.Node().String(), DNSService: s.Cluster.DNSService().String(), DNSKubeconfig: s.kubeconfig("dns"), ClientCA: s.pki("ca.crt"),
		ServingCert: s.pki(kubeletServing + ".crt"), ServingKey: s.pki(kubeletServing + ".key"),
		BalancerZone: topology.BalancerZone, Resolver: topology.Router().String(),
	}
	for _, f := range []struct{ file, text string }{
		{s.file("containerd", "config.toml"), containerdTOML},
		{s.file("containerd", "certs.d", "_default", "hosts.toml"), hostsTOML},
		{s.file("kubelet.yaml"), kubeletYAML},
		{s.file("Corefile"), corefile},
		{s.file("audit.yaml"), auditYAML},
		{s.file("resolv.conf"), "nameserver {{.NodeIP}}\n"},
	} {
		t, err := template.New("config").Option("missingkey=error").Parse(f.text)
		if err != nil {
			return fmt.Errorf("read the template of %s: %w", f.file, err)
		}
		var out bytes.Buffer
		if err := t.Execute(&out, v); err != nil {
			return fmt.Errorf("fill in %s: %w", f.file, err)
		}
		if err := write(f.file, out.Bytes()); err != nil {
			return err
		}
	}
	return s.writeCNI()
}

// writeCNI configures the pod network: a point-to-point link to each pod and
// addresses of the node's range. What leaves for other networks takes the node's
// address, as in a cluster whose pod network nobody else can route to.
func (s Spec) writeCNI() error {
	type object = map[string]any
	conf := object{
		"cniVersion": "1.0.0",
		"name":       "lab",
		"plugins": []object{
			{
				"type":   "ptp",
				"ipMasq": true,
				"ipam": object{
					"type":    "host-local",
					"dataDir": s.file("cni", "ipam"),
					"ranges":  [][]object{{{"subnet": s.Cluster.NodePods().String()}}},
					"routes":  []object{{"dst": "0.0.0.0/0"}},
				},
			},
			{"type": "portmap", "capabilities": object{"portMappings": true}, "backend": "nftables"},
		},
	}
	data, err := json.MarshalIndent(conf, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the CNI configuration: %w", err)
	}
	return write(filepath.Join(s.cniConf(), "10-lab.conflist"), data)
}

// API is where the node's API server answers.
func (s Spec) API() string { return fmt.Sprintf("%s:%d", s.Cluster.Node(), topology.APIPort) }
