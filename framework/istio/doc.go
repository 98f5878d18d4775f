// Package istio is what is known of a fleet's mesh at one moment: the Snapshot. It is read
// once, in parallel, with reading rights only, and everything that judges a mesh judges a
// Snapshot.
//
// A Section of a Snapshot has been read, or says why not: what could not be read is never
// taken for what is not there. A Snapshot holds no token, no key, and of pods'
// environments nothing but the variables of names.Environment; it can be saved and judged
// elsewhere.
//
// Owns: Snapshot, its file format, how it is read.
// May import: framework/istio/names, framework/istio/releases, framework/fleet, framework/kube.
package istio
