package ranking

import (
	"fmt"
	"math"
	"slices"
)

// This file is what a proof's word rests on. It takes a claim as proof.go reads it
// out of the rulebook: groups of candidates who count alike, what each rule
// allows, and a proof. It shares nothing with the search.
//
// Why a sum proves: each rule is a sum of seats given that may be no more than
// its max (no less than its min, no other than an award's seats). So is their sum,
// each times its number: in every filling that keeps the rules, what the
// candidates are worth by the awards they get is no more than the rules allow in
// all. If the least that they can be worth is more, there is no such filling.

// alike is candidates who count alike for all quotas.
type alike struct {
	rules  [][]Term // by award: those that count who gets it, without their times
	free   int      // without an award yet
	given  []int    // by award
	barred []bool   // by award
}

// limits is how many of some candidates alike a split lets have some awards.
type limits struct {
	who       string
	awards    []int
	low, high int
}

// maxTimes keeps the sums of a check within 63 bits.
const maxTimes = 1 << 30

// verify goes through the cases of a proof: both sides of each split are to be
// proved, the one with at most so many and the one with more.
func (k *check) verify(p *Proof, bounds []limits) error {
	switch {
	case p == nil:
		return fmt.Errorf("a case is not proved")
	case p.Split == nil:
		return k.sum(p.Terms, bounds)
	}
	low, err := k.split(p.Split)
	if err != nil {
		return err
	}
	var others []limits
	for _, b := range bounds {
		switch {
		case b.who != low.who || !slices.ContainsFunc(b.awards, func(a int) bool { return slices.Contains(low.awards, a) }):
			others = append(others, b)
		case slices.Equal(b.awards, low.awards): // the same split, narrower
			low.low, low.high = b.low, b.high
		default:
			return fmt.Errorf("splits that overlap")
		}
	}
	high := low
	low.high, high.low = min(low.high, p.Split.AtMost), max(low.low, p.Split.AtMost+1)
	if err := k.verify(p.Split.Low, append(slices.Clone(others), low)); err != nil {
		return err
	}
	return k.verify(p.Split.High, append(slices.Clone(others), high))
}

// sum adds the rules up: the candidates must be worth more than they allow.
func (k *check) sum(terms []Term, bounds []limits) error {
	allowed, least := int64(0), int64(0)
	times := make(map[Term]int64)
	for _, t := range terms {
		limit, ok := k.limit(t)
		if !ok || max(t.Times, -t.Times) > maxTimes {
			return fmt.Errorf("no such rule: %+v", t)
		}
		allowed += t.Times * int64(limit)
		times[t.rule()] += t.Times
	}
	for who, g := range k.groups {
		worth := make([]int64, len(k.Need))
		for a := range worth {
			for _, t := range g.rules[a] {
				worth[a] += times[t]
			}
			least += worth[a] * int64(g.given[a])
		}
		rest, ok := g.least(who, worth, bounds)
		if !ok {
			return nil // a case that cannot be
		}
		least += rest
	}
	if least <= allowed {
		return fmt.Errorf("the rules allow %d, and the candidates need no more than %d", allowed, least)
	}
	return nil
}

// least is the least that the group's free members are worth in all; false:
// they cannot keep the bounds.
func (g *alike) least(who string, worth []int64, bounds []limits) (int64, bool) {
	type share struct {
		worth     int64
		low, high int
	}
	var shares []share
	bound := make([]bool, len(worth))
	for _, b := range bounds {
		if b.who != who {
			continue
		}
		s := share{math.MaxInt64, b.low, min(b.high, math.MaxInt32)}
		for _, a := range b.awards {
			bound[a] = true
			s.low, s.high = s.low-g.given[a], s.high-g.given[a]
			if !g.barred[a] {
				s.worth = min(s.worth, worth[a])
			}
		}
		if s.low = max(s.low, 0); s.worth == math.MaxInt64 {
			s.worth, s.high = 0, min(s.high, 0)
		}
		if s.low > s.high {
			return 0, false
		}
		shares = append(shares, s)
	}
	for a, w := range worth {
		if !bound[a] && !g.barred[a] {
			shares = append(shares, share{w, 0, g.free})
		}
	}
	sum, free := int64(0), g.free
	for _, s := range shares {
		sum += s.worth * int64(s.low)
		free -= s.low
	}
	if free < 0 {
		return 0, false
	}
	slices.SortFunc(shares, func(a, b share) int { return int(max(-1, min(1, a.worth-b.worth))) })
	for _, s := range shares {
		n := min(free, s.high-s.low)
		sum += min(s.worth, 0) * int64(n)
		free -= n
	}
	return sum, true
}
