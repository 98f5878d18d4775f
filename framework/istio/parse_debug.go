package istio

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// parseClusterz reads istiod's /debug/clusterz. Newer istiods list their own cluster first,
// without a Secret; it is left out (pkg/kube/multicluster/secretcontroller.go).
func parseClusterz(document []byte) ([]Remote, error) {
	var entries []struct {
		ID     string `json:"id"`
		Secret string `json:"secretName"`
		Status string `json:"syncStatus"`
	}
	if err := json.Unmarshal(document, &entries); err != nil {
		return nil, malformed("want a JSON list of clusters: " + err.Error())
	}
	var remotes []Remote
	for _, entry := range entries {
		if entry.Secret != "" {
			remotes = append(remotes, Remote(entry))
		}
	}
	slices.SortFunc(remotes, func(a, b Remote) int {
		return strings.Compare(a.ID+" "+a.Secret, b.ID+" "+b.Secret)
	})
	return remotes, nil
}

// parseNetworkz reads istiod's /debug/networkz, whose fields have no JSON names of their
// own (pilot/pkg/model/network.go). One without a port is for HBONE only, which sidecars do
// not use.
func parseNetworkz(document []byte) ([]NetworkGateway, error) {
	var entries []struct {
		Network string
		Cluster string
		Addr    string
		Port    uint32
	}
	if err := json.Unmarshal(document, &entries); err != nil {
		return nil, malformed("want a JSON list of gateways: " + err.Error())
	}
	var gateways []NetworkGateway
	for _, entry := range entries {
		if entry.Port != 0 {
			gateways = append(gateways, NetworkGateway{Network: entry.Network, Cluster: entry.Cluster, Address: entry.Addr, Port: entry.Port})
		}
	}
	return gateways, nil
}

// syncStatus is what an istiod says of the proxies that are connected to it.
type syncStatus struct {
	rejections []Rejection
	// asked are the proxies (namespace/name) of which it would tell a refusal.
	asked []string
}

// parseSyncz reads istiod's /debug/syncz. At least since 1.28 it keeps the last error of
// each kind of resource until the proxy takes an update (pilot/pkg/xds/debug.go,
// ResourceStatus). Older ones keep none, and the proxies' logs must do.
func parseSyncz(document []byte) (syncStatus, error) {
	var proxies []struct {
		ID        string `json:"proxy"`
		Version   string `json:"istio_version"`
		Resources map[string]struct {
			Error string `json:"lastError"`
		} `json:"resources"`
	}
	if err := json.Unmarshal(document, &proxies); err != nil {
		return syncStatus{}, malformed("want a JSON list of proxies: " + err.Error())
	}
	var status syncStatus
	for _, proxy := range proxies {
		// The ID is POD.NAMESPACE, and a namespace has no dot.
		dot := strings.LastIndex(proxy.ID, ".")
		if dot < 0 || len(proxy.Resources) == 0 {
			continue
		}
		name := proxy.ID[dot+1:] + "/" + proxy.ID[:dot]
		status.asked = append(status.asked, name)
		for _, typeURL := range slices.Sorted(maps.Keys(proxy.Resources)) {
			for _, rejected := range parseRejected(proxy.Resources[typeURL].Error) {
				rejected.Proxy, rejected.Kind, rejected.Agent = name, kindOf(typeURL), proxy.Version
				status.rejections = append(status.rejections, rejected)
			}
		}
	}
	return status, nil
}
