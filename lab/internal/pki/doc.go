// Package pki makes the certificates of one lab cluster.
//
// Owns: a certificate authority that lives as long as the lab and signs for
// servers and clients.
// May import: the standard library.
package pki
