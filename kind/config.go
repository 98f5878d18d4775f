package kind

import (
	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
)

// clusterPatch makes kubeadm's control plane quick to start: a cluster lives
// for minutes, on a laptop.
//
//   - A dozen keys of RSA take seconds of processor time, of ECDSA none.
//   - Memory is less scarce than time: GOGC as on the lab.
//   - etcd need not wait for the disk; its option's name says why nobody else
//     should do so.
//   - Every controller first makes its account and token. At the default of 20
//     requests a second the account that pods need comes seconds late. A patch
//     replaces a list, so kind's own argument stands here again.
const clusterPatch = `kind: ClusterConfiguration
encryptionAlgorithm: ECDSA-P256
apiServer:
  extraEnvs:
  - name: GOGC
    value: "300"
controllerManager:
  extraArgs:
  - name: enable-hostpath-provisioner
    value: "true"
  - name: kube-api-qps
    value: "200"
  - name: kube-api-burst
    value: "400"
  extraEnvs:
  - name: GOGC
    value: "300"
etcd:
  local:
    dataDir: /var/lib/etcd
    extraArgs:
    - name: unsafe-no-fsync
      value: "true"
    extraEnvs:
    - name: GOGC
      value: "300"
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
		KubeadmConfigPatches: []string{clusterPatch, kubeletPatch},
	}
}
