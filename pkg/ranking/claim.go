package ranking

import (
	"fmt"
	"slices"

	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// Claim is what the candidate's displacement from the award says: who is ranked
// before has been decided about, and with this candidate there would be no
// complete filling. Attributes are by candidate. Candidates of whom a tie leaves
// the award open must have been decided on.
func (r *Result) Claim(rb *rulebook.Rulebook, attributes map[string]map[string]string, candidate, award string) (Claim, error) {
	c := Claim{Rulebook: rb, Need: demand(rb.Awards, len(r.Ranking))}
	wanted, at := -1, c.award(award)
	got := make([]int, len(r.Ranking))
	last := make([]int, len(rb.Awards)) // by award: the place of who got it last
	for i, row := range r.Ranking {
		c.IDs = append(c.IDs, row.Candidate)
		c.Attributes = append(c.Attributes, attributes[row.Candidate])
		if got[i] = c.award(row.Award); got[i] >= 0 {
			last[got[i]] = i
		}
		if row.Candidate == candidate {
			wanted = i
		}
	}
	if wanted < 0 || at < 0 || len(r.Ties) > 0 {
		return c, fmt.Errorf("no claim about %q and %q in a result with %d open ties", candidate, award, len(r.Ties))
	}
	last[at] = wanted
	free := func(a int) bool { // whether no quota tells the award from the others of which none does
		return !slices.ContainsFunc(rb.Quotas, func(q rulebook.Quota) bool { return q.Of == rb.Awards[a].ID })
	}
	for i, a := range got {
		barred := make([]bool, len(rb.Awards))
		given := noAward
		switch {
		case i == wanted:
			given = at
		case a >= 0 && (a < at || a == at && i < wanted):
			given = a
		}
		for b := range at + 1 {
			if b < at {
				barred[b] = true
			}
			// Passed over while a seat was free: so nor do the awards that are
			// the same to all quotas have one.
			if i < last[b] && (a < 0 || a > b) {
				for other := range barred {
					barred[other] = barred[other] || other == b || free(b) && free(other)
				}
			}
		}
		c.Given, c.Barred = append(c.Given, given), append(c.Barred, barred)
	}
	return c, nil
}

// proof puts a tree into the words of the rulebook.
func (m *model) proof(t *tree, classOf []int, ids []string) *Proof {
	if t.leaf != nil {
		p := new(Proof)
		for _, term := range t.leaf.terms {
			switch i := term.row - m.first; {
			case i < 0:
				for _, a := range m.groups[term.row] {
					p.Terms = append(p.Terms, Term{Award: m.qs.rb.Awards[a].ID, Times: term.by})
				}
			case i < len(m.qs.counters):
				p.Terms = append(p.Terms, Term{Quota: m.qs.counters[i].quota + 1, Value: m.qs.counters[i].shown, Times: term.by})
			}
			// The members of a class need no term: a check gives nobody two awards.
		}
		return p
	}
	class := t.column % len(m.qs.classes)
	s := &Split{Like: ids[slices.Index(classOf, class)], AtMost: int(t.at)}
	for _, a := range m.groups[t.column/len(m.qs.classes)] {
		s.Awards = append(s.Awards, m.qs.rb.Awards[a].ID)
	}
	s.Low, s.High = m.proof(t.low, classOf, ids), m.proof(t.high, classOf, ids)
	return &Proof{Split: s}
}
