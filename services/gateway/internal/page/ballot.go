package page

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/nomination"
)

// form is the ballot as a form. It leads to the review of the picks.
type form struct {
	Slug   string
	Review string
	Find   string
	Key    string // idempotency key; empty: the review makes one
	Min    int
	Max    int
	Short  string // how many to choose, as a number: 5–10
	Range  string // the same in words
	Limits []string
	Rules  string // the limits of categories, for the script
	Dense  bool   // so many are to be chosen that cards stand two a row

	limits []rulebook.PickLimit
}

// many is from how many picks on cards stand two a row on a phone.
const many = 4

// form is the ballot of this visitor. The first picks of who adds to them count,
// too, so that there is no least.
func (s *visit) form(adds bool) *form {
	picks := s.rules.Voting.Picks
	own := slices.Clone(s.rules.Voting.Limits)
	if adds {
		picks.Min = 1
		for i := range own {
			own[i].Min = 0
		}
	}
	f := &form{
		Slug: s.Slug, Review: s.path() + "/review", Find: s.path() + "/find",
		Min: picks.Min, Max: picks.Max, Short: short(picks), Range: s.book.PickRange(), Limits: s.book.Limits(), Dense: picks.Max >= many,
		limits: own,
	}
	type limit struct {
		Category string `json:"category"`
		Name     string `json:"name"`
		Min      int    `json:"min"`
		Max      int    `json:"max"`
	}
	limits := []limit{}
	for _, l := range own {
		limits = append(limits, limit{l.Category, s.book.Category(l.Category), l.Min, l.Max})
	}
	text, err := json.Marshal(limits)
	if err == nil { // numbers and texts: always
		f.Rules = string(text)
	}
	return f
}

// short writes how many picks a ballot has as a number.
func short(p rulebook.Picks) string {
	if p.Min == p.Max {
		return strconv.Itoa(p.Max)
	}
	return strconv.Itoa(p.Min) + "–" + strconv.Itoa(p.Max)
}

// missing says what keeps picks from being the ballot of a form; the script of the
// page says the same. The voting service has the last word.
func (s *visit) missing(f *form, picked []card) []string {
	var words []string
	tell := func(n, least, most int, suffix string, args ...any) {
		switch {
		case n < least:
			words = append(words, s.printer.T("ballot.missing"+suffix, append(args, "n", least-n)...))
		case n > most:
			words = append(words, s.printer.T("ballot.over"+suffix, append(args, "n", n-most)...))
		}
	}
	tell(len(picked), f.Min, f.Max, "")
	for _, l := range f.limits {
		n := 0
		for _, c := range picked {
			if c.Candidate.Category == l.Category {
				n++
			}
		}
		tell(n, l.Min, l.Max, ".category", "category", s.book.Category(l.Category))
	}
	return words
}

// takes tells whether a ballot is taken of this visitor now, as far as is known
// here.
func (p *pages) takes(c echo.Context, s *visit) bool {
	return s.open(p.Now()) && len(p.admitted(s)) > 0 && !s.done(p.receiptOf(c, s))
}

// done tells whether who has a receipt cannot vote again now.
func (s *visit) done(r *receipt) bool {
	return r != nil && r.Now && s.rules.Voting.Change != rulebook.ChangeAdd
}

// adds tells whether the next ballot of who has a receipt adds to the first.
func (s *visit) adds(r *receipt) bool { return r != nil && r.Now && !s.done(r) }

// standing are the picks that can be counted.
func standing(picks []int, list []nomination.Candidate) (out []int) {
	on := make(map[int]bool, len(list))
	for _, c := range list {
		on[c.Number] = !c.Struck
	}
	for _, n := range picks {
		if on[n] {
			out, on[n] = append(out, n), false // each once
		}
	}
	return out
}
