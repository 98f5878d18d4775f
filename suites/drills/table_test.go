package drills

// Why a printed fix, pasted, does not mend a fault.
const (
	outside   = "what is broken is not in Kubernetes"
	reinstall = "the control plane is to be installed again with values that are not known"
	decision  = "which of two things is right somebody has to decide"
	look      = "it shows where to look: what makes it so is not in what is read"
)

// table has one drill for each fault that the lab can put in.
func table() []drill {
	return []drill{
		{fault: "remote-secret", basic: true, cluster: "cluster1", says: `from cluster "cluster1": version "v2" never answered`},
		{fault: "exposure", basic: true, cluster: "cluster2", says: `from cluster "cluster1": version "v2" never answered`},
		{fault: "root", basic: true, cluster: "cluster2", says: `from cluster "cluster1": version "v2" never answered`, unmended: reinstall},
		{fault: "address", basic: true, cluster: "cluster2", says: `from cluster "cluster1": version "v2" never answered`, unmended: outside},
		// What the proxies had before they keep: calls still cross.
		{fault: "telemetry", basic: true, cluster: "cluster2", keepCallers: true, unmended: look},
		{fault: "network-label", basic: true, cluster: "cluster1", works: true},
		{fault: "istiod", basic: true, cluster: "cluster2", keepCallers: true},
		{fault: "kubelet", basic: true, cluster: "cluster2", keepCallers: true, unmended: outside},
		{fault: "apiserver", basic: true, cluster: "cluster2", keepCallers: true, unmended: outside},
		{fault: "apiserver-hangs", basic: true, cluster: "cluster2", keepCallers: true, unmended: outside},
		// From here too a cluster without its link cannot be reached.
		{fault: "link", basic: true, cluster: "cluster2", keepCallers: true, unmended: outside},

		// Install.
		{fault: "cluster-id", cluster: "cluster2", keepCallers: true, unmended: reinstall},
		{fault: "istiod-second", cluster: "cluster2", works: true, keepCallers: true, unmended: look},
		{fault: "mesh-id", cluster: "cluster2", works: true, keepCallers: true, unmended: reinstall},

		// Injection: the pods are those that the fault made.
		{fault: "webhook", cluster: "cluster1", keepCallers: true, unmended: reinstall},
		{fault: "injection-off", cluster: "cluster1", keepCallers: true},
		{fault: "injection-late", cluster: "cluster1", keepCallers: true},
		{fault: "gateway-injection", cluster: "cluster2"},
		{fault: "proxy-image", cluster: "cluster1", keepCallers: true},
		{fault: "pod-security", cluster: "cluster1", keepCallers: true},
		{fault: "quota", cluster: "cluster1", keepCallers: true},
		{fault: "injector-refuses", cluster: "cluster1", keepCallers: true, unmended: look},
		{fault: "no-node", cluster: "cluster1", keepCallers: true},
		{fault: "proxy-lost", cluster: "cluster1", keepCallers: true},
		{fault: "webhook-left", cluster: "cluster1", keepCallers: true},
		{fault: "webhooks-two", cluster: "cluster1", works: true, keepCallers: true, unmended: decision},
		{fault: "crash", cluster: "cluster1", keepCallers: true},

		// Networks and gateways.
		{fault: "network-none", cluster: "cluster2"},
		{fault: "network-injected", cluster: "cluster2", unmended: reinstall},
		{fault: "network-pod", cluster: "cluster2"},
		{fault: "network-shared", cluster: "cluster2", unmended: reinstall},
		{fault: "gateway-unseen", cluster: "cluster1"},
		{fault: "gateway-label", cluster: "cluster2"},
		{fault: "gateway-view", cluster: "cluster2"},
		{fault: "gateway-service", cluster: "cluster2"},
		{fault: "gateway-scaled", cluster: "cluster2"},
		{fault: "gateway-selector", cluster: "cluster2"},
		{fault: "gateway-node-port", cluster: "cluster2", unmended: decision},
		{fault: "gateway-cluster-ip", cluster: "cluster2"},
		{fault: "gateway-port", cluster: "cluster2"},
		{fault: "gateway-external-ip", cluster: "cluster2", works: true},
		{fault: "exposure-hosts", cluster: "cluster2"},
		{fault: "exposure-mode", cluster: "cluster2"},
		{fault: "exposure-selector", cluster: "cluster2"},

		// Discovery.
		{fault: "secret-label", cluster: "cluster1"},
		{fault: "secret-namespace", cluster: "cluster1"},
		{fault: "secret-loopback", cluster: "cluster1"},
		{fault: "secret-twice", cluster: "cluster1", works: true, unmended: decision},
		{fault: "secret-broken", cluster: "cluster1"},
		{fault: "secret-program", cluster: "cluster1"},
		{fault: "secret-astray", cluster: "cluster1"},
		{fault: "secret-token", cluster: "cluster1"},
		{fault: "secret-ca", cluster: "cluster1"},
		{fault: "secret-server", cluster: "cluster1"},
		{fault: "service-missing", cluster: "cluster1"},
		{fault: "service-port-name", cluster: "cluster2"},
		{fault: "service-port", cluster: "cluster2"},
		{fault: "service-selector", cluster: "cluster2"},

		// Trust.
		{fault: "root-waiting", cluster: "cluster2", works: true, unmended: decision},
		{fault: "trust-domain", cluster: "cluster2", both: true, unmended: reinstall},

		// Policy and routing.
		{fault: "mtls-disabled", cluster: "cluster2"},
		{fault: "tls-disabled", cluster: "cluster1"},
		{fault: "tls-simple", cluster: "cluster1"},
		{fault: "tls-port", cluster: "cluster1"},
		{fault: "deny-all", cluster: "cluster2"},
		{fault: "deny-domain", cluster: "cluster2"},
		{fault: "deny-sleep", cluster: "cluster2", unmended: decision},
		{fault: "sidecar", cluster: "cluster1"},
		{fault: "export", cluster: "cluster2"},
		{fault: "bypass-out", cluster: "cluster1"},
		{fault: "bypass-in", cluster: "cluster2"},
		{fault: "selectors", cluster: "cluster2"},
		{fault: "subsets", cluster: "cluster1", blames: "cluster2"},
		{fault: "subset-missing", cluster: "cluster1", unmended: decision},

		// Traffic.
		{fault: "version-wrong", cluster: "cluster2", blames: "cluster1", unmended: look},
		{fault: "abort", cluster: "cluster1"},
		{fault: "delay", cluster: "cluster1", works: true},
		{fault: "firewall", cluster: "cluster2", unmended: outside},
		{fault: "dns", cluster: "cluster1", keepCallers: true, unmended: outside},
		// HTTP is routed by its Host header: calls still cross. No new proxy would find istiod.
		{fault: "dns-wrong", cluster: "cluster1", works: true, keepCallers: true, unmended: outside},
		{fault: "deny-custom", cluster: "cluster2", unmended: decision},
		{fault: "same-user", cluster: "cluster1"},

		// With host names, which come last.
		{fault: "zone", basic: true, cluster: "cluster2", says: `from cluster "cluster1": `, hostNames: true, unmended: outside},
		// istiod keeps what it knows for half a minute, so that calls still cross.
		{fault: "name", basic: true, cluster: "cluster2", hostNames: true, unmended: outside},
	}
}
