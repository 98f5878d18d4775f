// Package preflight looks at a fleet before a run and says what would go wrong
// in it, all at once. It only reads.
//
// Owns: the live checks, the table of the rights that a run needs and the
// roles made of it ("eastwest roles").
// May import: framework/cell, framework/fleet, framework/kube,
// framework/ledger, framework/mesh.
//
// The facts are gathered by gather.go and the files beside it; checks.go and
// the files beside it judge them and are pure.
//
// # Sources
//
// F-01 to F-43 are the causes of failure as framework/diagnose numbers them.
package preflight
