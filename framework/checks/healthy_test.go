package checks

import (
	"fmt"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// taken is when the hand-made snapshots were taken.
var taken = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// healthy is a sound mesh of so many clusters, each on a network of its own, with HelloWorld
// and Sleep in all and a few calls made.
func healthy(clusters int) *istio.Snapshot {
	s := &istio.Snapshot{APIVersion: istio.APIVersion, Kind: istio.Kind, Taken: taken, Namespace: "sample"}
	for i := range clusters {
		s.Clusters = append(s.Clusters, healthyCluster(i+1, clusters))
	}
	return s
}

func clusterName(i int) string    { return fmt.Sprintf("cluster%d", i) }
func networkName(i int) string    { return fmt.Sprintf("network%d", i) }
func gatewayAddress(i int) string { return fmt.Sprintf("172.30.%d.1", 100+i) }
func serviceAddress(i int) string { return fmt.Sprintf("10.96.%d.1", i) }
func podAddress(i, pod int) string {
	return fmt.Sprintf("10.%d.0.%d", i, pod)
}

func root() []istio.Certificate {
	return []istio.Certificate{{Fingerprint: "aa11bb22cc33dd44", NotBefore: taken.AddDate(-1, 0, 0), NotAfter: taken.AddDate(9, 0, 0)}}
}

func intermediate(i int) []istio.Certificate {
	return []istio.Certificate{{Fingerprint: fmt.Sprintf("ca%d", i), NotBefore: taken.AddDate(-1, 0, 0), NotAfter: taken.AddDate(4, 0, 0)}}
}

// proxied is a ready pod with a sidecar.
func proxied(i, pod int, app, version string) istio.Pod {
	labels := map[string]string{"app": app, names.Revision: "default"}
	name := app
	if version != "" {
		labels["version"], name = version, app+"-"+version
	}
	return istio.Pod{
		Namespace: "sample", Name: name + "-5d8", Labels: labels, Account: map[string]string{"sleep": "sleep"}[app], Ready: true,
		Image: "istio/proxyv2:1.31.0", Proxy: true, ProxyReady: true, IP: podAddress(i, pod),
		Env:   map[string]string{names.EnvMetaCluster: clusterName(i), names.EnvMetaNetwork: networkName(i), names.EnvMetaMesh: "mesh1", names.EnvTrustDomain: "cluster.local"},
		Roots: istio.Read(root()),
		Certificate: istio.Read(istio.Certificate{
			Fingerprint: fmt.Sprintf("c%d%d", i, pod), NotBefore: taken.Add(-time.Hour), NotAfter: taken.Add(23 * time.Hour),
			SPIFFE: []string{"spiffe://cluster.local/ns/sample/sa/" + app},
		}),
	}
}

func healthyCluster(i, clusters int) istio.Cluster {
	name, network, version := clusterName(i), networkName(i), fmt.Sprintf("v%d", i)
	var remotes []istio.Remote
	var secrets []istio.RemoteSecret
	var networks []istio.NetworkGateway
	endpoints := []istio.Endpoint{{
		Address: podAddress(i, 10) + ":5000", Healthy: true, Weight: 1,
		Total: istio.Counters{Connections: 1, Requests: 20, Succeeded: 20}, During: istio.Counters{Connections: 1, Requests: 10, Succeeded: 10},
	}}
	calls := []istio.Call{{Status: 200, Version: version, Latency: time.Millisecond, Address: serviceAddress(i)}}
	for k := 1; k <= clusters; k++ {
		networks = append(networks, istio.NetworkGateway{Network: networkName(k), Cluster: clusterName(k), Address: gatewayAddress(k), Port: names.CrossPort})
		if k == i {
			continue
		}
		other := clusterName(k)
		server := fmt.Sprintf("https://172.30.%d.2:6443", k)
		remotes = append(remotes, istio.Remote{ID: other, Secret: names.System + "/" + names.RemoteSecretPrefix + other, Status: names.Synced})
		secrets = append(secrets, istio.RemoteSecret{
			Namespace: names.System, Name: names.RemoteSecretPrefix + other, Labelled: true,
			Entries: []istio.RemoteEntry{{ID: other, Server: server, Login: "token", UID: istio.Read("uid-" + other)}},
		})
		endpoints = append(endpoints, istio.Endpoint{
			Address: fmt.Sprintf("%s:%d", gatewayAddress(k), names.CrossPort), Healthy: true, Weight: 1,
			Total: istio.Counters{Connections: 2, Requests: 20, Succeeded: 20}, During: istio.Counters{Connections: 1, Requests: 10, Succeeded: 10},
		})
		calls = append(calls, istio.Call{Status: 200, Version: fmt.Sprintf("v%d", k), Latency: time.Millisecond, Address: serviceAddress(i)})
	}
	istiod := istio.Istiod{
		Pod: istio.Pod{
			Namespace: names.System, Name: "istiod-1", Labels: map[string]string{"app": "istiod", names.Revision: "default"}, Ready: true, Image: "istio/pilot:1.31.0",
			IP:  podAddress(i, 2),
			Env: map[string]string{names.EnvClusterID: name, names.EnvRevision: "default", names.EnvCertProvider: "istiod"},
		},
		Revision: "default", Version: "1.31.0", Remotes: istio.Read(remotes), Networks: istio.Read(networks),
	}
	gateway := istio.Pod{
		Namespace: names.System, Name: "istio-eastwestgateway-1", Ready: true, Image: "istio/proxyv2:1.31.0", Proxy: true, ProxyReady: true, IP: podAddress(i, 3),
		Labels: map[string]string{"app": names.Gateway, names.GatewayLabel: names.GatewayValue, names.Revision: "default", names.Network: network},
		Env:    map[string]string{names.EnvMetaCluster: name, names.EnvMetaNetwork: network, names.EnvNetworkView: network, names.EnvMetaMesh: "mesh1", names.EnvTrustDomain: "cluster.local"},
		Roots:  istio.Read(root()),
	}
	selector := istio.LabelSelector{}
	selector.MatchLabels = map[string]string{names.Revision: "default"}
	return istio.Cluster{
		Name: name, Network: network, Server: fmt.Sprintf("https://172.30.%d.2:6443", i), Version: version, Kubeconfig: "fleet.kubeconfig", Context: name,
		Identity:    istio.Read(istio.Identity{UID: "uid-" + name, Kubernetes: "v1.36.1", Server: fmt.Sprintf("https://127.0.0.1:%d", 16440+i)}),
		System:      istio.Read(istio.Namespace{Found: true, Labels: map[string]string{names.Network: network}}),
		Istiods:     istio.Read([]istio.Istiod{istiod}),
		MeshConfigs: istio.Read([]istio.MeshConfig{{Revision: "default", TrustDomain: "cluster.local"}}),
		Injectors:   istio.Read([]istio.Injector{{Revision: "default", Network: network, Cluster: name, MeshID: "mesh1", CertProvider: "istiod"}}),
		Webhooks: istio.Read([]istio.Webhook{{
			Configuration: "istio-sidecar-injector", Name: "rev.namespace.sidecar-injector.istio.io", Revision: "default",
			Service: names.System + "/istiod", ServiceFound: true, Path: "/inject", Beyond: istio.Read[[]string](nil), Fails: true, NamespaceSelector: selector,
		}}),
		Roots: istio.Read(root()), CARoots: istio.Read(root()), CACertificates: istio.Read(intermediate(i)),
		Gateways: istio.Read(istio.Gateways{
			Services: []istio.GatewayService{{
				Namespace: names.System, Name: names.Gateway, Type: "LoadBalancer", Network: network, Port: names.CrossPort,
				Ports:    []istio.ServicePort{{Name: "status-port", Port: 15021, TargetPort: 15021}, {Name: "tls", Port: names.CrossPort, TargetPort: names.CrossPort}},
				Selector: map[string]string{names.GatewayLabel: names.GatewayValue}, Addresses: []string{gatewayAddress(i)},
			}},
			Pods: []istio.Pod{gateway}, Deployed: true,
		}),
		RemoteSecrets: istio.Read(secrets),
		Servers: istio.Read([]istio.Server{{
			Meta: istio.Meta{Namespace: names.System, Name: names.Expose}, Selector: map[string]string{names.GatewayLabel: names.GatewayValue},
			Port: names.CrossPort, Protocol: "TLS", Mode: names.AutoPassthrough, Hosts: []string{"*.local"},
		}}),
		PeerAuthentications: istio.Read[[]istio.PeerAuthentication](nil), AuthorizationPolicies: istio.Read[[]istio.AuthorizationPolicy](nil),
		DestinationRules: istio.Read[[]istio.DestinationRule](nil), VirtualServices: istio.Read[[]istio.VirtualService](nil),
		Sidecars: istio.Read[[]istio.Sidecar](nil), NetworkPolicies: istio.Read[[]istio.NetworkPolicy](nil),
		Workloads: istio.Read(istio.Workloads{
			Namespace:   istio.Namespace{Found: true, Labels: map[string]string{names.Revision: "default"}},
			Services:    []istio.Service{{Name: helloWorld, ClusterIPs: []string{serviceAddress(i)}, Ports: []istio.ServicePort{{Name: "http", Port: helloPort}}}, {Name: sleep, Ports: []istio.ServicePort{{Name: "http", Port: 80}}}},
			Deployments: []istio.Deployment{{Name: "helloworld-" + version, Labels: map[string]string{"app": helloWorld, "version": version}, Wanted: 1, Available: 1}, {Name: sleep, Labels: map[string]string{"app": sleep}, Wanted: 1, Available: 1}},
			Pods:        []istio.Pod{proxied(i, 10, helloWorld, version), proxied(i, 11, sleep, "")},
		}),
		Rejections: istio.Read[[]istio.Rejection](nil),
		Caller:     istio.Read(istio.Caller{Pod: "sample/sleep-5d8", Proxy: true, Endpoints: istio.Read(endpoints), Calls: calls, Needed: len(calls)}),
	}
}
