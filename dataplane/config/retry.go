package config

import (
	"errors"
	"fmt"
	"strings"
	"time"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
)

// Condition is one reason to try again.
type Condition string

// The supported conditions (x-envoy-retry-on and x-envoy-retry-grpc-on).
const (
	On5xx                Condition = "5xx"
	OnGatewayError       Condition = "gateway-error"
	OnReset              Condition = "reset"
	OnResetBeforeRequest Condition = "reset-before-request"
	OnConnectFailure     Condition = "connect-failure"
	OnRefusedStream      Condition = "refused-stream"
	OnRetriable4xx       Condition = "retriable-4xx"
	OnStatusCodes        Condition = "retriable-status-codes"
	OnRetriableHeaders   Condition = "retriable-headers"
	OnRateLimited        Condition = "envoy-ratelimited"
	OnGRPCCancelled      Condition = "cancelled"
	OnGRPCDeadline       Condition = "deadline-exceeded"
	OnGRPCInternal       Condition = "internal"
	OnGRPCExhausted      Condition = "resource-exhausted"
	OnGRPCUnavailable    Condition = "unavailable"
)

var conditions = []Condition{
	On5xx, OnGatewayError, OnReset, OnResetBeforeRequest, OnConnectFailure, OnRefusedStream, OnRetriable4xx,
	OnStatusCodes, OnRateLimited, OnGRPCCancelled, OnGRPCDeadline, OnGRPCInternal, OnGRPCExhausted, OnGRPCUnavailable,
}

// Retry is a compiled retry policy.
type Retry struct {
	on           map[Condition]bool
	Retries      int // beside the first try
	PerTry       time.Duration
	OtherHosts   bool // prefer hosts that were not tried yet
	HostAttempts int
	StatusCodes  map[int]bool
	BackOff      time.Duration // base of the random exponential pause
	MaxBackOff   time.Duration
}

// On reports whether the policy names c.
func (r *Retry) On(c Condition) bool { return r != nil && r.on[c] }

func retry(in *routev3.RetryPolicy) (*Retry, error) {
	if in.GetRetryOn() == "" {
		return nil, nil
	}
	out := &Retry{
		on: map[Condition]bool{}, Retries: int(number(in.GetNumRetries(), 1)), PerTry: in.GetPerTryTimeout().AsDuration(),
		StatusCodes: map[int]bool{}, HostAttempts: max(1, int(in.GetHostSelectionRetryMaxAttempts())),
		BackOff: duration(in.GetRetryBackOff().GetBaseInterval(), 25*time.Millisecond), // RetryPolicy.retry_back_off
	}
	out.MaxBackOff = duration(in.GetRetryBackOff().GetMaxInterval(), 10*out.BackOff)
	if len(in.GetRetriableHeaders()) > 0 {
		return nil, errors.New("retriable_headers is not supported")
	}
	for _, name := range strings.Split(in.GetRetryOn(), ",") {
		c, err := condition(strings.TrimSpace(name))
		if err != nil {
			return nil, fmt.Errorf("retry_on: %w", err)
		}
		out.on[c] = true
	}
	for _, code := range in.GetRetriableStatusCodes() {
		out.StatusCodes[int(code)] = true
	}
	out.OtherHosts = len(in.GetRetryHostPredicate()) > 0 // previous_hosts is the only one on the allow-list
	return out, nil
}

func condition(name string) (Condition, error) {
	for _, c := range conditions {
		if string(c) == name {
			return c, nil
		}
	}
	return "", fmt.Errorf("%q is not supported", name)
}
