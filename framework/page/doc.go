// Package page puts the page together: the steps of the mesh and of the
// sample programs as one plan, and what is needed to run it on a connected
// fleet. `eastwest plan` prints this plan and `eastwest verify` runs it.
//
// Owns: the order of the page's parts, nothing else.
// May import: framework/mesh, framework/workload, framework/plan,
// framework/fleet and framework/kube.
package page
