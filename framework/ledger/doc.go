// Package ledger keeps the promise that a run leaves nothing behind on
// somebody else's clusters.
//
// What a run makes is written to a journal file before it is made; undo reads
// the journal backwards, after success, failure, an interrupt, or, by a later
// process, after a crash. An inventory of the clusters before and after is the
// proof. A Lease in each cluster keeps two runs apart.
//
// Owns: the journal, undo, the inventory and its difference, the lock.
// May import: framework/kube.
package ledger
