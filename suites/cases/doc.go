// Package cases puts meshes into states that people have reported in public, sound and
// broken ones, on a lab, and wants the diagnosis to be right about each.
//
// Owns: the cases, each as the commands that a person would type.
// May import: the rooms of suites; the lab, in tests.
package cases
