// Package httpproxy serves HTTP/1 and HTTP/2 connections and forwards their
// requests. Owns: the http_connection_manager and its filters (RBAC, ALPN,
// router). May import: config, conn, match, rbac, upstream, stats.
package httpproxy
