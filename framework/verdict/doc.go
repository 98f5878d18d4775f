// Package verdict decides whether the answers that were counted fit the split
// that the mesh promises.
//
// Owns: sample sizes, acceptance intervals, outcomes.
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
package verdict
