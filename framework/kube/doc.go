// Package kube is thin over client-go: apply, delete, watch until, exec and
// logs on one cluster, with errors that name the cluster and waits that are
// bounded and recorded.
//
// Owns: the client of one cluster, ownership labels and the refusal to
// overwrite what is not ours, waits and their bounds (timeouts.go).
// May import: nothing of ours; client-go and apimachinery.
package kube
