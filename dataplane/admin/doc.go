// Package admin is the endpoint that pilot-agent, istioctl and the harness ask.
// Owns: Envoy's admin paths and their formats. It only reads, but for draining,
// the log level and quitting. May import: upstream, listener, secret, config,
// stats and the xDS types.
package admin
