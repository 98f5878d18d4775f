package checks

import (
	"maps"
	"slices"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// The revision that the hand-made fleets are to move to.
const canary = "canary"

// moving is a sound mesh with the control plane of a new revision, a patch newer, in all
// clusters beside the one in use. Nothing has moved yet.
func moving(clusters int) *istio.Snapshot {
	s := healthy(clusters)
	s.Asked.Upgrade = &istio.Upgrade{From: names.DefaultRevision, To: canary}
	for i := range s.Clusters {
		addCanary(&s.Clusters[i])
	}
	return s
}

func addCanary(c *istio.Cluster) {
	istiods, _ := c.Istiods.Get()
	second := istiods[0]
	second.Labels, second.Env = maps.Clone(second.Labels), maps.Clone(second.Env)
	second.Name, second.Revision, second.Version, second.Image = "istiod-canary-1", canary, "1.31.2", "istio/pilot:1.31.2"
	second.Labels[names.Revision], second.Env[names.EnvRevision] = canary, canary
	second.Created = taken.Add(-time.Hour)
	c.Istiods = istio.Read(append(slices.Clone(istiods), second))

	configs, _ := c.MeshConfigs.Get()
	c.MeshConfigs = istio.Read(append(slices.Clone(configs), istio.MeshConfig{Revision: canary, TrustDomain: "cluster.local", Created: taken.Add(-2 * time.Hour)}))
	injectors, _ := c.Injectors.Get()
	injector := injectors[0]
	injector.Revision = canary
	c.Injectors = istio.Read(append(slices.Clone(injectors), injector))
	webhooks, _ := c.Webhooks.Get()
	webhook := webhooks[0]
	webhook.Configuration, webhook.Revision, webhook.Service = "istio-sidecar-injector-canary", canary, names.System+"/istiod-canary"
	webhook.NamespaceSelector = istio.LabelSelector{}
	webhook.NamespaceSelector.MatchLabels = map[string]string{names.Revision: canary}
	c.Webhooks = istio.Read(append(slices.Clone(webhooks), webhook))

	secrets, _ := c.RemoteSecrets.Get()
	for i := range secrets {
		for k := range secrets[i].Entries {
			secrets[i].Entries[k].Grants = istio.Read([]istio.Grant{{Verbs: []string{"*"}, Groups: []string{"*"}, Resources: []string{"*"}}})
		}
	}
	workload := func(namespace, name string, gateway bool) istio.ProxySet {
		return istio.ProxySet{Namespace: namespace, Name: name, InjectedBy: names.DefaultRevision, Version: "1.31.0", Gateway: gateway, Native: true, Pods: 1}
	}
	c.Namespaces = istio.Read([]istio.MeshNamespace{
		{Name: names.System, Labels: map[string]string{names.Network: c.Network}, Roots: []string{root()[0].Fingerprint}},
		{Name: "sample", Labels: map[string]string{names.Revision: names.DefaultRevision}, Roots: []string{root()[0].Fingerprint}},
	})
	c.Proxies = istio.Read([]istio.ProxySet{workload(names.System, names.Gateway, true), workload("sample", "helloworld", false), workload("sample", "sleep", false)})
	c.Labelled, c.EnvoyFilters, c.ServiceEntries = istio.Read[[]istio.Labelled](nil), istio.Read[[]istio.EnvoyFilter](nil), istio.Read[[]istio.ServiceEntry](nil)
	c.GatewayAPI = istio.Read(istio.GatewayAPI{})
	c.Validators = istio.Read([]istio.Webhook{{Configuration: "istiod-default-validator", Name: "validation.istio.io", Service: names.System + "/istiod", ServiceFound: true, Fails: true}})
	c.Rooms = istio.Read([]istio.NodeRoom{{Name: "node", CPU: 1000, Memory: 1 << 31, Pods: 50}})
	asks := istio.Requests{CPU: 500, Memory: 2 << 20}
	c.ControlPlanes = istio.Read([]istio.ControlPlane{{Revision: names.DefaultRevision, Pods: 1, Requests: asks}, {Revision: canary, Pods: 1, Requests: asks}})
	c.CAKeys = istio.Read(names.CAKeys())
}
