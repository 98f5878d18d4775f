// Package plan holds the page as data: steps made of actions. A plan is
// printed as the page's shell commands, run, and undone through the ledger;
// no second description of the steps exists.
//
// Owns: Plan, Step, the kinds of Action, running and printing them.
// May import: framework/kube and framework/redact.
package plan
