// Package xds speaks to pilot-agent: delta ADS for listeners, routes,
// xdsClusters and endpoints, and SDS, one stream a secret. Owns: streams,
// subscriptions, versions, ACK and NACK, reconnection. What resources mean is
// the Handler's business. May import: secret, config (for secret names), stats.
package xds
