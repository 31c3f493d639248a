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
// Awards are filled in order. Each takes the set with the best ranked members,
// compared best member first, among the sets that meet its quotas and let the
// later awards meet theirs. The search proves each step. A candidate is taken
// when a complete filling with them is at hand. A candidate is passed over when
// every filling with them has been ruled out, by counting or by exhausting a
// bounded search. A problem that passes the bound ends in the fault
// quotas_undecided, never in a filling that might be wrong; it takes several
// interlocking attributes and hundreds of seats to get there.
package ranking
