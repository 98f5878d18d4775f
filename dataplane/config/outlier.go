package config

import (
	"errors"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// outlier compiles outlier detection with the defaults of
// envoy.config.cluster.v3.OutlierDetection.
func (c *XDSCluster) outlier(in *clusterv3.Cluster) error {
	o := in.GetOutlierDetection()
	if o == nil {
		return nil
	}
	// Istio turns success-rate ejection off; on, it would move traffic in a way
	// that this program does not.
	if o.GetEnforcingSuccessRate().GetValue() != 0 {
		return errors.New("outlier_detection.enforcing_success_rate: only 0 is supported")
	}
	if o.GetEnforcingLocalOriginSuccessRate().GetValue() != 0 {
		return errors.New("outlier_detection.enforcing_local_origin_success_rate: only 0 is supported")
	}
	c.Outlier = &Outlier{
		Consecutive5xx:     enforced(o.GetEnforcingConsecutive_5Xx(), 100, number(o.GetConsecutive_5Xx(), 5)),
		ConsecutiveGateway: enforced(o.GetEnforcingConsecutiveGatewayFailure(), 0, number(o.GetConsecutiveGatewayFailure(), 5)),
		ConsecutiveLocal:   enforced(o.GetEnforcingConsecutiveLocalOriginFailure(), 100, number(o.GetConsecutiveLocalOriginFailure(), 5)),
		Split:              o.GetSplitExternalLocalOriginErrors(),
		Interval:           duration(o.GetInterval(), 10*time.Second),
		BaseEjection:       duration(o.GetBaseEjectionTime(), 30*time.Second),
		MaxEjection:        duration(o.GetMaxEjectionTime(), 300*time.Second),
		MaxEjectionPercent: number(o.GetMaxEjectionPercent(), 10),
	}
	c.Outlier.MaxEjection = max(c.Outlier.MaxEjection, c.Outlier.BaseEjection)
	return nil
}

// enforced folds the enforcing percentage into the count: Istio sends only 0
// and 100.
func enforced(percent *wrapperspb.UInt32Value, fallback, count uint32) uint32 {
	if number(percent, fallback) == 0 {
		return 0
	}
	return count
}

func number(v *wrapperspb.UInt32Value, fallback uint32) uint32 {
	if v == nil {
		return fallback
	}
	return v.GetValue()
}

func duration(v *durationpb.Duration, fallback time.Duration) time.Duration {
	if v == nil {
		return fallback
	}
	return v.AsDuration()
}
