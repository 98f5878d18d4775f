package diagnose

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/probe"
)

const gatewayName = "gw-1.cluster2.balancers.example"

// namedFleet is a sound fleet whose second gateway has a host name with an
// address for each of three zones.
func namedFleet() []Facts {
	all := healthyFleet()
	all[1].Gateway.Services[0].Addresses = []string{gatewayName}
	all[0].Sample.Lookups = []Lookup{{Name: gatewayName, Resolves: true}}
	known := []fleet.NetworkGateway{{Network: "network1", Addr: "172.30.101.1", Port: 15443}}
	hosts := all[0].Sample.Hosts[:1]
	for _, zone := range []string{"172.31.102.1", "172.31.102.2", "172.31.102.3"} {
		known = append(known, fleet.NetworkGateway{Network: "network2", Addr: zone, Port: 15443})
		hosts = append(hosts, probe.Host{Address: zone + ":15443", Counters: map[string]uint64{"rq_success": 4}})
	}
	all[0].Sample.Hosts = hosts
	all[0].Istiods[0].Gateways, all[0].Istiods[0].GatewaysKnown = known, true
	return all
}

func TestHostNames(t *testing.T) {
	died := func(f []Facts, zones ...int) {
		for _, zone := range zones {
			f[0].Sample.Hosts[zone].Counters = map[string]uint64{"cx_connect_fail": 3}
		}
	}
	tests := []struct {
		name        string
		broken      func(f []Facts)
		rung, cause string
		cluster     string
		says        string
	}{
		{"sound", func([]Facts) {}, "", "", "", ""},
		{"istiod is too old for networkz", func(f []Facts) { f[0].Istiods[0].Gateways, f[0].Istiods[0].GatewaysKnown = nil, false }, "", "", "", ""},
		{"its own istiod need not know it", func(f []Facts) { f[1].Istiods[0].GatewaysKnown = true }, "", "", "", ""},
		{"failures, but calls too", func(f []Facts) { f[0].Sample.Hosts[1].Counters["cx_connect_fail"] = 1 }, "", "", "", ""},
		{
			"does not resolve", func(f []Facts) { f[0].Sample.Lookups[0].Resolves = false },
			"gateway address", "F-21", "cluster2", gatewayName + ", the host name of Service istio-system/istio-eastwestgateway, does not resolve from a pod of cluster1",
		},
		{
			"resolved too late for istiod", func(f []Facts) { f[0].Istiods[0].Gateways = f[0].Istiods[0].Gateways[:1] },
			"gateway address", "F-21", "cluster2", "did not resolve when istiod of cluster1 asked last: it knows no gateway of network network2",
		},
		{
			// Without the remote secret istiod cannot know the Service: that is the cause.
			"not synced", func(f []Facts) {
				f[0].Istiods[0].Gateways, f[0].Istiods[0].Remotes, f[0].Secrets = nil, nil, nil
			},
			"discovery", "F-08", "cluster1", "no remote secret for cluster cluster2",
		},
		{
			"one zone is dead", func(f []Facts) { died(f, 2) },
			"gateway address", "F-21", "cluster2", "1 of the 3 addresses of the gateway cannot be connected to from cluster1 (172.31.102.2:15443)",
		},
		{
			"a zone died after it had served", func(f []Facts) {
				f[0].Sample.Before = []probe.Host{{Address: "172.31.102.3:15443", Counters: map[string]uint64{"rq_success": 4}}}
				f[0].Sample.Hosts[3].Counters["cx_connect_fail"] = 1
			},
			"gateway address", "F-21", "cluster2", "(172.31.102.3:15443)",
		},
		{"all are dead", func(f []Facts) { died(f, 1, 2, 3) }, "traffic", "F-20", "cluster1", "could not connect to the gateway of cluster2"},
		{"no endpoint of it", func(f []Facts) { f[0].Sample.Hosts = f[0].Sample.Hosts[:1] }, "traffic", "F-08", "cluster1", "no endpoint of HelloWorld at the gateway of cluster2 (172.31.102.1:15443,"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			fleet := namedFleet()
			test.broken(fleet)
			d := Judge(fleet)
			if test.rung == "" {
				if !d.Healthy() {
					t.Errorf("want no finding, got:\n%s", d.Text())
				}
				return
			}
			if len(d.Causes) != 1 {
				t.Fatalf("want one cause, got:\n%s", d.Text())
			}
			got := d.Causes[0]
			if got.Rung != test.rung || got.Cause != test.cause || got.Cluster != test.cluster || !strings.Contains(got.Found, test.says) || got.Remedy == "" {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestNamesOfOthers(t *testing.T) {
	fleet := namedFleet()
	if diff := cmp.Diff([]string{gatewayName}, namesOfOthers(fleet, 0)); diff != "" {
		t.Error(diff)
	}
	if got := namesOfOthers(fleet, 1); len(got) > 0 {
		t.Errorf("addresses need no lookup, got %v", got)
	}
}
