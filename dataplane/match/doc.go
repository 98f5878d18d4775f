// Package match decides whether strings, headers, paths, hosts and connections
// fit compiled predicates. It is pure. Owns: matching rules as Envoy defines
// them. May import: standard library and the xDS types.
package match
