package node

import (
	"fmt"
	"strings"
)

// The command lines. What is not said here is the program's default.

// etcdAddress is in the node's own network namespace.
const etcdAddress = "127.0.0.1:2379"

func (s Spec) etcd() program {
	const clients, peers = "http://" + etcdAddress, "http://127.0.0.1:2380"
	return program{name: "etcd", args: []string{
		"--name=default",
		"--data-dir=" + s.file("etcd"),
		"--listen-client-urls=" + clients,
		"--advertise-client-urls=" + clients,
		"--listen-peer-urls=" + peers,
		"--initial-advertise-peer-urls=" + peers,
		"--initial-cluster=default=" + peers,
		"--log-level=warn",
		// The data need not survive the machine.
		"--unsafe-no-fsync",
	}}
}

// apiserverMemory is where the API server collects garbage more often than GOGC asks for. It
// is no hard bound: what is in use, some 200 MiB, is far below it.
const apiserverMemory = "512MiB"

func (s Spec) apiserver() program {
	const issuer = "https://kubernetes.default.svc.cluster.local"
	args := []string{
		"--etcd-servers=http://" + etcdAddress,
		"--advertise-address=" + s.Cluster.Node().String(),
		"--bind-address=0.0.0.0",
		"--service-cluster-ip-range=" + s.Cluster.Services().String(),
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--allow-privileged=true",
		"--client-ca-file=" + s.pki("ca.crt"),
		"--tls-cert-file=" + s.pki("apiserver.crt"),
		"--tls-private-key-file=" + s.pki("apiserver.key"),
		"--kubelet-client-certificate=" + s.pki("apiserver-kubelet.crt"),
		"--kubelet-client-key=" + s.pki("apiserver-kubelet.key"),
		"--kubelet-certificate-authority=" + s.pki("ca.crt"),
		"--kubelet-preferred-address-types=InternalIP",
		"--service-account-issuer=" + issuer,
		"--service-account-signing-key-file=" + s.pki("service-accounts.key"),
		"--service-account-key-file=" + s.pki("service-accounts.key"),
		// Without these the other components ask for the missing authority again and again.
		"--requestheader-client-ca-file=" + s.pki("ca.crt"),
		"--requestheader-allowed-names=front-proxy-client",
		"--requestheader-username-headers=X-Remote-User",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--cert-dir=" + s.file("apiserver"),
		"--profiling=false",
	}
	if s.Audit {
		args = append(args, "--audit-policy-file="+s.file("audit.yaml"), "--audit-log-path="+s.AuditLog())
	}
	return program{name: "kube-apiserver", args: args, env: []string{"GOMEMLIMIT=" + apiserverMemory}}
}

func (s Spec) controllerManager() program {
	return program{name: "kube-controller-manager", args: []string{
		"--kubeconfig=" + s.kubeconfig("controller-manager"),
		"--authentication-kubeconfig=" + s.kubeconfig("controller-manager"),
		"--authorization-kubeconfig=" + s.kubeconfig("controller-manager"),
		"--service-account-private-key-file=" + s.pki("service-accounts.key"),
		"--root-ca-file=" + s.pki("ca.crt"),
		"--cluster-signing-cert-file=" + s.pki("ca.crt"),
		"--cluster-signing-key-file=" + s.pki("ca.key"),
		"--allocate-node-cidrs",
		"--cluster-cidr=" + s.Cluster.Pods().String(),
		"--service-cluster-ip-range=" + s.Cluster.Services().String(),
		"--leader-elect=false",
		"--tls-cert-file=" + s.pki(controllerManagerServing+".crt"),
		"--tls-private-key-file=" + s.pki(controllerManagerServing+".key"),
		"--profiling=false",
		// Every controller first makes its own account and token. At the default
		// of 20 requests a second that takes 5 s, and the account that pods need
		// (default/default) waits at the end of the queue.
		"--kube-api-qps=200",
		"--kube-api-burst=400",
	}}
}

func (s Spec) scheduler() program {
	return program{name: "kube-scheduler", args: []string{
		"--kubeconfig=" + s.kubeconfig("scheduler"),
		"--authentication-kubeconfig=" + s.kubeconfig("scheduler"),
		"--authorization-kubeconfig=" + s.kubeconfig("scheduler"),
		"--leader-elect=false",
		"--tls-cert-file=" + s.pki(schedulerServing+".crt"),
		"--tls-private-key-file=" + s.pki(schedulerServing+".key"),
		"--profiling=false",
	}}
}

func (s Spec) containerd() program {
	return program{name: "containerd", args: []string{"--config=" + s.file("containerd", "config.toml")}}
}

func (s Spec) kubelet() program {
	return program{name: "kubelet", args: []string{
		"--config=" + s.file("kubelet.yaml"),
		"--kubeconfig=" + s.kubeconfig("kubelet"),
		"--root-dir=" + s.file("kubelet"),
		"--cert-dir=" + s.file("kubelet", "pki"),
		"--hostname-override=" + s.Cluster.NodeName(),
		"--node-ip=" + s.Cluster.Node().String(),
		"--node-labels=" + strings.Join([]string{
			"topology.kubernetes.io/region=" + s.Cluster.Network(),
			"topology.kubernetes.io/zone=" + s.Cluster.Network() + "-a",
		}, ","),
	}}
}

func (s Spec) proxy() program {
	return program{name: "kube-proxy", args: []string{
		"--kubeconfig=" + s.kubeconfig("proxy"),
		"--proxy-mode=nftables",
		"--cluster-cidr=" + s.Cluster.Pods().String(),
		"--hostname-override=" + s.Cluster.NodeName(),
		// The limits belong to the host.
		"--conntrack-max-per-core=0",
		"--conntrack-tcp-timeout-established=0",
		"--conntrack-tcp-timeout-close-wait=0",
	}}
}

func (s Spec) dns() program {
	return program{name: "coredns", args: []string{fmt.Sprintf("-conf=%s", s.file("Corefile"))}}
}
