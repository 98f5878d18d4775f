package kind

import (
	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
)

// A cluster lives for minutes, on a laptop, and should be quick to start.

// argumentsPatch has arguments as kind takes them for every version of kubeadm.
// Every controller first makes its account and token: at the default of 20
// requests a second the account that pods need comes seconds late. Each server
// that is given no certificate makes keys of RSA for its own, which nobody checks:
// they show the API server's. And etcd need not wait for the disk; its option's
// name says why nobody else should do so.
const argumentsPatch = `kind: ClusterConfiguration
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
`

// newerPatch is left out for nodes before Kubernetes 1.36, whose kubeadm kind
// configures in an older version. A dozen keys of RSA take seconds of processor
// time, of ECDSA none; and memory is less scarce than time, as on the lab. An
// etcd that serves HTTP on a port of its own answers gRPC with a server made for
// it, at two thirds of the cost.
const newerPatch = `apiVersion: kubeadm.k8s.io/v1beta4
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
`

// patiencePatch is for machines on which two control planes take longer to start
// than the minute that kubeadm gives an API server.
const patiencePatch = `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
timeouts: {kubernetesAPICall: 4m0s}
`

// kubeletPatch lets the kubelet, which since 1.35 refuses a host that still has
// cgroup v1, run there; on cgroup v2 it changes nothing. For the certificate see
// argumentsPatch.
const kubeletPatch = `kind: KubeletConfiguration
failCgroupV1: false
tlsCertFile: /etc/kubernetes/pki/apiserver.crt
tlsPrivateKeyFile: /etc/kubernetes/pki/apiserver.key
`

// config is the whole declaration of one cluster: a single node, since what is
// tested lies between clusters.
func (p Plan) config(nodes Nodes) *v1alpha4.Cluster {
	return &v1alpha4.Cluster{
		TypeMeta: v1alpha4.TypeMeta{Kind: "Cluster", APIVersion: "kind.x-k8s.io/v1alpha4"},
		Name:     p.KindName(),
		Nodes:    []v1alpha4.Node{{Role: v1alpha4.ControlPlaneRole, Image: nodes.Image}},
		Networking: v1alpha4.Networking{
			IPFamily:      v1alpha4.IPv4Family,
			PodSubnet:     p.Pods().String(),
			ServiceSubnet: p.Services().String(),
			// As on the lab; and it asks for no kernel module of iptables.
			KubeProxyMode:     v1alpha4.NFTablesProxyMode,
			DisableDefaultCNI: nodes.PodNetwork,
		},
		KubeadmConfigPatches: []string{argumentsPatch, newerPatch, patiencePatch, kubeletPatch},
	}
}
