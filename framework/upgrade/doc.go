// Package upgrade says whether a fleet may move from one revision of Istio to another: for each
// step of the move go, no-go, or could not tell, with the findings that it rests on.
//
// Owns: which revisions are meant, the steps of a move and what each requires, the verdicts,
// the plan in the user's own commands, the renderings.
// May import: framework/checks, framework/istio, framework/report, and what these may import.
package upgrade
