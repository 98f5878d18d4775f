// Package verdict decides whether the answers that were counted fit the split
// that the mesh promises.
//
// Owns: sample sizes, acceptance intervals, outcomes; comparing cells with a baseline.
// May import: the standard library and gonum/stat. It is pure.
//
// # What the error probability covers
//
// Istio picks an endpoint at random for every call, so a sound mesh can miss a
// version, or lean to one side, by chance. Expectation.ErrorProbability (ε)
// bounds the chance that a whole check (all its source clusters together)
// calls a sound mesh non-conformant. By the union bound it is spent so:
//
//   - half on "a version was never seen": S·Σ(1-p)^n ≤ ε/2 fixes the least
//     sample size n (RequiredSize);
//   - half on "a count outside its interval", divided by the S·K intervals of
//     the check, ε/(2·S·K) for each, and by the two tails within each.
//
// Where an interval already excludes a count of zero the first event lies
// within the second, so the true chance is smaller than ε, never larger. When
// gateways have unequal weights Envoy follows a schedule instead of drawing at
// random; counts then vary less than the binomial does, and the bound holds.
//
// A status that is not 200 and a version that nobody runs are not chance:
// one is enough, whatever the size of the sample.
//
// # What a comparison covers
//
// A Comparison asks whether a new version fails more often than the old one, which may fail
// too: a single failure decides nothing there. Its two errors have budgets of their own.
//
//   - A sound version called worse: any cell in either stage can cause it, so the budget is
//     divided by the cells and by two. The test is of signs, block by block, and assumes only
//     that the order within a block is drawn: a burst counts once.
//   - A worse version called no worse: a run needs every cell to be no worse, so the chance
//     is at most that of its worst cell, and the budget is divided only between the stages.
//     Here calls are assumed to fail independently.
package verdict
