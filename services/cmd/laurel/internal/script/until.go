package script

import (
	"context"
	"slices"

	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// Publication is the name of what follows the notice, in the place of a phase.
const Publication = "publication"

// Stops are where a script can stop: the phases, and publication.
func Stops() []string { return append(rulebook.PhaseNames(), Publication) }

// Until gives the steps that lead to a phase that is open and in which nobody
// has acted: whoever comes to its pages goes on by hand. The panels and the
// committee have their seats as soon as there are candidates, so that nothing
// but acts is left to do.
func (s *Script) Until(stop string) []Step {
	open := func(name string, run func(ctx context.Context) error) []Step { return []Step{{name, run}} }
	seats := Step{"seat", func(ctx context.Context) error {
		if err := s.SeatPanels(ctx); err != nil {
			return err
		}
		return s.SeatCommittee(ctx)
	}}
	before, last := 0, []Step(nil)
	switch stop {
	case rulebook.PhaseNomination:
		before = 1
	case rulebook.PhaseVetting:
		before = 2
	case rulebook.PhaseVoting:
		before, last = 3, open("vote", func(ctx context.Context) error { return s.Open(ctx, rulebook.PhaseVoting) })
	case rulebook.PhaseReview:
		before, last = 4, open("score", s.OpenReview)
	case rulebook.PhaseDecision:
		before, last = 5, open("decide", s.OpenDecision)
	case rulebook.PhaseNotice:
		before, last = 6, open("notice", s.OpenNotice)
	case Publication:
		before = 7
	default:
		return s.Steps()
	}
	steps := slices.Concat(s.Steps()[:before], last)
	if before == 3 || before == 4 {
		steps = append(steps, seats)
	}
	return steps
}
