// Package tlsctx does TLS handshakes with the mesh's rules: identities from
// SDS, peers verified by SPIFFE name, ALPN as Envoy treats it. Owns: every use
// of crypto/tls on data connections. May import: config, conn, secret, match.
package tlsctx
