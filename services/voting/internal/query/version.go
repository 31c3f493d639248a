package query

import (
	"slices"

	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/candidates"
)

// StateOf is the state of a selection's tally.
func StateOf(s candidates.Selection, sealed bool) string {
	if sealed {
		return voting.Sealed
	}
	return s.State()
}

// VersionOf is a tally's Version: the sum of what only grows and of which each
// growth is a change, namely the ballots counted, the changes of candidates and
// the place of the state in its order.
func VersionOf(state string, ballots int64, changes int) int64 {
	order := []string{voting.Pending, voting.Open, voting.Closed, voting.Sealed}
	return ballots + int64(changes) + int64(slices.Index(order, state))
}
