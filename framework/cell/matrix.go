package cell

import "github.com/eastwest-mesh/eastwest/framework/istio/names"

// row is one platform: its traits, and what it has for each CA.
type row struct {
	platform     Platform
	title        string
	home         Environment
	group        group
	loadBalancer LoadBalancer
	deprecation  *Deprecation
	cells        [3]entry // in the order of CAs: istio, meshca, cas
}

// entry is what one cell adds to its row. It is allowed when it has a certProvider.
type entry struct {
	certProvider string
	reason       string
	source       string
}

// group is how asmcli treats a platform.
type group int

const (
	onPremises group = iota
	multicloud
	attached
	unlisted
	ours
)

// The reasons that several cells share.
const (
	byGuide = "the guide has a tab for it"

	noCAS = "CA Service is supported only on GKE and Google Distributed Cloud: elsewhere the installation " +
		"appears to succeed, but the workloads fail to start"
	noGoogleCA = "the clients of Google's CAs are only in Google's images (Istio removed them in 1.23), " +
		"and they need a fleet whose issuer Google can reach"
	onlyIstiod = "istiod signs; Istio's own images have no other CA"

	sourceNoCAS      = "INSTALL, note on --ca gcp_cas"
	sourceNoGoogleCA = "ISTIO pkg/istio-agent/plugins.go:69, istio/istio#50989"
)

// rows is the matrix. A cell is changed here and nowhere else.
func rows() []row {
	return []row{
		{
			platform: GDCVMware, title: "Google Distributed Cloud on VMware", home: OnFleet, group: onPremises,
			loadBalancer: LoadBalancer{
				Address: IP, Maker: "MetalLB or Seesaw (bundled), F5, or by hand",
				Note:   "with a manual load balancer the Service needs a node port and externalIPs",
				Source: "INSTALL",
			},
			cells: onPremisesCells(),
		},
		{
			platform: GDCBareMetal, title: "Google Distributed Cloud on bare metal", home: OnFleet, group: onPremises,
			loadBalancer: LoadBalancer{
				Address: IP, Maker: "MetalLB (bundled), or by hand",
				Note:   "may need spec.loadBalancerIP on " + names.Gateway,
				Source: "INSTALL",
			},
			cells: onPremisesCells(),
		},
		{
			platform: AWS, title: "GKE on AWS", home: OnFleet, group: multicloud,
			loadBalancer: amazon(), deprecation: leavingGoogle(), cells: cloudCells(),
		},
		{
			platform: Azure, title: "GKE on Azure", home: OnFleet, group: multicloud,
			loadBalancer: microsoft(), deprecation: leavingGoogle(), cells: cloudCells(),
		},
		{
			platform: EKS, title: "Amazon EKS, attached", home: OnFleet, group: attached,
			loadBalancer: amazon(), deprecation: leavingGoogle(), cells: cloudCells(),
		},
		{
			platform: AKS, title: "Microsoft AKS, attached", home: OnFleet, group: attached,
			loadBalancer: microsoft(), deprecation: leavingGoogle(), cells: cloudCells(),
		},
		{
			platform: Other, title: "clusters that the guide does not list", home: OnFleet, group: unlisted,
			loadBalancer: LoadBalancer{
				Address: IP, Maker: "whatever the clusters have",
				Note: "an IP address or a host name: what a gateway has is found out", Source: "Kubernetes, status of a Service",
			},
			cells: otherCells(),
		},
		{
			platform: Kind, title: "kind clusters on this machine", home: OnKind, group: ours,
			loadBalancer: LoadBalancer{
				Address: IP, Maker: "eastwest's load balancer controller, on the containers' network",
				Note: "kind itself gives no address", Source: "ISTIO samples/kind-lb/setupkind.sh",
			},
			cells: ourCells(),
		},
		{
			platform: Lab, title: "the embedded lab", home: OnLab, group: ours,
			loadBalancer: LoadBalancer{
				Address: IP, Maker: "eastwest's load balancer controller, on the lab's bridge",
				Source: "k8s.io/cloud-provider, service controller",
			},
			cells: ourCells(),
		},
	}
}

// onPremisesCells: the guide passes pilotCertProvider=kubernetes for Google's CAs.
func onPremisesCells() [3]entry {
	const tab = "GUIDE, tabs of Google Distributed Cloud"
	return [3]entry{
		{certProvider: CertByIstiod, reason: byGuide, source: tab},
		{certProvider: CertByKubernetes, reason: byGuide, source: tab},
		{certProvider: CertByKubernetes, reason: byGuide + ", the same as for Mesh CA", source: tab},
	}
}

func cloudCells() [3]entry {
	const tab = "GUIDE, tabs of GKE on AWS and Azure, EKS, AKS"
	return [3]entry{
		{certProvider: CertByIstiod, reason: byGuide, source: tab},
		{certProvider: CertByIstiod, reason: byGuide, source: tab},
		{reason: noCAS, source: sourceNoCAS},
	}
}

// otherCells: Istio's own images and CA run anywhere, Google's have their platforms.
func otherCells() [3]entry {
	return [3]entry{
		{certProvider: CertByIstiod, reason: "the guide does not list the platform; Istio's own CA runs on any Kubernetes", source: "ISTIO, the default of pilotCertProvider"},
		{reason: noGoogleCA, source: sourceNoGoogleCA},
		{reason: noGoogleCA, source: sourceNoGoogleCA},
	}
}

func ourCells() [3]entry {
	return [3]entry{
		{certProvider: CertByIstiod, reason: onlyIstiod, source: sourceNoGoogleCA},
		{reason: noGoogleCA, source: sourceNoGoogleCA},
		{reason: noGoogleCA, source: sourceNoGoogleCA},
	}
}

func amazon() LoadBalancer {
	return LoadBalancer{
		Address: Hostname, Several: true, Late: true, Maker: "Elastic Load Balancing",
		Note: "a new name takes 2 to 5 minutes to resolve, and istiod must resolve it too; " +
			"a network load balancer drops connections that are idle for 350 s",
		Source: "ISTIO pilot/pkg/features/pilot.go:226, pilot/pkg/model/network.go:360; istio/istio#29359, #36275, #44177",
	}
}

func microsoft() LoadBalancer {
	return LoadBalancer{
		Address: IP, Late: true, Maker: "Azure Load Balancer",
		Note:   "the health probe may need its protocol set to tcp by an annotation",
		Source: "FEATURES, note on port_80_health-probe_protocol",
	}
}

// leavingGoogle holds for the platform, whatever the CA.
func leavingGoogle() *Deprecation {
	return &Deprecation{Since: Version{1, 25}, End: "2027-03-17", Source: "INSTALL, platforms marked deprecated; NOTES"}
}
