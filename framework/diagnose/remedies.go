package diagnose

import "fmt"

// What we advise, all in one place, so that it is reviewed together. Where a
// command helps, it can be pasted.

const (
	remedySameCluster = "give each cluster its own kubeconfig and context; one context was probably entered twice"
	remedyClusterID   = "reinstall istiod with a cluster name of its own (values.global.multiCluster.clusterName)"

	remedyGatewayInjection = "the gateway's pod is filled in by the injection webhook: install istiod of the same revision first, then restart the Deployment istio-eastwestgateway"
	remedyGatewayPort      = "generate the gateway again (gen-eastwest-gateway.sh) and install it: its Service has the ports 15021, 15443, 15012 and 15017"

	remedyStall          = "a call that takes 10 s and then succeeds was retried after a connection that nobody answered: open TCP port 15443 of every gateway address to the other clusters' nodes, and check that endpoints are gateways, not pods of another network"
	remedyFailedCalls    = "look at the access log of the caller's istio-proxy: response flag UF means that the connection or TLS failed, UH that no endpoint was left, NR that no route matched"
	remedyMissingVersion = "look at the endpoints of the caller: istioctl proxy-config endpoints deploy/sleep -n <namespace> --cluster 'outbound|5000||helloworld.<namespace>.svc.cluster.local'"
	remedyNoEndpoint     = "istiod knows no way to that cluster's endpoints: check /debug/clusterz (synced?), /debug/networkz (is the gateway listed for that network?), and that PeerAuthentication and DestinationRule leave mTLS on"
)

func remedyAPI(cluster string) string {
	return fmt.Sprintf("check that the API server of %s is up and reachable from here and that the kubeconfig's credentials are valid: kubectl --context %s get --raw /readyz", cluster, cluster)
}

func remedyKubelet(cluster string) string {
	return fmt.Sprintf("look whether the pod's node is Ready and whether its kubelet runs: kubectl --context %s get nodes", cluster)
}

func remedyIstiod(cluster string) string {
	return fmt.Sprintf("install or repair the control plane: kubectl --context %s -n istio-system describe deployment,pod -l app=istiod", cluster)
}

func remedyNetworkLabel(cluster Member) string {
	network := cluster.Network
	if network == "" {
		network = "NETWORK"
	}
	return fmt.Sprintf("kubectl --context %s label namespace istio-system topology.istio.io/network=%s --overwrite; then restart istiod, the gateway and the workloads", cluster.Name, network)
}

func remedyGatewayNetwork(network string) string {
	return fmt.Sprintf("generate and install the gateway again: gen-eastwest-gateway.sh --network %s | istioctl install -y -f -", network)
}

func remedyRestart(namespace string) string {
	return "restart the pods so that they take the new values: kubectl rollout restart deployment -n " + namespace
}

func remedyGatewayPod(cluster string) string {
	return fmt.Sprintf("install the east-west gateway; if it is installed: kubectl --context %s -n istio-system describe deployment,pod -l istio=eastwestgateway", cluster)
}

func remedyNoAddress(cluster string) string {
	return fmt.Sprintf("give the cluster a load balancer controller, free its address pool or quota, or set spec.externalIPs; why it is pending: kubectl --context %s -n istio-system describe service istio-eastwestgateway", cluster)
}

func remedyExpose(cluster string) string {
	return fmt.Sprintf("kubectl --context %s apply -n istio-system -f asm/istio/expansion/expose-services.yaml", cluster)
}

func remedyRejected(cluster string) string {
	return fmt.Sprintf("the reason names the resource and what is wrong with it: look for an EnvoyFilter or Telemetry that makes it (kubectl --context %s get envoyfilters,telemetries -A), or for a proxy older than istiod, which a restart of its Deployment replaces", cluster)
}

func remedyIstioFilter(cluster string) string {
	return fmt.Sprintf("run Istio's own proxy image (proxyv2 of istiod's version), or let nothing ask for that filter: kubectl --context %s get telemetries,envoyfilters -A; metrics of the provider prometheus need istio.stats", cluster)
}

func remedyRemoteSecret(here, other Facts) string {
	return fmt.Sprintf("run create-mesh again with all clusters, or: istioctl create-remote-secret --context %s --name %s | kubectl --context %s apply -f -",
		other.Cluster.Name, other.Cluster.Name, here.Cluster.Name)
}

func remedyMisplaced(cluster string, secret RemoteSecret) string {
	if !secret.Labelled {
		return fmt.Sprintf("kubectl --context %s -n %s label secret %s istio/multiCluster=true", cluster, secret.Namespace, secret.Name)
	}
	return "make it again in istio-system and delete this one"
}

func remedyServer(id string) string {
	return fmt.Sprintf("make the secret for %s again with an address that pods of the other cluster reach: istioctl create-remote-secret --name %s --server https://ADDRESS:6443", id, id)
}

func remedySync(cluster, id string) string {
	return fmt.Sprintf("istiod of %s must reach and be let in by the API server of %s: check address, firewall, certificate and token of its remote secret; older versions need a restart of istiod afterwards", cluster, id)
}

func remedyTwice(cluster, id, first, second string) string {
	return fmt.Sprintf("see which of the two leads to the right server for %s, and delete the other: kubectl --context %s -n istio-system get secret %s %s -o yaml", id, cluster, first, second)
}

func remedyService(namespace string) string {
	return fmt.Sprintf("make the Service helloworld in namespace %s of this cluster too; it needs no Deployment there", namespace)
}

func remedyRoots(cluster string) string {
	return fmt.Sprintf("give %s an intermediate certificate under the common root (secret istio-system/cacerts), then restart istiod and all workloads and gateways", cluster)
}

func remedyInjection(namespace string) string {
	return fmt.Sprintf("label the namespace with the revision (istio.io/rev=REVISION, and remove istio-injection), then: kubectl rollout restart deployment -n %s", namespace)
}

func remedyProxy(pod Pod) string {
	return fmt.Sprintf("look for certificate and connection errors: kubectl -n %s logs %s -c istio-proxy; a proxy that gets no certificate never becomes ready", pod.Namespace, pod.Name)
}

func remedyPolicy(kind, namespace, name string) string {
	return fmt.Sprintf("keep mutual TLS on for calls between clusters: kubectl -n %s edit %s %s", namespace, kind, name)
}

func remedyFirewall(address string) string {
	return fmt.Sprintf("open TCP port 15443 from the caller's nodes to %s: firewall, security group, load balancer health check, and a ready gateway pod behind it", address)
}

func remedyName(name string) string {
	return fmt.Sprintf("a new load balancer's name takes 2 to 5 minutes to resolve; if it still does not, look at the load balancer in the cloud's console, and whether the clusters' DNS may ask for it: nslookup %s", name)
}

func remedyNameLate(name string) string {
	return fmt.Sprintf("wait: istiod asks again after 30 s to 1 h, whatever the answer's time to live; check that RESOLVE_HOSTNAME_GATEWAYS is not false and that istiod's own DNS resolves %s; restarting istiod makes it ask at once", name)
}

func remedyZone(addresses string) string {
	return fmt.Sprintf("mend the zone behind %s: its target or node must be healthy for the load balancer's check, its security group must let port 15443 in; or turn cross-zone load balancing on, so that every zone's address leads to every gateway pod", addresses)
}
