package istio

import (
	"cmp"
	"path"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// login is what an entry of a remote secret logs in with, as far as it is data: its other
// ways run programs or read files of whoever opens the kubeconfig, and a Secret of somebody's
// cluster must not make this machine do that. It is never kept and never printed.
type login struct {
	server, token string
	roots         []byte
	serverName    string
	insecure      bool
}

// parseRemote reads the kubeconfig of a remote secret. What is wrong with it is said in
// words of our own: a parser's may quote the content.
func parseRemote(kubeconfig []byte) (RemoteEntry, login) {
	broken := func(why string) (RemoteEntry, login) { return RemoteEntry{Broken: why}, login{} }
	config, err := clientcmd.Load(kubeconfig)
	if err != nil {
		return broken("it is not a kubeconfig")
	}
	current := config.Contexts[config.CurrentContext]
	if current == nil {
		return broken("its current context does not exist")
	}
	cluster := config.Clusters[current.Cluster]
	if cluster == nil || cluster.Server == "" {
		return broken("its current context has no server")
	}
	entry := RemoteEntry{Server: bareServer(cluster.Server), Login: loginOf(config, current), CAByPath: cluster.CertificateAuthority != ""}
	if entry.Server == "" {
		return broken("its server is not a URL")
	}
	found := login{
		server: cluster.Server, roots: cluster.CertificateAuthorityData,
		serverName: cluster.TLSServerName, insecure: cluster.InsecureSkipTLSVerify,
	}
	if user := config.AuthInfos[current.AuthInfo]; user != nil {
		found.token = user.Token
	}
	return entry, found
}

// loginOf is how istiod would log in. It refuses a kubeconfig any user of which would run a
// program or read a file (pkg/kube/util.go, sanitizeKubeConfig), so that such a one counts first.
func loginOf(config *api.Config, current *api.Context) string {
	for _, name := range sorted(config.AuthInfos) {
		if refused := refusedLogin(config.AuthInfos[name]); refused != "" {
			return refused
		}
	}
	user := config.AuthInfos[current.AuthInfo]
	switch {
	case user == nil:
		return ""
	case user.Token != "":
		return "token"
	case len(user.ClientCertificateData) > 0:
		return "client certificate"
	case user.AuthProvider != nil:
		return "auth provider: " + user.AuthProvider.Name
	case user.Username != "" || user.Password != "":
		return "password"
	default:
		return ""
	}
}

// allowedProvider is the one that istiod takes.
const allowedProvider = "oidc"

func refusedLogin(user *api.AuthInfo) string {
	switch {
	case user == nil:
		return ""
	case user.AuthProvider != nil && user.AuthProvider.Name != allowedProvider:
		return "auth provider: " + user.AuthProvider.Name
	case cmp.Or(user.ClientKey, user.ClientCertificate) != "":
		return "client certificate by path"
	case user.TokenFile != "":
		return "token by path"
	case user.Exec != nil:
		return "exec: " + path.Base(cmp.Or(user.Exec.Command, "?"))
	default:
		return ""
	}
}
