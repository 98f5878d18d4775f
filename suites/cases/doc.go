// Package cases puts meshes into sound states that people have reported in public as broken,
// or that look odd, on a lab, and wants the diagnosis to find nothing. The broken ones are
// faults of lab/faults.
//
// Owns: the cases, each as the commands that a person would type.
// May import: the rooms of suites; the lab, in tests.
package cases
