package httpproxy

import (
	"errors"
	"net/http"

	"golang.org/x/net/http2"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
	"github.com/eastwest-mesh/eastwest/dataplane/upstream"
)

// grpcRetries are the gRPC statuses that have conditions of their own.
var grpcRetries = map[string]config.Condition{
	"1": config.OnGRPCCancelled, "4": config.OnGRPCDeadline, "8": config.OnGRPCExhausted,
	"13": config.OnGRPCInternal, "14": config.OnGRPCUnavailable,
}

// wants reports whether policy asks for another try after a
// (Envoy's router filter, x-envoy-retry-on and x-envoy-retry-grpc-on).
func wants(policy *config.Retry, a attempt) bool {
	if a.err != nil {
		return wantsAfterError(policy, a)
	}
	return wantsAfterAnswer(policy, a.resp)
}

func wantsAfterError(policy *config.Retry, a attempt) bool {
	if errors.Is(a.err, errRouteTimeout) {
		return false
	}
	switch {
	case policy.On(config.On5xx), policy.On(config.OnGatewayError), policy.On(config.OnReset):
		return true
	case policy.On(config.OnResetBeforeRequest) && !a.sent && !errors.Is(a.err, errTryTimeout):
		return true
	case policy.On(config.OnConnectFailure) && isConnect(a.err):
		return true
	}
	return policy.On(config.OnRefusedStream) && refused(a.err)
}

func wantsAfterAnswer(policy *config.Retry, resp *http.Response) bool {
	status := resp.StatusCode
	switch {
	case policy.On(config.On5xx) && status >= 500,
		policy.On(config.OnGatewayError) && status >= 502 && status <= 504,
		policy.On(config.OnRetriable4xx) && status == http.StatusConflict,
		policy.On(config.OnStatusCodes) && policy.StatusCodes[status]:
		return true
	case policy.On(config.OnRateLimited) && resp.Header.Get("X-Envoy-Ratelimited") != "":
		return true
	}
	if c, ok := grpcRetries[resp.Header.Get("Grpc-Status")]; ok {
		return policy.On(c)
	}
	return false
}

func isConnect(err error) bool {
	var c *upstream.ConnectError
	return errors.As(err, &c)
}

func isTLS(err error) bool {
	var c *upstream.ConnectError
	return errors.As(err, &c) && c.TLS
}

func refused(err error) bool {
	var s http2.StreamError
	return errors.As(err, &s) && s.Code == http2.ErrCodeRefusedStream
}
