package istio

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// Anonymize returns a copy of a snapshot in which names and addresses of the fleet are
// replaced, the same one by the same stand-in wherever it occurs, in messages too. What
// Istio and Kubernetes call everywhere alike stays, so that the checks find the same.
func Anonymize(s *Snapshot) (*Snapshot, error) {
	document, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("anonymize the snapshot: %w", err)
	}
	var tree any
	if err := json.Unmarshal(document, &tree); err != nil {
		return nil, fmt.Errorf("anonymize the snapshot: %w", err)
	}
	a := newAnonymizer(s)
	if document, err = json.Marshal(a.replace(tree)); err != nil {
		return nil, fmt.Errorf("anonymize the snapshot: %w", err)
	}
	return Load(bytes.NewReader(document))
}

// anonymizer knows the stand-ins.
type anonymizer struct {
	standIns map[string]string
	counts   map[string]int
	order    []string // the originals, the longest first: a name may be part of another
	ips      map[netip.Addr]string
}

func newAnonymizer(s *Snapshot) *anonymizer {
	a := &anonymizer{standIns: map[string]string{}, counts: map[string]int{}, ips: map[netip.Addr]string{}}
	for _, word := range commonWords() {
		a.standIns[word] = word
	}
	a.name("namespace", s.Namespace)
	for i := range s.Clusters {
		a.cluster(&s.Clusters[i])
	}
	for original, standIn := range a.standIns {
		if original != standIn {
			a.order = append(a.order, original)
		}
	}
	slices.SortFunc(a.order, func(x, y string) int {
		if len(x) != len(y) {
			return len(y) - len(x)
		}
		return strings.Compare(x, y)
	})
	return a
}

// commonWords are those that tell nothing of a fleet.
func commonWords() []string {
	return []string{
		"", names.System, "default", "kube-system", "sample", "helloworld", "sleep", "istiod", "cluster.local", names.DefaultRevision,
		names.Gateway, names.Expose, names.ReaderAccount, names.CASecret, "true", "false", "enabled", "*", ".",
	}
}

// name gives an original a stand-in of a kind.
func (a *anonymizer) name(kind, original string) {
	if _, known := a.standIns[original]; known {
		return
	}
	a.counts[kind]++
	a.standIns[original] = fmt.Sprintf("%s-%d", kind, a.counts[kind])
}

func (a *anonymizer) cluster(c *Cluster) {
	a.name("name", c.Name)
	a.name("network", c.Network)
	a.name("context", c.Context)
	a.name("kubeconfig", c.Kubeconfig)
	identity, _ := c.Identity.Get()
	a.host(c.Server)
	a.host(identity.Server)
	system, _ := c.System.Get()
	a.name("network", system.Labels[names.Network])
	injectors, _ := c.Injectors.Get()
	for _, injector := range injectors {
		a.name("network", injector.Network)
		a.name("name", injector.Cluster)
		a.name("mesh", injector.MeshID)
	}
	configs, _ := c.MeshConfigs.Get()
	for _, config := range configs {
		a.name("domain", config.TrustDomain)
		for _, alias := range config.Aliases {
			a.name("domain", alias)
		}
		a.name("namespace", config.RootNamespace)
	}
	istiods, _ := c.Istiods.Get()
	for _, istiod := range istiods {
		a.name("name", istiod.Env[names.EnvClusterID])
		remotes, _ := istiod.Remotes.Get()
		for _, remote := range remotes {
			a.name("name", remote.ID)
		}
		networks, _ := istiod.Networks.Get()
		for _, gateway := range networks {
			a.name("network", gateway.Network)
			a.name("name", gateway.Cluster)
		}
	}
	secrets, _ := c.RemoteSecrets.Get()
	for _, secret := range secrets {
		a.name("namespace", secret.Namespace)
		for _, entry := range secret.Entries {
			a.name("name", entry.ID)
			a.host(entry.Server)
		}
	}
	a.gateways(c)
	a.objects(c)
	a.wholeCluster(c)
}

// wholeCluster is what is read for an upgrade.
func (a *anonymizer) wholeCluster(c *Cluster) {
	namespaces, _ := c.Namespaces.Get()
	for _, namespace := range namespaces {
		a.name("namespace", namespace.Name)
	}
	proxies, _ := c.Proxies.Get()
	for _, p := range proxies {
		a.name("workload", p.Name)
	}
	rooms, _ := c.Rooms.Get()
	for _, room := range rooms {
		a.name("node", room.Name)
	}
	entries, _ := c.ServiceEntries.Get()
	for _, entry := range entries {
		for _, host := range entry.Hosts {
			a.host("https://" + strings.TrimPrefix(host, "*."))
		}
	}
	api, _ := c.GatewayAPI.Get()
	for _, gateway := range api.Gateways {
		a.name("namespace", gateway.Namespace)
		a.name("object", gateway.Name)
	}
}

func (a *anonymizer) gateways(c *Cluster) {
	gateways, _ := c.Gateways.Get()
	for _, service := range gateways.Services {
		a.name("namespace", service.Namespace)
		a.name("service", service.Name)
		a.name("network", service.Network)
		for _, address := range slices.Concat(service.Addresses, service.ExternalIPs, service.Nodes) {
			a.host("https://" + address)
		}
	}
	for _, pod := range gateways.Pods {
		a.name("namespace", pod.Namespace)
	}
}

// objects are Istio's resources: names and namespaces; hosts and principals hold these.
func (a *anonymizer) objects(c *Cluster) {
	for _, meta := range slices.Concat(
		metas(c.Servers, func(o Server) Meta { return o.Meta }),
		metas(c.PeerAuthentications, func(o PeerAuthentication) Meta { return o.Meta }),
		metas(c.AuthorizationPolicies, func(o AuthorizationPolicy) Meta { return o.Meta }),
		metas(c.DestinationRules, func(o DestinationRule) Meta { return o.Meta }),
		metas(c.VirtualServices, func(o VirtualService) Meta { return o.Meta }),
		metas(c.Sidecars, func(o Sidecar) Meta { return o.Meta }),
		metas(c.NetworkPolicies, func(o NetworkPolicy) Meta { return o.Meta }),
		metas(c.Labelled, func(o Labelled) Meta { return o.Meta }),
		metas(c.EnvoyFilters, func(o EnvoyFilter) Meta { return o.Meta }),
		metas(c.ServiceEntries, func(o ServiceEntry) Meta { return o.Meta }),
	) {
		a.name("namespace", meta.Namespace)
		a.name("object", meta.Name)
	}
}

// metas are what the objects of a section are called.
func metas[T any](section Section[[]T], of func(T) Meta) []Meta {
	var all []Meta
	objects, _ := section.Get()
	for _, o := range objects {
		all = append(all, of(o))
	}
	return all
}

// host gives the host of a URL a stand-in, unless it is an IP address, which is replaced
// wherever it occurs.
func (a *anonymizer) host(server string) {
	parsed, err := url.Parse(server)
	if err != nil || parsed.Hostname() == "" {
		return
	}
	if _, err := netip.ParseAddr(parsed.Hostname()); err != nil {
		a.counts["host"]++
		if _, known := a.standIns[parsed.Hostname()]; !known {
			a.standIns[parsed.Hostname()] = fmt.Sprintf("host-%d.example", a.counts["host"])
		}
	}
}

// replace walks a document. Keys are words of the format but for those of label maps,
// which tell of a fleet only by their values.
func (a *anonymizer) replace(node any) any {
	switch node := node.(type) {
	case string:
		return a.text(node)
	case []any:
		for i := range node {
			node[i] = a.replace(node[i])
		}
	case map[string]any:
		for key := range node {
			if !fixed(key) {
				node[key] = a.replace(node[key])
			}
		}
	}
	return node
}

// fixed are fields that hold words of the format.
func fixed(key string) bool {
	return slices.Contains([]string{"apiVersion", "kind", "eastwest", "taken", "reason", "status", "mode", "type", "sha256", "version", "kubernetes", "login"}, key)
}

// address finds IP addresses in texts; what it finds is parsed before it is believed.
var address = regexp.MustCompile(`\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}`)

func (a *anonymizer) text(text string) string {
	if standIn, known := a.standIns[text]; known {
		return standIn
	}
	for _, original := range a.order {
		if strings.Contains(text, original) {
			text = replaceWord(text, original, a.standIns[original])
		}
	}
	return address.ReplaceAllStringFunc(text, func(found string) string {
		ip, err := netip.ParseAddr(found)
		if err != nil || ip.IsLoopback() || ip.IsUnspecified() {
			return found
		}
		return a.ip(ip)
	})
}

// replaceWord replaces a name where it is not the middle of another word.
func replaceWord(text, word, by string) string {
	var out strings.Builder
	for {
		at := strings.Index(text, word)
		if at < 0 {
			return out.String() + text
		}
		end := at + len(word)
		inside := at > 0 && wordByte(text[at-1]) || end < len(text) && wordByte(text[end])
		if inside {
			out.WriteString(text[:end])
		} else {
			out.WriteString(text[:at] + by)
		}
		text = text[end:]
	}
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// ip is a stand-in from the ranges that are for nobody (RFC 6890: 240.0.0.0/4, 2001:db8::/32).
func (a *anonymizer) ip(ip netip.Addr) string {
	if standIn, known := a.ips[ip]; known {
		return standIn
	}
	n := len(a.ips) + 1
	standIn := fmt.Sprintf("240.%d.%d.%d", n>>16&255, n>>8&255, n&255)
	if ip.Is6() {
		standIn = fmt.Sprintf("2001:db8::%x", n)
	}
	a.ips[ip] = standIn
	return standIn
}
