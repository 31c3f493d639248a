package ranking

import (
	"fmt"
	"slices"

	"github.com/laurel-awards/laurel/pkg/norm"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// Proof shows that no filling of the awards keeps the quotas, as Claim.Check
// verifies in whole numbers. Either it adds rules up: each rule times a number
// says how much the rules allow in all, and no choice of candidates, each worth
// the sum of the numbers of the rules that count them, needs so little. Or it
// splits: of the candidates alike at most so many get one of some awards, or
// more, and a proof of each.
type Proof struct {
	Terms []Term `json:"terms,omitempty"`
	Split *Split `json:"split,omitempty"`
}

// Term is a rule and how often it is added: a positive number its max, a
// negative one its min. Seats of an award are both.
type Term struct {
	Award string `json:"award,omitempty"` // the award's seats; "" for a quota
	Quota int    `json:"quota,omitempty"` // its place in the rulebook, from 1
	Value string `json:"value,omitempty"`
	Times int64  `json:"times"`
}

// Split is two cases of how many of the candidates who count alike for all
// quotas get one of the awards: at most so many, or more.
type Split struct {
	Like   string   `json:"like"` // one of the candidates
	Awards []string `json:"awards"`
	AtMost int      `json:"at_most"`
	Low    *Proof   `json:"low"`
	High   *Proof   `json:"high"`
}

// Claim is what a proof is to show: with these awards given, and without those
// that have been ruled out, there is no complete filling.
type Claim struct {
	Rulebook   *rulebook.Rulebook
	IDs        []string            // by candidate
	Attributes []map[string]string // by candidate
	Need       []int               // by award
	Given      []int               // by candidate: an award, -1 for none yet
	Barred     [][]bool            // by candidate, by award: ruled out before
}

// Check verifies the proof; an error says where it does not hold.
func (c Claim) Check(p *Proof) error {
	c.Attributes = compared(c.Attributes)
	k := &check{Claim: c, groups: make(map[string]*alike), counted: make(map[Term]bool)}
	k.sort()
	for i, name := range k.names {
		g := k.groups[name]
		if g == nil {
			g = &alike{rules: k.rules(i), given: make([]int, len(c.Need)), barred: make([]bool, len(c.Need))}
			k.groups[name] = g
		}
		if c.Given[i] >= 0 {
			g.given[c.Given[i]]++
			continue
		}
		g.free++
		for a, barred := range c.Barred[i] { // who counts like one ruled out is ruled out
			g.barred[a] = g.barred[a] || barred
		}
	}
	k.fill()
	return k.verify(p, nil)
}

// compared gives attributes as they are compared.
func compared(attributes []map[string]string) []map[string]string {
	out := make([]map[string]string, len(attributes))
	for i, values := range attributes {
		out[i] = make(map[string]string, len(values))
		for name, v := range values {
			out[i][name] = norm.Key(v)
		}
	}
	return out
}

// check is a claim being checked.
type check struct {
	Claim
	names   []string // by candidate: the quotas that count them
	groups  map[string]*alike
	counted map[Term]bool // quota and value, as it is compared, that the names heed
}

// sort names, for each candidate, the quotas that count them. A max for every
// value counts only values that could pass it.
func (k *check) sort() {
	k.names = make([]string, len(k.Attributes))
	for q, rules := range k.Rulebook.Quotas {
		frequency := make(map[string]int)
		for _, attributes := range k.Attributes {
			frequency[attributes[rules.Attribute]]++
		}
		most, _ := rules.Cap(k.Rulebook.Seats(rules.Of))
		if rules.Value != "" {
			k.counted[Term{Quota: q + 1, Value: norm.Key(rules.Value)}] = true
		}
		for i, attributes := range k.Attributes {
			v := attributes[rules.Attribute]
			if v != "" && (v == norm.Key(rules.Value) || rules.Value == "" && frequency[v] > most) {
				k.counted[Term{Quota: q + 1, Value: v}] = true
				k.names[i] += fmt.Sprintf("%d=%q ", q, v)
			}
		}
	}
}

// rules gives, by award, the rules that count the candidate who gets it.
func (k *check) rules(candidate int) [][]Term {
	out := make([][]Term, len(k.Need))
	for a := range out {
		id := k.Rulebook.Awards[a].ID
		out[a] = append(out[a], Term{Award: id})
		for q, rules := range k.Rulebook.Quotas {
			t := Term{Quota: q + 1, Value: k.Attributes[candidate][rules.Attribute]}
			if k.counted[t] && (rules.Of == "" || rules.Of == id) {
				out[a] = append(out[a], t)
			}
		}
	}
	return out
}

// fill rules out whoever would pass a max that those with an award have reached.
func (k *check) fill() {
	given := make(map[Term]int)
	for _, g := range k.groups {
		for a, n := range g.given {
			for _, t := range g.rules[a] {
				given[t] += n
			}
		}
	}
	full := func(t Term) bool {
		if t.Quota == 0 {
			return false
		}
		q := k.Rulebook.Quotas[t.Quota-1]
		most, ok := q.Cap(k.Rulebook.Seats(q.Of))
		return ok && given[t] >= most
	}
	for _, g := range k.groups {
		for a, rules := range g.rules {
			g.barred[a] = g.barred[a] || slices.ContainsFunc(rules, full)
		}
	}
}

// split reads whom a split is about.
func (k *check) split(s *Split) (limits, error) {
	like := slices.Index(k.IDs, s.Like)
	if like < 0 {
		return limits{}, fmt.Errorf("no candidate %q", s.Like)
	}
	l := limits{who: k.names[like], high: len(k.IDs)}
	for _, id := range s.Awards {
		a := k.award(id)
		if a < 0 || slices.Contains(l.awards, a) {
			return limits{}, fmt.Errorf("a split over the award %q", id)
		}
		l.awards = append(l.awards, a)
	}
	return l, nil
}

// rule is a term without its times, its value as it is compared.
func (t Term) rule() Term { return Term{Award: t.Award, Quota: t.Quota, Value: norm.Key(t.Value)} }

// limit is what a term's rule allows: the award's seats, the quota's max, or
// its min for a negative number.
func (k *check) limit(t Term) (int, bool) {
	if t.Award != "" {
		a := k.award(t.Award)
		if a < 0 || t.Quota != 0 || t.Value != "" {
			return 0, false
		}
		return k.Need[a], true
	}
	if !k.counted[t.rule()] || t.Value == "" {
		return 0, false
	}
	q := k.Rulebook.Quotas[t.Quota-1]
	if t.Times < 0 {
		return q.Floor(k.Rulebook.Seats(q.Of))
	}
	return q.Cap(k.Rulebook.Seats(q.Of))
}

func (c Claim) award(id string) int {
	return slices.IndexFunc(c.Rulebook.Awards, func(a rulebook.Award) bool { return a.ID == id })
}
