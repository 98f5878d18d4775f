// Package diagnose says which link of a multi-cluster mesh is broken and what
// to do about it.
//
// It works in two halves. Gather reads facts from every cluster and changes
// nothing. The rungs are pure functions from those facts to findings, climbed
// in the order in which a mesh is built:
//
//	API, install, network identity, gateway address, exposure, discovery,
//	trust, injection, policy, traffic
//
// The lowest broken rung is the root cause; what is found above it is told as
// a consequence, or one missing load balancer would read as ten faults.
//
// Owns: facts, rungs, findings' causes and remedies.
// May import: framework/probe, framework/fleet, framework/kube for reading, and the result model
// of framework/report.
package diagnose
