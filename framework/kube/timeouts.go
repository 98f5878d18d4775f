package kube

import "time"

// Bounds is the one table of how long anything is waited for. A wait returns
// as soon as its condition holds, so a bound only costs time when something is
// broken. Sources: the times measured on a lab with two cores, and for clouds
// the figures that their documentation gives.
type Bounds struct {
	// Connect bounds the first answer of an API server.
	Connect time.Duration
	// Request bounds one request to an API server, watches aside.
	Request time.Duration
	// CRD bounds a CustomResourceDefinition's Established condition.
	CRD time.Duration
	// Token bounds the token controller filling a ServiceAccount token Secret.
	Token time.Duration
	// Deployment bounds an available Deployment, image pulls included.
	Deployment time.Duration
	// Address bounds a load balancer's address on a Service; clouds need
	// minutes for a new load balancer.
	Address time.Duration
	// Sync bounds istiod reporting every remote cluster as synced; istiod
	// itself gives up on a remote cluster after 30 s
	// (PILOT_REMOTE_CLUSTER_TIMEOUT) but keeps trying.
	Sync time.Duration
	// Gateways bounds istiod knowing the gateways of the other networks. The host
	// name of a cloud's new load balancer resolves after 2 to 5 minutes, and
	// istiod asks again 30 s after a failure at the earliest
	// (istio pilot/pkg/model/network.go, MinGatewayTTL).
	Gateways time.Duration
	// Endpoints bounds new endpoints reaching a proxy.
	Endpoints time.Duration
	// Converge bounds the first clean answer of every version; on clouds the
	// load balancer's DNS name and health checks are part of it.
	Converge time.Duration
	// Exec bounds one command in a container that is expected to end at once.
	Exec time.Duration
	// Tool bounds one run of istioctl or asmcli.
	Tool time.Duration
	// Gone bounds an object's disappearance, finalizers and load balancers included.
	Gone time.Duration
	// Undo bounds the whole undo of a run, after an interrupt too.
	Undo time.Duration
}

// DefaultBounds are for clusters of any kind, clouds included.
func DefaultBounds() Bounds {
	return Bounds{
		Connect:    30 * time.Second,
		Request:    30 * time.Second,
		CRD:        time.Minute,
		Token:      30 * time.Second,
		Deployment: 5 * time.Minute,
		Address:    10 * time.Minute,
		Sync:       2 * time.Minute,
		Gateways:   10 * time.Minute,
		Endpoints:  time.Minute,
		Converge:   5 * time.Minute,
		Exec:       30 * time.Second,
		Tool:       5 * time.Minute,
		Gone:       5 * time.Minute,
		Undo:       10 * time.Minute,
	}
}

// LocalBounds are for the lab and kind, where nothing leaves the machine: the
// same waits, so that a break is reported within a minute or two.
func LocalBounds() Bounds {
	return Bounds{
		Connect:    30 * time.Second,
		Request:    30 * time.Second,
		CRD:        30 * time.Second,
		Token:      30 * time.Second,
		Deployment: 2 * time.Minute,
		Address:    time.Minute,
		Sync:       time.Minute,
		Gateways:   2 * time.Minute,
		Endpoints:  time.Minute,
		Converge:   time.Minute,
		Exec:       30 * time.Second,
		Tool:       2 * time.Minute,
		Gone:       2 * time.Minute,
		Undo:       4 * time.Minute,
	}
}

// ReadingBounds are for commands that only look, and that somebody waits for: what does
// not answer soon is what they are to find.
func ReadingBounds() Bounds {
	bounds := DefaultBounds()
	bounds.Connect, bounds.Request, bounds.Exec = 10*time.Second, 10*time.Second, 10*time.Second
	return bounds
}

// Polls of what cannot be watched start fast, since most things are ready
// soon, and slow down so that a long wait costs the cluster little.
const (
	pollFirst  = 100 * time.Millisecond
	pollMost   = time.Second
	pollGrowth = 1.25
)
