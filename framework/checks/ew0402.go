package checks

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0402() Check {
	return Check{
		ID: "EW0402", Severity: Error,
		Title:    "The settings of a cluster's network disagree",
		Question: "Do the label of the control plane's namespace, the injector and the fleet file name the same network?",
		Why:      "istiod puts endpoints on one network while proxies and gateways are on another: calls go to pods that are not reached, or into the wrong cluster.",
		Source:   "https://github.com/istio/istio/issues/46772",
		Explains: []string{"EW0403", "EW0404", "EW0405", "EW0407", "EW0413", "EW0512", "EW08"},
		Judge:    func(l *Look) { l.each(func(c *istio.Cluster) { networkDisagrees(l, c) }) },
	}
}

func networkDisagrees(l *Look, c *istio.Cluster) {
	label, ok := labelOf(l, c)
	wanted, known := meantNetwork(l, c)
	injectors, read := Need(l, c, c.Injectors)
	if !ok || !known || wanted == "" {
		return
	}
	finding := Finding{Cluster: c.Name, Pairs: l.around(c), Want: fmt.Sprintf("network %s in all settings of the cluster", wanted)}
	if unbroken(l, c) {
		finding.Severity = Warning
	}
	if label != "" && label != wanted {
		finding.Found = fmt.Sprintf("the label %s of namespace %s is %q; injector, gateways, proxies or the fleet file have %q", names.Network, names.System, label, wanted)
		finding.Fix = Fix{Text: "correct the label; istiod takes it at once:", Commands: []string{labelNetwork(c, wanted)}}
		l.Find(finding)
	}
	wrong := slices.DeleteFunc(injected(c, injectors), func(n string) bool { return n == wanted })
	if read && len(wrong) > 0 {
		finding.Found = fmt.Sprintf("the injector gives proxies the network %s; the cluster is on %q", wordsOf(wrong), wanted)
		finding.Fix = Fix{
			Text:     fmt.Sprintf("install the control plane again with values.global.network=%s (asmcli: --network_id %s) and all other settings as they are; then restart gateways and workloads", wanted, wanted),
			Commands: []string{kubectl(c, "get configmap --namespace="+names.System, quote(names.Suffixed(names.Injector, revisionWith(injectors, wrong[0]))), "--output="+quote("jsonpath={.data.values}"))},
		}
		l.Find(finding)
	}
	if c.Network != "" && c.Network != wanted && !clash(l, c) {
		finding.Severity = Warning // the cluster itself is of one mind
		finding.Found = fmt.Sprintf("the fleet file says network %q, everything in the cluster says %q", c.Network, wanted)
		finding.Want = "the network of the cluster in the fleet file"
		finding.Fix = Fix{Text: fmt.Sprintf("correct the fleet file to network: %s; or, where the cluster is to move to network %s, label the namespace, install the control plane and the gateway again for that network, and restart the workloads", wanted, c.Network)}
		l.Find(finding)
	}
}

// revisionWith is the revision whose injector gives proxies a network.
func revisionWith(injectors []istio.Injector, network string) string {
	i := slices.IndexFunc(injectors, func(i istio.Injector) bool { return i.Network == network })
	return injectors[i].Revision
}

// unbroken is true where calls from and to all other clusters are known to succeed.
func unbroken(l *Look, c *istio.Cluster) bool {
	all := true
	for i := range l.Clusters {
		if other := &l.Clusters[i]; other.Name != c.Name {
			all = all && l.answered(c, other) && l.answered(other, c)
		}
	}
	return all
}
