package page

import (
	"slices"
	"strconv"

	"github.com/laurel-awards/laurel/pkg/norm"
	"github.com/laurel-awards/laurel/services/gateway/internal/portrait"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/voting"
)

// card is a candidate in a list.
type card struct {
	nomination.Candidate
	fragment

	portrait.Portrait

	Href     string // the story
	Far      bool   // its photo waits until it is near the screen
	Category string // in words
	Picked   bool
	Wrong    web.Text // what is wrong with picking this one
}

func (s *visit) storyPath(number int) string {
	return s.path() + "/c/" + strconv.Itoa(number)
}

// counts are what may be shown of a tally.
type counts struct {
	votes map[int]int64 // nil while they are hidden
	top   int64         // the most votes
	sum   int64         // of all
}

func countsOf(t voting.Tally) counts {
	if t.Hidden || t.Votes == nil {
		return counts{}
	}
	shown := counts{votes: t.Votes}
	for _, v := range t.Votes {
		shown.top = max(shown.top, v)
		shown.sum += v
	}
	return shown
}

func (s *visit) card(c nomination.Candidate) card {
	return card{Candidate: c, Href: s.storyPath(c.Number), Portrait: portrait.Of(s.Slug, c), Category: s.book.Category(c.Category)}
}

// tally is a candidate's count.
type tally struct {
	nomination.Candidate

	Votes int64
	Share int // of the most votes, in percent
}

func (s counts) of(c nomination.Candidate) tally {
	out := tally{Candidate: c, Votes: s.votes[c.Number]}
	if s.top > 0 {
		out.Share = int(out.Votes * 100 / s.top)
	}
	return out
}

// near is how many cards of a list may be on the first screen: their photos wait
// for nothing.
const near = 6

// cards gives the candidates that match what is asked, and those picked in any
// case, so that a search never loses a pick.
func (s *visit) cards(list []nomination.Candidate, a asked) []card {
	folded := norm.Key(a.query)
	number, err := strconv.Atoi(folded)
	if err != nil {
		number = 0
	}
	chosen := make(map[int]bool, len(a.picks))
	for _, n := range a.picks {
		chosen[n] = true
	}
	out := make([]card, 0, len(list))
	for _, c := range list {
		picked := chosen[c.Number]
		if !picked && !a.admits(c) || a.query != "" && !picked && !matches(c, number, folded) {
			continue
		}
		one := s.card(c)
		one.Picked, one.Far = picked && !c.Struck, len(out) >= near
		out = append(out, one)
	}
	return out
}

// picked gives the candidates of standing picks, in the order of the picks.
func (s *visit) picked(list []nomination.Candidate, picks []int) []card {
	var out []card
	for _, n := range picks {
		if at := slices.IndexFunc(list, func(c nomination.Candidate) bool { return c.Number == n }); at >= 0 {
			one := s.card(list[at])
			one.Picked = true
			out = append(out, one)
		}
	}
	return out
}
