// Package conn is a downstream connection: its facts and its bytes. Owns: the
// connection type that listeners hand to proxies. May import: standard library.
package conn
