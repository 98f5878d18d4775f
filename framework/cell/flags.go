package cell

// unified is the release that dropped pilotCertProvider=kubernetes (ISTIO
// pilot/pkg/bootstrap/server.go:1016, istio/istio#52116) and in which istioctl
// began to put "spec." before every --set (ISTIO operator/pkg/values/map.go:181),
// so that the guide's "spec.values" fails with: unknown field "spec".
func unified() Version { return Version{1, 24} }

// CertProvider is the pilotCertProvider for a control plane of that version:
// from 1.24 on only istiod; before it what the guide says. Google's own 1.22
// and 1.23 may already differ from the guide, so compare with the env
// PILOT_CERT_PROVIDER of istiod and report a difference.
func (c Cell) CertProvider(mesh Version) string {
	if mesh.AtLeast(unified()) {
		return CertByIstiod
	}
	return c.GuideCertProvider
}

// Tools are the versions that decide about flags.
type Tools struct {
	Mesh     Version // of the control plane
	Istioctl Version
}

// GatewayFlags are the flags of "istioctl install" for the east-west gateway.
func (c Cell) GatewayFlags(t Tools) []string {
	return []string{"--set", ValuesPath(t.Istioctl) + ".global.pilotCertProvider=" + c.CertProvider(t.Mesh)}
}

// ValuesPath is how --set names the Helm values: the guide's "spec.values" up
// to istioctl 1.23, "values" from 1.24 on.
func ValuesPath(istioctl Version) string {
	if istioctl.AtLeast(unified()) {
		return "values"
	}
	return "spec.values"
}

// AsmcliCA is the CA's name in "asmcli install --ca" (ASMCLI lib/validate.sh).
func (c CA) AsmcliCA() string {
	switch c {
	case Istio:
		return "citadel"
	case MeshCA:
		return "mesh_ca"
	case CAS:
		return "gcp_cas"
	}
	return ""
}

// InstallFlags are the flags of "asmcli install" that depend on the cell, on
// top of those that every cluster needs; nil where asmcli is not used (INSTALL).
func (c Cell) InstallFlags() []string {
	for _, r := range rows() {
		if r.platform != c.Platform || r.group == ours || r.group == unlisted || !c.Allowed {
			continue
		}
		flags := []string{"--platform", "multicloud", "--ca", c.CA.AsmcliCA()}
		if r.group == attached {
			flags = append(flags, "--option", "attached-cluster")
		}
		return flags
	}
	return nil
}

// caTitle is what a CA is called in a sentence.
func caTitle(c CA) string {
	switch c {
	case MeshCA:
		return "Mesh CA"
	case CAS:
		return "CA Service"
	default:
		return "Istio's CA"
	}
}

// NewestRules is the release of Istio from which on flags are as they are today.
const NewestRules = "1.24"
