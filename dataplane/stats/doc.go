// Package stats counts. Owns: the registry of counters and gauges under
// Envoy's names and its text and Prometheus renderings. May import: standard library.
package stats
