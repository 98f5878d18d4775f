package fleetfile

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
)

// readKubeconfigs finds every cluster's context and looks at all that a
// kubeconfig can be wrong with, then at what two clusters must not share.
func (f *File) readKubeconfigs(base string, opts Options, problems *collector) {
	for _, c := range f.Clusters {
		if c.Kubeconfig == "" || placeholder(c.Kubeconfig) || placeholder(c.Context) {
			continue
		}
		config := c.load(base, opts.Machine, problems)
		if config == nil {
			continue
		}
		c.choose(config, opts, problems)
	}
	f.refuseShared(problems)
}

func (c *Cluster) load(base string, machine Machine, problems *collector) *api.Config {
	path, err := machine.expand(c.Kubeconfig, base)
	if err != nil {
		problems.at(&c.Kubeconfig, "%v", err)
		return nil
	}
	c.Kubeconfig = path
	config, err := loadKubeconfig(path)
	if err != nil {
		problems.at(&c.Kubeconfig, "%v", err)
	}
	return config
}

func loadKubeconfig(path string) (*api.Config, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && strings.ContainsRune(path, filepath.ListSeparator):
		return nil, fmt.Errorf("no such file: %s looks like a list as in $KUBECONFIG; give each cluster one file", path)
	case err != nil:
		return nil, fmt.Errorf("no kubeconfig: %w", err)
	case info.IsDir():
		return nil, fmt.Errorf("%s is a folder, want a kubeconfig", path)
	}
	config, err := clientcmd.LoadFromFile(path)
	var onDisk *fs.PathError
	switch {
	case errors.As(err, &onDisk):
		return nil, fmt.Errorf("kubeconfig cannot be read: %w", onDisk)
	case err != nil:
		// What the parser says may quote a token.
		return nil, fmt.Errorf("%s is not a kubeconfig; try \"kubectl config view --kubeconfig %s\"", path, path)
	case len(config.Contexts) == 0:
		return nil, fmt.Errorf("kubeconfig %s has no context", path)
	}
	// Paths in a kubeconfig are relative to its own folder.
	if err := clientcmd.ResolveLocalPaths(config); err != nil {
		return nil, fmt.Errorf("kubeconfig %s: %w", path, err)
	}
	return config, nil
}

// choose finds the context and checks what it leads to.
func (c *Cluster) choose(config *api.Config, opts Options, problems *collector) {
	where := &c.Context
	if c.Context == "" {
		where = &c.Kubeconfig
		if c.Context = config.CurrentContext; c.Context == "" {
			problems.at(where, "has no current context; say which of its contexts is cluster %s: %s", c.Name, contexts(config))
			return
		}
	}
	context, ok := config.Contexts[c.Context]
	if !ok {
		problems.at(where, "kubeconfig %s has no context %q; it has %s", c.Kubeconfig, c.Context, contexts(config))
		c.Context = ""
		return
	}
	if cluster, ok := config.Clusters[context.Cluster]; ok {
		c.checkEndpoint(cluster, where, opts.Reading, problems)
	} else {
		problems.at(where, "context %q names cluster %q, which kubeconfig %s does not have", c.Context, context.Cluster, c.Kubeconfig)
	}
	if user, ok := config.AuthInfos[context.AuthInfo]; ok {
		checkUser(user, where, opts.Machine, problems)
	} else {
		problems.at(where, "context %q names user %q, which kubeconfig %s does not have", c.Context, context.AuthInfo, c.Kubeconfig)
	}
}

func contexts(config *api.Config) string {
	const most = 8
	names := make([]string, 0, len(config.Contexts))
	for name := range config.Contexts {
		names = append(names, fmt.Sprintf("%q", name))
	}
	slices.Sort(names)
	if len(names) > most {
		names = append(names[:most], fmt.Sprintf("and %d more", len(names)-most))
	}
	return strings.Join(names, ", ")
}

func (c *Cluster) checkEndpoint(cluster *api.Cluster, where *string, reading bool, problems *collector) {
	parsed, err := url.Parse(cluster.Server)
	switch {
	case err != nil || parsed.Host == "":
		problems.at(where, "the kubeconfig's server for context %q is not a URL", c.Context)
		return
	case parsed.User != nil:
		problems.at(where, "the kubeconfig's server for context %q holds a user name or password; put them into its users", c.Context)
		return
	}
	c.Endpoint = cluster.Server
	if !reading && c.Server == "" && fleet.Loopback(cluster.Server) {
		problems.at(where, "the API server is at %s, which leads pods of other clusters to themselves; give server, the URL by which they reach it", cluster.Server)
	}
	if cluster.CertificateAuthority != "" {
		exists(cluster.CertificateAuthority, "certificate-authority", where, problems)
	}
}

// checkUser looks for what would fail, or ask at a terminal, in the middle of a run.
func checkUser(user *api.AuthInfo, where *string, machine Machine, problems *collector) {
	if user.AuthProvider != nil {
		problems.at(where, "the kubeconfig's user has auth-provider %q, which Kubernetes 1.26 removed; use an exec plugin", user.AuthProvider.Name)
	}
	for _, file := range []struct{ path, name string }{
		{user.ClientCertificate, "client-certificate"}, {user.ClientKey, "client-key"}, {user.TokenFile, "tokenFile"},
	} {
		if file.path != "" {
			exists(file.path, file.name, where, problems)
		}
	}
	if user.Exec == nil {
		return
	}
	if user.Exec.InteractiveMode == api.AlwaysExecInteractiveMode {
		problems.at(where, "credential plugin %q always asks at a terminal, which a run does not have; use one that does not", user.Exec.Command)
	}
	if _, err := machine.LookPath(user.Exec.Command); err != nil {
		text := fmt.Sprintf("credential plugin %q of the kubeconfig's user is not found; install it or put its folder into PATH", user.Exec.Command)
		if hint := strings.TrimSpace(user.Exec.InstallHint); hint != "" {
			text += "; the kubeconfig says: " + hint
		}
		problems.at(where, "%s", text)
	}
}

func exists(path, what string, where *string, problems *collector) {
	if _, err := os.Stat(path); err != nil {
		problems.at(where, "the kubeconfig's %s: %v", what, err)
	}
}

// refuseShared finds two clusters that can only be one.
func (f *File) refuseShared(problems *collector) {
	byContext, byEndpoint := map[string]string{}, map[string]string{}
	for _, c := range f.Clusters {
		if c.Context == "" || c.Endpoint == "" {
			continue
		}
		context, endpoint := c.Kubeconfig+"\x00"+c.Context, normal(c.Endpoint)
		if other, twice := byContext[context]; twice {
			problems.at(&c.Kubeconfig, "clusters %s and %s have the same kubeconfig and context %q: a mesh of one cluster with itself would pass every check", other, c.Name, c.Context)
		} else if other, twice := byEndpoint[endpoint]; twice {
			problems.at(&c.Kubeconfig, "clusters %s and %s have the same API server %s: a mesh of one cluster with itself would pass every check", other, c.Name, c.Endpoint)
		} else {
			byContext[context], byEndpoint[endpoint] = c.Name, c.Name
		}
	}
}

// normal makes equal URLs the same string.
func normal(endpoint string) string {
	parsed, err := url.Parse(endpoint)
	if err != nil {
		return endpoint
	}
	host := strings.ToLower(parsed.Host)
	if parsed.Port() == "" && parsed.Scheme == "https" {
		host += ":443"
	}
	return parsed.Scheme + "://" + host + strings.TrimSuffix(parsed.Path, "/")
}
