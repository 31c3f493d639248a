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

// VersionOf is a tally's Version: the sum of three numbers that only grow, one of
// them with each change. They are the ballots published, the version of the list of
// candidates, and the position of the state in its order.
func VersionOf(state string, ballots int64, list int) int64 {
	order := []string{voting.Pending, voting.Open, voting.Closed, voting.Sealed}
	return ballots + int64(list) + int64(slices.Index(order, state))
}
