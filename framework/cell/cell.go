package cell

// Platform is where the clusters run.
type Platform string

// The platforms. The guide calls them "Google Distributed Cloud" (VMware and
// bare metal), "GKE on AWS", "GKE on Azure" and attached clusters (EKS, AKS);
// other is any that it does not list, such as k3s, OpenShift or GKE; kind and lab are
// ours.
const (
	GDCVMware    Platform = "gdc-vmware"
	GDCBareMetal Platform = "gdc-baremetal"
	AWS          Platform = "aws"
	Azure        Platform = "azure"
	EKS          Platform = "eks"
	AKS          Platform = "aks"
	Other        Platform = "other"
	Kind         Platform = "kind"
	Lab          Platform = "lab"
)

// CA is the certificate authority of the mesh.
type CA string

// The CAs: istiod itself, Mesh CA (Cloud Service Mesh certificate authority),
// Certificate Authority Service.
const (
	Istio  CA = "istio"
	MeshCA CA = "meshca"
	CAS    CA = "cas"
)

// Environment is where a run takes place.
type Environment string

// The environments.
const (
	OnLab   Environment = "lab"
	OnKind  Environment = "kind"
	OnFleet Environment = "fleet"
)

// The two values of pilotCertProvider: who signs istiod's own certificate.
const (
	CertByKubernetes = "kubernetes"
	CertByIstiod     = "istiod"
)

// Cell is one platform with one CA.
type Cell struct {
	Platform Platform `json:"platform"`
	CA       CA       `json:"ca"`
	// Title is what the platform is called in full.
	Title   string `json:"title"`
	Allowed bool   `json:"allowed"`
	// Reason says why the cell is allowed or refused, Source where that is from.
	Reason string `json:"reason"`
	Source string `json:"source"`
	// GuideCertProvider is the pilotCertProvider that the guide gives; empty in
	// a refused cell. What to use with a given version says CertProvider.
	GuideCertProvider string       `json:"guideCertProvider,omitempty"`
	Home              Environment  `json:"home"` // the environment where the cell is really tested
	LoadBalancer      LoadBalancer `json:"loadBalancer"`
	Deprecation       *Deprecation `json:"deprecation,omitempty"`
}

// AddressKind is what a load balancer puts into a Service's status.
type AddressKind string

// The kinds of addresses.
const (
	IP       AddressKind = "ip"
	Hostname AddressKind = "hostname"
)

// LoadBalancer is how a platform gives an east-west gateway its address.
type LoadBalancer struct {
	Address AddressKind `json:"address"`
	// Several is true when the host name has one address for each zone: each
	// must answer, since istiod spreads the calls over all of them.
	Several bool `json:"several"`
	// Late is true where the address comes some time after the Service; a host
	// name then also begins to resolve late, minutes after it is shown.
	Late bool `json:"late"`
	// Maker is what makes the address, Note what to look out for.
	Maker  string `json:"maker"`
	Note   string `json:"note,omitempty"`
	Source string `json:"source"`
}

// Deprecation says since when and until when a platform is supported.
type Deprecation struct {
	Since Version `json:"since"` // of Cloud Service Mesh
	// End is the day of the end, as 2006-01-02.
	End    string `json:"end"`
	Source string `json:"source"`
}

// Platforms lists the platforms in the order of the guide, then ours.
func Platforms() []Platform {
	return []Platform{GDCVMware, GDCBareMetal, AWS, Azure, EKS, AKS, Other, Kind, Lab}
}

// CAs lists the CAs.
func CAs() []CA { return []CA{Istio, MeshCA, CAS} }

// Rehearsable reports whether the cell can be rehearsed on the lab or on kind
// with the traits of its platform, and if not, why.
func (c Cell) Rehearsable() (ok bool, why string) {
	switch {
	case !c.Allowed:
		return false, c.Reason
	case c.Home != OnFleet:
		return false, "platform " + string(c.Platform) + " is tested itself, it need not be rehearsed"
	case c.Platform == Other:
		return false, "platform other stands for any that the guide does not list, and has no traits to imitate: test a fleet, or use platform lab"
	case c.CA != Istio:
		return false, "a rehearsal runs Istio's own images, and these have no client of " + caTitle(c.CA) +
			": read the steps with \"eastwest plan\", or test a fleet"
	}
	return true, ""
}
