package istio

import (
	"cmp"
	"encoding/json"
	"net/netip"
	"slices"
	"strconv"
)

// statuses is the part of envoy.admin.v3.Clusters that is read.
type statuses struct {
	XDSClusters []struct {
		Name  string       `json:"name"`
		Hosts []hostStatus `json:"host_statuses"`
	} `json:"cluster_statuses"`
}

type hostStatus struct {
	Address struct {
		Socket struct {
			Address string `json:"address"`
			Port    uint32 `json:"port_value"`
		} `json:"socket_address"`
		Pipe struct {
			Path string `json:"path"`
		} `json:"pipe"`
		Internal struct {
			Name string `json:"server_listener_name"`
			ID   string `json:"endpoint_id"`
		} `json:"envoy_internal_address"`
	} `json:"address"`
	Stats []struct {
		Name  string      `json:"name"`
		Value json.Number `json:"value"`
	} `json:"stats"`
	Health map[string]any `json:"health_status"`
	Weight uint64         `json:"weight"`
}

// parseEndpoints reads the endpoints of one of a proxy's clusters from its admin endpoint
// clusters?format=json, ordered by address. Its counters are not subject to Istio's filter
// of statistics, so that they show what retries hide.
func parseEndpoints(document []byte, xdsCluster string) ([]Endpoint, error) {
	var parsed statuses
	if err := json.Unmarshal(document, &parsed); err != nil {
		return nil, malformed("want JSON of envoy.admin.v3.Clusters: " + err.Error())
	}
	var endpoints []Endpoint
	for _, one := range parsed.XDSClusters {
		if one.Name != xdsCluster {
			continue
		}
		for _, host := range one.Hosts {
			endpoints = append(endpoints, Endpoint{
				Address: host.address(), Healthy: healthy(host.Health), Weight: max(1, host.Weight), Total: host.counters(),
			})
		}
	}
	slices.SortFunc(endpoints, func(a, b Endpoint) int { return cmp.Compare(a.Address, b.Address) })
	return endpoints, nil
}

func (h hostStatus) address() string {
	switch {
	case h.Address.Pipe.Path != "":
		return h.Address.Pipe.Path
	case h.Address.Internal.Name != "":
		return h.Address.Internal.Name + "/" + h.Address.Internal.ID
	}
	socket := h.Address.Socket
	if ip, err := netip.ParseAddr(socket.Address); err == nil && socket.Port <= 65535 {
		return netip.AddrPortFrom(ip, uint16(socket.Port)).String()
	}
	return socket.Address + ":" + strconv.FormatUint(uint64(socket.Port), 10)
}

func (h hostStatus) counters() Counters {
	var all Counters
	into := map[string]*uint64{
		"cx_total": &all.Connections, "cx_connect_fail": &all.Failed, "rq_total": &all.Requests, "rq_success": &all.Succeeded,
		"rq_error": &all.Errors,
	}
	for _, stat := range h.Stats {
		value, err := strconv.ParseUint(stat.Value.String(), 10, 64)
		if counter := into[stat.Name]; counter != nil && err == nil {
			*counter = value
		}
	}
	return all
}

// healthy: a proxy chooses what has the eds_health_status UNKNOWN or HEALTHY, and every
// failed_* flag keeps a host from being chosen (envoy/admin/v3/clusters.proto,
// HostHealthStatus).
func healthy(status map[string]any) bool {
	for name, value := range status {
		if name == "eds_health_status" {
			if value != "HEALTHY" && value != "UNKNOWN" {
				return false
			}
			continue
		}
		if failed, ok := value.(bool); ok && failed && name != "pending_active_hc" {
			return false
		}
	}
	return true
}
