package page

import (
	"strconv"

	"github.com/laurel-awards/laurel/pkg/norm"
	"github.com/laurel-awards/laurel/services/gateway/internal/outcome"
	"github.com/laurel-awards/laurel/services/gateway/internal/web"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/voting"
)

// card is a candidate in a list.
type card struct {
	nomination.Candidate
	fragment

	Href     string // the story
	PhotoSrc string // empty: no photo
	Initial  string // stands in for a photo
	Category string // in words
	Picked   bool
	Wrong    web.Text // what is wrong with picking this one
	Votes    *int64   // nil while hidden
	Share    int      // of the most votes, in percent
}

func (s *visit) storyPath(number int) string {
	return s.path() + "/c/" + strconv.Itoa(number)
}

// photoPath is the address of a candidate's photo; the hash in it lets browsers
// keep it for ever.
func (s *visit) photoPath(c nomination.Candidate) string {
	if c.Photo == "" {
		return ""
	}
	return s.storyPath(c.Number) + "/photo/" + c.Photo
}

// counts are what may be shown of a tally.
type counts struct {
	votes map[int]int64 // nil while they are hidden
	top   int64         // the most votes
}

func countsOf(t voting.Tally) counts {
	if t.Hidden || t.Votes == nil {
		return counts{}
	}
	shown := counts{votes: t.Votes}
	for _, v := range t.Votes {
		shown.top = max(shown.top, v)
	}
	return shown
}

func (s *visit) card(c nomination.Candidate, shown counts) card {
	out := card{
		Candidate: c, Href: s.storyPath(c.Number), PhotoSrc: s.photoPath(c),
		Initial: outcome.Initial(c.Name), Category: s.book.Category(c.Category),
	}
	if shown.votes != nil {
		votes := shown.votes[c.Number]
		out.Votes = &votes
		if shown.top > 0 {
			out.Share = int(votes * 100 / shown.top)
		}
	}
	return out
}

// cards gives the candidates that match a query, and those picked in any case,
// so that a search never loses a pick.
func (s *visit) cards(list []nomination.Candidate, shown counts, query string, picked map[int]bool) []card {
	folded := norm.Key(query)
	number, err := strconv.Atoi(folded)
	if err != nil {
		number = 0
	}
	out := make([]card, 0, len(list))
	for _, c := range list {
		if query != "" && !picked[c.Number] && !matches(c, number, folded) {
			continue
		}
		one := s.card(c, shown)
		one.Picked = picked[c.Number] && !c.Struck
		out = append(out, one)
	}
	return out
}
