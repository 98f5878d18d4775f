package images

// Names are the references of a lab's images. They carry no registry host:
// containerd, like docker, adds the default one, and the lab's registry
// answers for any.
type Names struct {
	// Hub and Tag are what istioctl wants as values.global.hub and tag:
	// Hub/pilot:Tag, Hub/proxyv2:Tag and Hub/install-cni:Tag exist. The tag's suffix keeps anyone
	// from taking the images for upstream's.
	Hub, Tag string
	// Pause is the sandbox image.
	Pause string
	// Sleep is the caller's image: a shell, curl, and "sleep infinity".
	Sleep string
	// Echo is Istio's test program that answers who it is, and its client, at the paths of
	// Istio's own image (pkg/test/echo/docker/Dockerfile.app). Empty leaves it out.
	Echo string
}

// Pilot is istiod's image.
func (n Names) Pilot() string { return n.Hub + "/pilot:" + n.Tag }

// Proxy is the sidecar's and gateways' image.
func (n Names) Proxy() string { return n.Hub + "/proxyv2:" + n.Tag }

// InstallCNI is the image that puts Istio's CNI plugin on nodes.
func (n Names) InstallCNI() string { return n.Hub + "/install-cni:" + n.Tag }

// HelloWorld is the image of a HelloWorld version (v1, v2, ...): upstream's
// names for v1 and v2, a neutral one from v3 on. All are the same program, and
// SERVICE_VERSION decides what it answers.
func (n Names) HelloWorld(version string) string {
	switch version {
	case "v1", "v2":
		return "istio/examples-helloworld-" + version + ":1.0"
	default:
		return helloWorldAny
	}
}

// helloWorldAny answers whatever version SERVICE_VERSION names.
const helloWorldAny = "eastwest/helloworld:1.0"
