// Package tcpproxy carries a connection's bytes to an upstream host. Owns: the
// tcp_proxy filter. May import: config, conn, upstream, stats.
package tcpproxy
