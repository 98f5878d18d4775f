// Package inspect looks at the first bytes of a connection without taking them.
// Owns: the tls_inspector and http_inspector listener filters. May import: conn.
package inspect
