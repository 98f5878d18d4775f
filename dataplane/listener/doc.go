// Package listener accepts connections and finds the filter chain for each.
// Owns: listening sockets, original destinations, hand-off between listeners,
// inspection, and the draining of connections that an update leaves behind. May
// import: config, conn, inspect, match, rbac, secret, tlsctx, httpproxy, tcpproxy, stats.
package listener
