package upgrade

import (
	"time"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

var taken = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// fleet has so many clusters with revision "old" in use, and "new" beside it in the first few.
func fleet(clusters, begun int) *istio.Snapshot {
	s := &istio.Snapshot{APIVersion: istio.APIVersion, Kind: istio.Kind, Taken: taken, Asked: istio.Asked{Upgrade: &istio.Upgrade{To: "new", Version: "1.31.2"}}}
	for i := range clusters {
		name := string(rune('a' + i))
		c := istio.Cluster{Name: name, Kubeconfig: "fleet.yaml", Context: name, Identity: istio.Read(istio.Identity{UID: name, Kubernetes: "v1.36.1"})}
		istiods := []istio.Istiod{istiod("old", "1.31.0")}
		configs := []istio.MeshConfig{{Revision: "old", TrustDomain: "lab.example"}}
		if i < begun {
			istiods = append(istiods, istiod("new", "1.31.2"))
			configs = append(configs, istio.MeshConfig{Revision: "new", TrustDomain: "lab.example", Created: taken.Add(-2 * time.Hour)})
		}
		c.Istiods, c.MeshConfigs = istio.Read(istiods), istio.Read(configs)
		c.Injectors, c.RemoteSecrets = istio.Read[[]istio.Injector](nil), istio.Read(secrets(clusters, i))
		c.Webhooks = istio.Read([]istio.Webhook{webhook("old"), webhook("new")})
		c.Roots = istio.Read([]istio.Certificate{{Fingerprint: "aa"}})
		c.Namespaces = istio.Read([]istio.MeshNamespace{{Name: "shop", Labels: map[string]string{names.Revision: "old"}, Roots: []string{"aa"}}})
		c.Proxies = istio.Read([]istio.ProxySet{
			{Namespace: "shop", Name: "cart", InjectedBy: "old", Version: "1.31.0", Pods: 2},
			{Namespace: "shop", Name: "front", InjectedBy: "old", Version: "1.31.0", Gateway: true, Pods: 1},
		})
		c.Labelled, c.EnvoyFilters, c.ServiceEntries = istio.Read[[]istio.Labelled](nil), istio.Read[[]istio.EnvoyFilter](nil), istio.Read[[]istio.ServiceEntry](nil)
		c.GatewayAPI, c.Validators = istio.Read(istio.GatewayAPI{}), istio.Read[[]istio.Webhook](nil)
		c.Rooms = istio.Read([]istio.NodeRoom{{Name: "node", CPU: 1000, Memory: 1 << 31, Pods: 10}})
		c.ControlPlanes, c.CAKeys = istio.Read([]istio.ControlPlane{{Revision: "old", Pods: 1}, {Revision: "new", Pods: 1}}), istio.Read[[]string](nil)
		s.Clusters = append(s.Clusters, c)
	}
	return s
}

// secrets lead from one cluster to all others, whose tokens may do everything.
func secrets(clusters, from int) []istio.RemoteSecret {
	var all []istio.RemoteSecret
	for k := range clusters {
		if name := string(rune('a' + k)); k != from {
			entry := istio.RemoteEntry{ID: name, Server: "https://" + name + ".example", Login: "token", UID: istio.Read(name)}
			entry.Grants = istio.Read([]istio.Grant{{Verbs: []string{"*"}, Groups: []string{"*"}, Resources: []string{"*"}}})
			all = append(all, istio.RemoteSecret{Namespace: names.System, Name: names.RemoteSecretPrefix + name, Labelled: true, Entries: []istio.RemoteEntry{entry}})
		}
	}
	return all
}

func istiod(revision, version string) istio.Istiod {
	return istio.Istiod{
		Pod:      istio.Pod{Namespace: names.System, Name: "istiod-" + revision, Ready: true, Created: taken.Add(-time.Hour)},
		Revision: revision, Version: version,
	}
}

func webhook(revision string) istio.Webhook {
	w := istio.Webhook{Configuration: "injector-" + revision, Revision: revision, Service: names.System + "/istiod-" + revision, ServiceFound: true}
	w.NamespaceSelector.MatchLabels = map[string]string{names.Revision: revision}
	return w
}
