// Package dataplane is the root of the `envoy` stand-in: the program that
// Istio's pilot-agent starts as its proxy in the lab. It speaks Envoy's side of
// pilot-agent's contract (delta ADS and SDS in, an admin endpoint out) and
// refuses, with a NACK that names the field, whatever it does not implement.
//
// Layers, each importing only those before it:
//
//	stats, match, conn, inspect     values and bytes; no configuration
//	rbac, allow, knowntypes         decisions about protobuf messages
//	config                          protobuf -> immutable compiled snapshot
//	secret, tlsctx                  certificates and TLS handshakes
//	upstream, tcpproxy, httpproxy   sockets outwards
//	listener                        sockets inwards
//	xds, bootstrap, admin           the control plane's and the operator's side
//	server, cmd/envoy               the wiring
//
// It imports nothing of this module outside dataplane/.
package dataplane
