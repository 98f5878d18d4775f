// Package workload is the programs that the guide deploys to try the mesh:
// HelloWorld in version vN on cluster N, and Sleep, which calls it.
//
// Owns: the plan steps that deploy them, their names, scaling them.
// May import: framework/plan, framework/fleet, framework/kube and fixtures.
package workload
