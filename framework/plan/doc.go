// Package plan holds the guide as data: steps made of actions. A plan is
// printed as the guide's shell commands, run, and undone through the ledger;
// no second description of the steps exists.
//
// Owns: Plan, Step, the kinds of Action, running and printing them.
// May import: framework/kube and framework/redact.
package plan
