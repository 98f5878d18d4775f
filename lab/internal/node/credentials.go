package node

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/eastwest-mesh/eastwest/lab/internal/pki"
)

// user is a client of the API server: Kubernetes' own bootstrap roles decide
// what it may do, except for the members of system:masters.
type user struct {
	file, name string
	groups     []string
}

const masters = "system:masters"

func (s Spec) users() []user {
	return []user{
		{file: "admin", name: "eastwest:admin", groups: []string{masters}},
		{file: "apiserver-kubelet", name: "eastwest:apiserver", groups: []string{masters}},
		// With accounts and tokens of their own for some forty controllers a start
		// takes longer, and this API server is asked by nobody else yet.
		{file: "controller-manager", name: "system:kube-controller-manager", groups: []string{masters}},
		{file: "scheduler", name: "system:kube-scheduler"},
		{file: "kubelet", name: "system:node:" + s.Cluster.NodeName(), groups: []string{"system:nodes"}},
		{file: "proxy", name: "system:kube-proxy"},
		// CoreDNS runs on the node here, so it has no service account of its own.
		{file: "dns", name: "eastwest:dns", groups: []string{masters}},
	}
}

// server is a program that others reach by TLS. One that is given no certificate
// makes keys of RSA for its own at every start, a sixth of a second of processor
// time.
type server struct {
	file, name string
	names      []string
	addresses  []netip.Addr
}

func (s Spec) servers() []server {
	loopback := netip.MustParseAddr("127.0.0.1")
	return []server{
		{"apiserver", "kube-apiserver", []string{
			"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
		}, []netip.Addr{s.Cluster.Node(), s.Cluster.APIService(), loopback}},
		{controllerManagerServing, "kube-controller-manager", []string{"localhost"}, []netip.Addr{s.Cluster.Node(), loopback}},
		{schedulerServing, "kube-scheduler", []string{"localhost"}, []netip.Addr{s.Cluster.Node(), loopback}},
		{kubeletServing, "kubelet", []string{s.Cluster.NodeName()}, []netip.Addr{s.Cluster.Node()}},
	}
}

// Files of certificates that servers show, beside those that name them as clients.
const (
	controllerManagerServing = "controller-manager-serving"
	schedulerServing         = "scheduler-serving"
	kubeletServing           = "kubelet-serving"
)

// MakeCredentials writes every key, certificate and kubeconfig of the node
// below Dir, and a kubeconfig for people to the file admin, whose server is
// adminServer.
func MakeCredentials(s Spec, admin, adminServer string) error {
	ca, err := pki.NewAuthority("kubernetes of " + s.Cluster.Name())
	if err != nil {
		return err
	}
	own, err := ca.Pair()
	if err != nil {
		return err
	}
	if err := s.writePair("ca", own); err != nil {
		return err
	}
	for _, each := range s.servers() {
		serving, err := ca.Server(each.name, each.names, each.addresses)
		if err != nil {
			return err
		}
		if err := s.writePair(each.file, serving); err != nil {
			return err
		}
	}
	signer, err := pki.NewKey()
	if err != nil {
		return err
	}
	key, err := pki.EncodeKey(signer)
	if err != nil {
		return err
	}
	if err := write(s.pki("service-accounts.key"), key); err != nil {
		return err
	}
	return s.writeUsers(ca, own.Cert, admin, adminServer)
}

func (s Spec) writeUsers(ca *pki.Authority, caCert []byte, admin, adminServer string) error {
	for _, u := range s.users() {
		pair, err := ca.Client(u.name, u.groups...)
		if err != nil {
			return err
		}
		if err := s.writePair(u.file, pair); err != nil {
			return err
		}
		if err := writeKubeconfig(s.kubeconfig(u.file), s.Cluster.Name(), s.Cluster.Server(), caCert, pair); err != nil {
			return err
		}
		if u.file != "admin" {
			continue
		}
		if err := writeKubeconfig(admin, s.Cluster.Name(), adminServer, caCert, pair); err != nil {
			return err
		}
	}
	return nil
}

func (s Spec) writePair(name string, p pki.Pair) error {
	if err := write(s.pki(name+".crt"), p.Cert); err != nil {
		return err
	}
	return write(s.pki(name+".key"), p.Key)
}

func writeKubeconfig(file, name, server string, ca []byte, pair pki.Pair) error {
	cfg := clientcmdapi.NewConfig()
	cfg.Clusters[name] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: ca}
	cfg.AuthInfos[name] = &clientcmdapi.AuthInfo{ClientCertificateData: pair.Cert, ClientKeyData: pair.Key}
	cfg.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	cfg.CurrentContext = name
	data, err := clientcmd.Write(*cfg)
	if err != nil {
		return fmt.Errorf("encode kubeconfig %s: %w", file, err)
	}
	return write(file, data)
}

// write makes a file, and its folder, that only its owner may read.
func write(file string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o600)
}
