// Package upstream chooses hosts and holds connections to them. Owns:
// xdsClusters, load balancing, outlier detection, connection pools and the
// counters of hosts. May import: config, tlsctx, stats.
package upstream
