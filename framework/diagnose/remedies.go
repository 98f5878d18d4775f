package diagnose

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// What we advise, all in one place, so that it is reviewed together. Where a
// command helps, it can be pasted: it has the user's own kubeconfig and context.

// kubectl is a command for the cluster.
func (m Member) kubectl(arguments ...string) string {
	return kube.Command("kubectl", m.Kubeconfig, m.Context, arguments...)
}

// istioctl is a command for the cluster.
func (m Member) istioctl(arguments ...string) string {
	return kube.Command("istioctl", m.Kubeconfig, m.Context, arguments...)
}

const (
	remedySameCluster = "give each cluster its own kubeconfig and context; one context was probably entered twice"
	remedyClusterID   = "reinstall istiod with a cluster name of its own (values.global.multiCluster.clusterName)"

	remedyGatewayInjection = "the gateway's pod is filled in by the injection webhook: install istiod of the same revision first, then restart the Deployment istio-eastwestgateway"
	remedyGatewayPort      = "generate the gateway again (gen-eastwest-gateway.sh) and install it: its Service has the ports 15021, 15443, 15012 and 15017"

	remedyStall       = "a call that takes 10 s and then succeeds was retried after a connection that nobody answered: open TCP port 15443 of every gateway address to the other clusters' nodes, and check that endpoints are gateways, not pods of another network"
	remedyFailedCalls = "look at the access log of the caller's istio-proxy: response flag UF means that the connection or TLS failed, UH that no endpoint was left, NR that no route matched"
	remedyNoEndpoint  = "istiod knows no way to that cluster's endpoints: check /debug/clusterz (synced?), /debug/networkz (is the gateway listed for that network?), and that PeerAuthentication and DestinationRule leave mTLS on"
)

func remedyAPI(cluster Member) string {
	return fmt.Sprintf("check that the API server of %s is up and reachable from here and that the kubeconfig's credentials are valid: %s",
		cluster.Name, cluster.kubectl("get --raw /readyz"))
}

func remedyKubelet(cluster Member) string {
	return "look whether the pod's node is Ready and whether its kubelet runs: " + cluster.kubectl("get nodes")
}

func remedyIstiod(cluster Member) string {
	return "install or repair the control plane: " + cluster.kubectl("describe deployments,pods --namespace=istio-system --selector=app=istiod")
}

func remedyNetworkLabel(cluster Member) string {
	network := cluster.Network
	if network == "" {
		network = "NETWORK"
	}
	return cluster.kubectl("label namespace istio-system", kube.Quote("topology.istio.io/network="+network), "--overwrite") + "; then restart istiod, the gateway and the workloads"
}

func remedyGatewayNetwork(cluster Member, network string) string {
	return fmt.Sprintf("generate and install the gateway again: gen-eastwest-gateway.sh --network %s | %s", kube.Quote(network), cluster.istioctl("install -y -f -"))
}

func remedyRestart(cluster Member, namespace string) string {
	return "restart the pods so that they take the new values: " + cluster.kubectl("rollout restart deployments --namespace="+kube.Quote(namespace))
}

func remedyGatewayPod(cluster Member) string {
	return "install the east-west gateway; if it is installed: " + cluster.kubectl("describe deployments,pods --namespace=istio-system --selector="+gatewaySelector)
}

func remedyNoAddress(cluster Member, service string) string {
	return "give the cluster a load balancer controller, free its address pool or quota, or set spec.externalIPs; why it is pending: " +
		cluster.kubectl("describe service --namespace=istio-system", kube.Quote(service))
}

func remedyExpose(cluster Member) string {
	return "in the folder that asmcli install left: " + cluster.kubectl("apply --namespace=istio-system --filename=asm/istio/expansion/expose-services.yaml")
}

func remedyRejected(cluster Member) string {
	return fmt.Sprintf("the reason names the resource and what is wrong with it: look for an EnvoyFilter or Telemetry that makes it, or for a proxy older than istiod, which a restart of its Deployment replaces: %s",
		cluster.kubectl("get envoyfilters,telemetries --all-namespaces"))
}

func remedyIstioFilter(cluster Member) string {
	return fmt.Sprintf("run Istio's own proxy image (proxyv2 of istiod's version), or let nothing ask for that filter (metrics of the provider prometheus need istio.stats): %s",
		cluster.kubectl("get telemetries,envoyfilters --all-namespaces"))
}

func remedyRemoteSecret(here, other Member) string {
	return fmt.Sprintf("run create-mesh again with all clusters, or: %s | %s",
		other.istioctl("create-remote-secret --name="+kube.Quote(other.Name)), here.kubectl("apply --filename=-"))
}

func remedyMisplaced(cluster Member, secret RemoteSecret) string {
	if !secret.Labelled {
		return cluster.kubectl("label secret --namespace="+kube.Quote(secret.Namespace), kube.Quote(secret.Name), "istio/multiCluster=true")
	}
	return "make it again in istio-system and delete this one"
}

func remedyServer(id string) string {
	return fmt.Sprintf("make the secret for %s again with an address that pods of the other cluster reach: istioctl create-remote-secret --name %s --server https://ADDRESS:6443", id, id)
}

func remedySync(cluster, id string) string {
	return fmt.Sprintf("istiod of %s must reach and be let in by the API server of %s: check address, firewall, certificate and token of its remote secret; older versions need a restart of istiod afterwards", cluster, id)
}

func remedyTwice(cluster Member, id, first, second string) string {
	return fmt.Sprintf("see which of the two leads to the right server for %s, and delete the other: %s",
		id, cluster.kubectl("describe secrets --namespace=istio-system", kube.Quote(first), kube.Quote(second)))
}

func remedyMissingVersion(cluster Member, namespace string) string {
	return "look at the endpoints of the caller: " + cluster.istioctl("proxy-config endpoints deploy/sleep --namespace="+kube.Quote(namespace),
		"--cluster", kube.Quote("outbound|5000||helloworld."+namespace+".svc.cluster.local"))
}

func remedyService(namespace string) string {
	return fmt.Sprintf("make the Service helloworld in namespace %s of this cluster too; it needs no Deployment there", namespace)
}

func remedyRoots(cluster string) string {
	return fmt.Sprintf("give %s an intermediate certificate under the common root (secret istio-system/cacerts), then restart istiod and all workloads and gateways", cluster)
}

func remedyInjection(cluster Member, namespace string) string {
	return "label the namespace with the revision (istio.io/rev=REVISION, and remove istio-injection), then: " +
		cluster.kubectl("rollout restart deployments --namespace="+kube.Quote(namespace))
}

func remedyProxy(cluster Member, pod Pod) string {
	return fmt.Sprintf("look for certificate and connection errors: %s; a proxy that gets no certificate never becomes ready",
		cluster.kubectl("logs --namespace="+kube.Quote(pod.Namespace), kube.Quote(pod.Name), "--container=istio-proxy"))
}

func remedyPod(cluster Member, pod Pod) string {
	return "look at: " + cluster.kubectl("describe pod --namespace="+kube.Quote(pod.Namespace), kube.Quote(pod.Name))
}

func remedyPolicy(cluster Member, kind, namespace, name string) string {
	return "keep mutual TLS on for calls between clusters: " + cluster.kubectl("edit", kind, "--namespace="+kube.Quote(namespace), kube.Quote(name))
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
