// Package rbac evaluates Envoy's role based access control, for requests and
// for connections. It is pure and fails closed: a rule it does not know is an
// error when it is compiled, never an answer when it is asked. Owns:
// envoy.config.rbac.v3. May import: match, conn and the xDS types.
package rbac
