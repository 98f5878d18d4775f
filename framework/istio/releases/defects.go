package releases

// Defect is a known error of some releases.
type Defect struct {
	ID string // issue, such as istio/istio#59474
	// From is the first release that has it, and Before the first of the same range that does
	// not; zero where no repair is known.
	From, Before Version
	Title        string
	When         string // the condition under which it does harm
	Avoid        string
	Touches      Touch
	Source       string
}

// Defects lists those of a release, which matter to several clusters or to upgrades. The
// list is not complete.
func Defects(v Version) []Defect {
	var has []Defect
	for _, d := range defects() {
		if v.Compare(d.From) >= 0 && (d.Before.IsZero() || v.Compare(d.Before) < 0) {
			has = append(has, d)
		}
	}
	return has
}

func defects() []Defect {
	return []Defect{
		{
			ID: "istio/istio#59474", From: Version{1, 29, 0}, Before: Version{1, 29, 2}, Touches: TrustDomains,
			Title:  "an empty trust domain is expected of a remote cluster whose mesh configuration cannot be read",
			When:   "istiod's account in a remote cluster may not read ConfigMaps there, which is so where the newest control plane is 1.28 or older",
			Avoid:  "install the new control plane in every cluster before workloads or gateways use it anywhere",
			Source: "release notes of 1.29.2; seen from 1.28.2 to 1.29.1 with upstream Envoy: no call to a service that is only remote succeeds",
		},
		{
			ID: "pilot/pkg/serviceregistry/kube/controller/multicluster.go", From: Version{1, 29, 0}, Touches: TrustDomains,
			Title:  "the trust domain cluster.local is expected of a remote cluster that has no mesh ConfigMap of the revision's name",
			When:   "the mesh has another trust domain than cluster.local, and the revision is not installed in every cluster",
			Avoid:  "install the new control plane in every cluster before workloads or gateways use it anywhere; where it came later, restart the one that was first",
			Source: "getMeshConfigMapName; seen in 1.31 with upstream Envoy: no call to a service that is only remote succeeds, and istiod logs nothing",
		},
		{
			ID: "istio/istio#59875", From: Version{1, 29, 0}, Before: Version{1, 29, 3}, Touches: RemoteSecrets,
			Title:  "istiod may deadlock when a remote secret changes",
			When:   "a remote secret of a cluster that it reads already is changed",
			Avoid:  "go to 1.29.3 or newer",
			Source: "release notes of 1.29.3",
		},
		{
			ID: "istio/istio#59949", From: Version{1, 28, 6}, Before: Version{1, 28, 7}, Touches: GatewayAPI,
			Title:  "TLSRoutes of bundle 1.4.1 of the Gateway API are not watched",
			When:   "TLSRoutes are in use and the CRDs are of bundle 1.4.1",
			Avoid:  "go to 1.28.7 or newer",
			Source: "release notes of 1.28.7, which supports bundle 1.4.1 again",
		},
		{
			ID: "istio/istio#59949", From: Version{1, 29, 2}, Before: Version{1, 29, 3}, Touches: GatewayAPI,
			Title:  "TLSRoutes of bundle 1.4.1 of the Gateway API are not watched",
			When:   "TLSRoutes are in use and the CRDs are of bundle 1.4.1",
			Avoid:  "go to 1.29.3 or newer",
			Source: "release notes of 1.29.3, which supports bundle 1.4.1 again",
		},
		{
			ID: "istio/istio#60505", From: Version{1, 29, 2}, Before: Version{1, 29, 5}, Touches: AmbientMode,
			Title:  "proxies before 1.29.2 refuse their HBONE listeners and do not get ready",
			When:   "istiod is upgraded first, and a waypoint or another proxy that is older and speaks HBONE restarts",
			Avoid:  "go to 1.29.5 or newer",
			Source: "release notes of 1.29.5",
		},
		{
			ID: "istio/istio#60486", From: Version{1, 30, 0}, Before: Version{1, 30, 2}, Touches: AmbientMode,
			Title:  "proxies before 1.29.2 refuse their HBONE listeners and do not get ready",
			When:   "istiod is upgraded first, and a waypoint or another proxy that is older and speaks HBONE restarts",
			Avoid:  "go to 1.30.2 or newer",
			Source: "release notes of 1.30.2",
		},
		{
			ID: "istio/istio#59959", From: Version{1, 29, 2}, Before: Version{1, 29, 5}, Touches: GatewayAPI,
			Title:  "gateways lose their configuration for a while when their revision changes",
			When:   "the revision label of a Gateway API Gateway is changed, or the tag that it follows is moved",
			Avoid:  "go to 1.29.5 or newer",
			Source: "release notes of 1.29.5; reported of 1.28.6 to 1.29.2",
		},
		{
			ID: "istio/istio#59959", From: Version{1, 30, 0}, Before: Version{1, 30, 2}, Touches: GatewayAPI,
			Title:  "gateways lose their configuration for a while when their revision changes",
			When:   "the revision label of a Gateway API Gateway is changed, or the tag that it follows is moved",
			Avoid:  "go to 1.30.2 or newer",
			Source: "release notes of 1.30.2",
		},
		{
			ID: "istio/istio#60806", From: Version{1, 29, 0}, Before: Version{1, 29, 6}, Touches: AmbientMode,
			Title:  "the east-west gateway refuses calls from another network",
			When:   "an AuthorizationPolicy with HTTP rules is bound to the service that is called",
			Avoid:  "go to 1.29.6 or newer",
			Source: "release notes of 1.29.6; since when is unknown",
		},
		{
			ID: "istio/istio#60806", From: Version{1, 30, 0}, Before: Version{1, 30, 3}, Touches: AmbientMode,
			Title:  "the east-west gateway refuses calls from another network",
			When:   "an AuthorizationPolicy with HTTP rules is bound to the service that is called",
			Avoid:  "go to 1.30.3 or newer",
			Source: "release notes of 1.30.3",
		},
		{
			ID: "istio/istio#60520", From: Version{1, 29, 0}, Before: Version{1, 29, 5}, Touches: RemoteSecrets,
			Title:  "istiod may crash when a remote secret changes",
			When:   "a remote secret is changed twice in short order",
			Avoid:  "go to 1.29.5 or newer",
			Source: "release notes of 1.29.5; since when is unknown",
		},
		{
			ID: "istio/istio#60312", From: Version{1, 30, 0}, Before: Version{1, 30, 1},
			Title:  "consistent hashing does not see new endpoints",
			When:   "a DestinationRule sets consistentHash, and the service scales up",
			Avoid:  "go to 1.30.1 or newer",
			Source: "release notes of 1.30.1; envoyproxy/envoy#45212",
		},
		{
			ID: "istio/istio#60612", From: Version{1, 30, 0}, Before: Version{1, 30, 3}, Touches: RemoteSecrets,
			Title:  "istiod does not take up a changed remote secret",
			When:   "a remote secret is changed, such as for a new token",
			Avoid:  "go to 1.30.4 or newer; else restart istiod after each change of a remote secret",
			Source: "release notes of 1.30.3",
		},
		{
			ID: "istio/istio#60920", From: Version{1, 30, 0}, Before: Version{1, 30, 4}, Touches: RemoteSecrets,
			Title:  "istiod forgets the network gateways of a remote cluster",
			When:   "a remote secret is changed, such as for a new token",
			Avoid:  "go to 1.30.4 or newer; else restart istiod after each change of a remote secret",
			Source: "release notes of 1.30.4",
		},
		{
			ID: "istio/istio#61043", From: Version{1, 30, 0}, Before: Version{1, 30, 4}, Touches: RemoteSecrets,
			Title:  "istiod loses the endpoints of a remote cluster",
			When:   "a remote secret is changed, such as for a new token",
			Avoid:  "go to 1.30.4 or newer; else restart istiod after each change of a remote secret",
			Source: "release notes of 1.30.4; confirmed of 1.30.1 and 1.30.3 in the issue",
		},
	}
}
