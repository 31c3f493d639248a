package ranking

import (
	"fmt"
	"strings"

	"github.com/laurel-awards/laurel/pkg/norm"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// Input is everything that a result is computed from. It is filled by one
// goroutine; Rank and the what-ifs only read it, so they may run in several.
// Identifiers are compared as they are: callers trim and fold them. Attributes are
// compared by norm.Key.
type Input struct {
	rb         *rulebook.Rulebook
	ids        []string            // by candidate
	index      map[string]int      // candidate's id → its place in ids
	attributes []string            // that quotas name
	values     [][]string          // by attribute, by candidate, as they are compared: norm.Key
	spelled    []map[string]string // by attribute, by value as compared: how it is shown
	votes      map[string][]int64
	cast       map[string][]bool // constituency → candidate → has a count
	panels     []*panel          // as in the rulebook
	ballots    []ballot
	last       int // the candidate found last
}

// ballot is a ranked ballot: by candidate, 1 first; 0 is unranked.
type ballot []int32

// New gives an empty input of the rulebook, which must be valid.
func New(rb *rulebook.Rulebook) *Input {
	in := &Input{
		rb: rb, index: make(map[string]int),
		votes: make(map[string][]int64), cast: make(map[string][]bool),
	}
	for _, q := range rb.Quotas {
		if in.attribute(q.Attribute) < 0 {
			in.attributes = append(in.attributes, q.Attribute)
		}
	}
	in.values = make([][]string, len(in.attributes))
	in.spelled = make([]map[string]string, len(in.attributes))
	for a := range in.spelled {
		in.spelled[a] = make(map[string]string)
	}
	for _, p := range rb.Review.Panels {
		in.panels = append(in.panels, newPanel(p))
	}
	return in
}

// Flaw is an error of what is put in: which of its fields is wrong, by the
// names of compute's columns, and why.
type Flaw struct{ Field, Message string }

func (f *Flaw) Error() string { return f.Field + ": " + f.Message }

func flaw(field, format string, args ...any) error {
	return &Flaw{field, fmt.Sprintf(format, args...)}
}

// Rulebook is the rulebook that the input is of.
func (in *Input) Rulebook() *rulebook.Rulebook { return in.rb }

// Candidates is how many candidates there are.
func (in *Input) Candidates() int { return len(in.ids) }

// Has tells whether the candidate has been put in.
func (in *Input) Has(candidate string) bool {
	if in.last < len(in.ids) && in.ids[in.last] == candidate {
		return true
	}
	_, ok := in.index[candidate]
	return ok
}

func (in *Input) attribute(name string) int {
	for i, a := range in.attributes {
		if a == name {
			return i
		}
	}
	return -1
}

// Candidate puts in a candidate with the attributes that quotas may name; an
// empty or absent attribute counts for no quota.
func (in *Input) Candidate(id string, attributes map[string]string) error {
	if id == "" {
		return flaw("candidate", "a candidate needs an id")
	}
	if in.Has(id) {
		return flaw("candidate", "candidate %q is there twice", id)
	}
	id = strings.Clone(id)
	in.index[id] = len(in.ids)
	in.ids = append(in.ids, id)
	for i, name := range in.attributes {
		in.values[i] = append(in.values[i], in.spell(i, attributes[name]))
	}
	return nil
}

// spell gives a value as it is compared. Of several spellings the first in the
// order of Unicode is shown, whatever the order in which they come.
func (in *Input) spell(attribute int, value string) string {
	key := norm.Key(value)
	if shown, ok := in.spelled[attribute][key]; !ok || value < shown {
		key = strings.Clone(key)
		in.spelled[attribute][key] = strings.Clone(value)
	}
	return key
}

func (in *Input) find(candidate string) (int, error) {
	// Rows come in runs of one candidate.
	if in.last < len(in.ids) && in.ids[in.last] == candidate {
		return in.last, nil
	}
	i, ok := in.index[candidate]
	if !ok {
		return 0, flaw("candidate", "no candidate %q", candidate)
	}
	in.last = i
	return i, nil
}

// Votes puts in how many votes a candidate has in a constituency; "" where
// there are none.
func (in *Input) Votes(candidate, constituency string, count int64) error {
	c, err := in.find(candidate)
	if err != nil {
		return err
	}
	if count < 0 {
		return flaw("votes", "%d votes: a count is 0 or more", count)
	}
	counts, ok := in.votes[constituency]
	if !ok {
		constituency = strings.Clone(constituency)
	}
	cast := in.cast[constituency]
	for len(counts) <= c {
		counts, cast = append(counts, 0), append(cast, false)
	}
	if cast[c] {
		if constituency == "" {
			return flaw("candidate", "candidate %q has votes already", candidate)
		}
		return flaw("constituency", "candidate %q has votes of constituency %q already", candidate, constituency)
	}
	counts[c], cast[c] = count, true
	in.votes[constituency], in.cast[constituency] = counts, cast
	return nil
}

// Ballot puts in a ranked ballot: candidates with their ranks, 1 first, equal
// ranks allowed; who is not in it is unranked, which is behind all ranks.
func (in *Input) Ballot(ranks map[string]int) error {
	b := make(ballot, 0, len(in.ids))
	for candidate, rank := range ranks {
		c, err := in.find(candidate)
		if err != nil {
			return err
		}
		if rank < 1 || rank > 1<<30 {
			return flaw("rank", "rank %d of candidate %q: ranks begin at 1", rank, candidate)
		}
		for len(b) <= c {
			b = append(b, 0)
		}
		b[c] = int32(rank)
	}
	in.ballots = append(in.ballots, b)
	return nil
}

func (b ballot) rank(candidate int) int32 {
	if candidate < len(b) {
		return b[candidate]
	}
	return 0
}

func (in *Input) panel(id string) (*panel, error) {
	for _, p := range in.panels {
		if p.rules.ID == id {
			return p, nil
		}
	}
	return nil, flaw("panel", "no panel %q", id)
}
