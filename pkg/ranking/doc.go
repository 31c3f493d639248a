// Package ranking computes a selection's result from its rulebook: it
// aggregates panels, converts and weighs components, breaks ties, and fills
// the awards under their quotas, explaining each step. It does no I/O.
//
// All arithmetic is on exact fractions. Numbers are rounded only where the
// rulebook says; square roots, which only `standardized` needs, go to 34
// digits. The order in which candidates, jurors, votes and scores are put in
// changes nothing.
//
// Use: New a rulebook's Input, put in candidates, votes, scores or ranked
// ballots, then Rank it.
//
// # Seats and quotas
//
// Awards are filled in order; each takes, of all sets that meet its quotas and
// leave the later awards able to meet theirs, the one with the best ranked
// members (compared best member first). Each step is proved: a candidate is
// taken when a complete filling with them is at hand, and passed over when a cap
// is full or with a Proof, which Claim.Check verifies. The search is bounded by a
// budget of work; one that passes it ends in the fault quotas_undecided, never in
// a filling that might be wrong (docs/adr/0011-quotas.md).
package ranking
