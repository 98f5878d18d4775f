// Package preflight looks at a fleet before a run and says what would go wrong in it, all at
// once. It only reads.
//
// What is asked of the mesh are checks of the catalogue; what only a run wants to know is
// asked here: the user's rights, what is there already, whether pods like the run's are let
// in.
//
// Owns: which checks a run begins with, the questions of its own, the table of the rights
// that a run needs and the roles made of it ("eastwest roles").
// May import: framework/checks, framework/istio, framework/cell, framework/fleet,
// framework/ledger, framework/redact.
package preflight
