package kind

import (
	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
)

// A cluster lives for minutes, on a laptop, and should be quick to start.

// argumentsPatch has arguments as kind takes them for every version of kubeadm.
// Every controller first makes its account and token: at the default of 20
// requests a second the account that pods need comes seconds late. And etcd need
// not wait for the disk; its option's name says why nobody else should do so.
const argumentsPatch = `kind: ClusterConfiguration
controllerManager:
  extraArgs:
    kube-api-qps: "200"
    kube-api-burst: "400"
etcd:
  local:
    dataDir: /var/lib/etcd
    extraArgs:
      unsafe-no-fsync: "true"
`

// newerPatch is left out for nodes before Kubernetes 1.36, whose kubeadm kind
// configures in an older version. A dozen keys of RSA take seconds of processor
// time, of ECDSA none; and memory is less scarce than time, as on the lab.
const newerPatch = `apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
encryptionAlgorithm: ECDSA-P256
apiServer:
  extraEnvs: [{name: GOGC, value: "300"}]
controllerManager:
  extraEnvs: [{name: GOGC, value: "300"}]
etcd:
  local:
    extraEnvs: [{name: GOGC, value: "300"}]
`

// kubeletPatch lets the kubelet, which since 1.35 refuses a host that still has
// cgroup v1, run there. On cgroup v2 it changes nothing.
const kubeletPatch = `kind: KubeletConfiguration
failCgroupV1: false
`

// config is the whole declaration of one cluster: a single node, since what is
// tested lies between clusters.
func (p Plan) config(nodeImage string) *v1alpha4.Cluster {
	return &v1alpha4.Cluster{
		TypeMeta: v1alpha4.TypeMeta{Kind: "Cluster", APIVersion: "kind.x-k8s.io/v1alpha4"},
		Name:     p.KindName(),
		Nodes:    []v1alpha4.Node{{Role: v1alpha4.ControlPlaneRole, Image: nodeImage}},
		Networking: v1alpha4.Networking{
			IPFamily:      v1alpha4.IPv4Family,
			PodSubnet:     p.Pods().String(),
			ServiceSubnet: p.Services().String(),
			// As on the lab; and it asks for no kernel module of iptables.
			KubeProxyMode: v1alpha4.NFTablesProxyMode,
		},
		KubeadmConfigPatches: []string{argumentsPatch, newerPatch, kubeletPatch},
	}
}
