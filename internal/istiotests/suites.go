package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// suite is one run of one of Istio's test packages.
type suite struct {
	// name is the package's folder below tests/integration. With "+single" after it the
	// tests see only the first cluster: Istio leaves out many where there are several.
	name string
	// run is what -test.run gets; empty runs every test.
	run string
	// skip is what --istio.test.skip gets: tests that are left out and told as skipped.
	skip string
	// timeout is Go's for the whole run: at least four times what it took on two cores.
	timeout time.Duration
	// tests is how many tests without subtests there are; 0 where it is not pinned.
	tests int
	// flags are beside those that every suite gets.
	flags []string
}

// pkg is the folder below tests/integration.
func (s suite) pkg() string {
	pkg, _, _ := strings.Cut(s.name, "+")
	return pkg
}

// single is whether the tests see one cluster only.
func (s suite) single() bool { return strings.HasSuffix(s.name, "+single") }

// file is the name in names of files.
func (s suite) file() string { return strings.NewReplacer("/", "-", "+", "-").Replace(s.name) }

// tunneling would wait forever: its forward proxy is an Envoy 1.21 with a bootstrap that
// no Envoy since has taken.
const tunneling = "TestTunnelingOutboundTraffic"

// quick is what every change can be tried with, where each cluster has a control plane.
func quick() []suite {
	return append(quickOf(365, 9), suite{name: "pilot/mcs/autoexport", tests: 6, timeout: 10 * time.Minute})
}

// quickCI is that as Istio's own CI has its clusters. Istio leaves out pilot/mcs/autoexport
// where a cluster has no control plane.
func quickCI() []suite { return quickOf(475, 13) }

// quickOf are the suites that both have, with the number of their tests.
func quickOf(pilot, discoverability int) []suite {
	return []suite{
		{
			name: "pilot", tests: pilot, timeout: 25 * time.Minute,
			run: "TestClusterLocal|TestBadRemoteSecret|TestWorkloadEntryGateway|TestTraffic/(autopassthrough|services|gateway|dns|host)$",
		},
		{name: "pilot/mcs/discoverability", tests: discoverability, timeout: 10 * time.Minute},
	}
}

// nightly is all that is known to run on this topology. Suites that bring the Gateway
// API's definitions come after pilot: where they are there already, its
// TestMultiClusterWithSecrets waits for good, since its reader may not list GRPCRoutes.
func nightly() []suite {
	return slices.Concat(
		short("pilot/analysis", "pilot/filebasedkubeconfig"),
		[]suite{
			{name: "pilot", timeout: 60 * time.Minute, skip: tunneling},
			{name: "pilot+single", timeout: 20 * time.Minute, run: singleCluster, flags: []string{"--istio.test.skipUserNs=false"}},
			{name: "security", timeout: 90 * time.Minute},
			{name: "security/ca_custom_root", timeout: 20 * time.Minute},
		},
		short(
			"pilot/gie",
			"pilot/mcs/autoexport",
			"pilot/mcs/discoverability",
			"pilot/multiplecontrolplanes+single",
			"pilot/resourcefilter",
			"pilot/revisions+single",
			"security/cacert_rotation",
			"security/crl",
			"security/ecc_signature_algorithm",
			"security/external_ca",
			"security/external_sds_provider",
			"security/file_mounted_certs+single",
			"security/filebased_tls_origination",
			"security/https_jwt",
			"security/policy_attachment_only",
			"security/pqc",
			"security/remote_jwks",
			"security/sds_ingress/quic+single",
		),
	)
}

// short are suites of which each is over in two minutes.
func short(names ...string) []suite {
	var list []suite
	for _, name := range names {
		list = append(list, suite{name: name, timeout: 10 * time.Minute})
	}
	return list
}

// singleCluster are the tests of pilot that want one cluster.
const singleCluster = "^(TestUserNamespace|" +
	"TestEmptyCluster|TestFileOnly|TestDirectory|TestInvalidFileError|TestJsonInputFile|TestJsonOutput|TestKubeOnly|" +
	"TestFileAndKubeCombined|TestAllNamespaces|TestTimeout|TestErrorLine|" +
	"TestVersion|TestXdsVersion|TestDescribe|TestProxyConfig|TestProxyStatus|TestAuthZCheck|TestKubeInject|" +
	"TestGatewayReadinessProbes|TestGatewayMetricsEndpoints|TestLocality|TestTproxy|TestWebhook|TestZoneAwareLoadBalancer)$"

// remote is what a cluster without a control plane of its own can show.
func remote() []suite {
	return []suite{{
		name: "pilot", tests: 259, timeout: 25 * time.Minute,
		run: "TestClusterLocal|TestBadRemoteSecret|TestRemoteClusters|TestWorkloadEntryGateway|TestTraffic/(autopassthrough|services|selfcall|externalname|destinationrule)$",
	}}
}

// listFor gives the list of a topology.
func listFor(topology string, all bool) ([]suite, error) {
	if all && topology != multiPrimary {
		return nil, fmt.Errorf("--all: want --topology %s with it; %s has one list", multiPrimary, topology)
	}
	switch {
	case all:
		return nightly(), nil
	case topology == primaryRemote:
		return remote(), nil
	case topology == istioCI:
		return quickCI(), nil
	}
	return quick(), nil
}

// suitesFor gives the list of a topology, or some of its suites.
func suitesFor(topology string, all bool, only []string) ([]suite, error) {
	list, err := listFor(topology, all)
	if err != nil {
		return nil, err
	}
	if len(only) == 0 {
		return list, nil
	}
	var chosen []suite
	for _, name := range only {
		i := slices.IndexFunc(list, func(s suite) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("--only: the list has no suite %q; it has %s", name, suiteNames(list))
		}
		chosen = append(chosen, list[i])
	}
	return chosen, nil
}

func suiteNames(list []suite) string {
	names := make([]string, 0, len(list))
	for _, s := range list {
		names = append(names, s.name)
	}
	return strings.Join(names, ", ")
}
