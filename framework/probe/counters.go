package probe

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
)

// Host is one upstream host of one xdsCluster as a proxy counts it: the answer
// of its admin endpoint `clusters?format=json`. The counters are not subject to
// Istio's stats filter, so they show what retries hide.
type Host struct {
	// XDSCluster is Envoy's cluster, such as outbound|5000||helloworld.sample.svc.cluster.local.
	XDSCluster string
	// Address is host:port, or the pipe's or internal listener's text form.
	Address string
	// Healthy is false when the proxy would not choose this host.
	Healthy bool
	// Weight is its share of the calls, beside those of the other hosts; 1 where the
	// proxy tells none.
	Weight uint64
	// Counters holds cx_total, cx_connect_fail, rq_total, rq_success, rq_error, ...
	Counters map[string]uint64
}

// statuses is the part of envoy.admin.v3.Clusters that we read.
type statuses struct {
	XDSClusters []struct {
		Name  string `json:"name"`
		Hosts []struct {
			Address address `json:"address"`
			Stats   []struct {
				Name  string      `json:"name"`
				Value json.Number `json:"value"`
			} `json:"stats"`
			Health map[string]any `json:"health_status"`
			Weight uint64         `json:"weight"`
		} `json:"host_statuses"`
	} `json:"cluster_statuses"`
}

type address struct {
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
}

func (a address) String() string {
	switch {
	case a.Pipe.Path != "":
		return a.Pipe.Path
	case a.Internal.Name != "":
		return a.Internal.Name + "/" + a.Internal.ID
	}
	if ip, err := netip.ParseAddr(a.Socket.Address); err == nil && a.Socket.Port <= 65535 {
		return netip.AddrPortFrom(ip, uint16(a.Socket.Port)).String()
	}
	return a.Socket.Address + ":" + strconv.FormatUint(uint64(a.Socket.Port), 10)
}

// parseHosts reads the answer of `clusters?format=json`.
func parseHosts(document []byte) ([]Host, error) {
	var parsed statuses
	if err := json.Unmarshal(document, &parsed); err != nil {
		return nil, fmt.Errorf("read the proxy's clusters: want JSON of envoy.admin.v3.Clusters: %w", err)
	}
	var hosts []Host
	for _, xdsCluster := range parsed.XDSClusters {
		for _, status := range xdsCluster.Hosts {
			host := Host{
				XDSCluster: xdsCluster.Name,
				Address:    status.Address.String(),
				Healthy:    healthy(status.Health),
				Weight:     max(1, status.Weight),
				Counters:   make(map[string]uint64, len(status.Stats)),
			}
			for _, stat := range status.Stats {
				if value, err := strconv.ParseUint(stat.Value.String(), 10, 64); err == nil {
					host.Counters[stat.Name] = value
				}
			}
			hosts = append(hosts, host)
		}
	}
	return hosts, nil
}

// healthy: eds_health_status UNKNOWN and HEALTHY are chosen by a proxy, and
// every failed_* flag keeps a host from being chosen
// (envoy/admin/v3/clusters.proto, HostHealthStatus).
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

// HostsOf returns the hosts of one xdsCluster, ordered by address.
func HostsOf(hosts []Host, xdsCluster string) []Host {
	var found []Host
	for _, host := range hosts {
		if host.XDSCluster == xdsCluster {
			found = append(found, host)
		}
	}
	slices.SortFunc(found, func(a, b Host) int {
		if a.Address < b.Address {
			return -1
		}
		return 1
	})
	return found
}

// Growth is by how much a counter of one xdsCluster grew between two readings,
// summed over its hosts. A host that is new counts from zero. A counter that
// shrank (the proxy restarted in between) makes ok false: nothing can be told.
func Growth(before, after []Host, xdsCluster, counter string) (growth uint64, ok bool) {
	earlier := make(map[string]uint64)
	for _, host := range HostsOf(before, xdsCluster) {
		earlier[host.Address] += host.Counters[counter]
	}
	for _, host := range HostsOf(after, xdsCluster) {
		was := earlier[host.Address]
		if host.Counters[counter] < was {
			return 0, false
		}
		growth += host.Counters[counter] - was
	}
	return growth, true
}
