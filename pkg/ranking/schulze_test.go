package ranking_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/laurel-awards/laurel/pkg/ranking"
)

// profile is ranked ballots of candidates, by index; 0 is unranked.
type profile struct {
	names   []string
	ballots [][]int
	votes   []int64 // told apart by the tie-break before the lot
}

func (p profile) rank(t rapid.TB, rules string, o ranking.Options) *ranking.Result {
	t.Helper()
	in := ranking.New(parse(t, rules))
	for i, name := range p.names {
		if err := in.Candidate(name, map[string]string{"employer": "x"}); err != nil {
			t.Fatal(err)
		}
		if p.votes != nil {
			if err := in.Votes(name, "", p.votes[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, b := range p.ballots {
		ranks := make(map[string]int)
		for i, rank := range b {
			if rank > 0 {
				ranks[p.names[i]] = rank
			}
		}
		if err := in.Ballot(ranks); err != nil {
			t.Fatal(err)
		}
	}
	r, err := in.Rank(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// beats tells who is before whom by the strongest paths, found by trying every
// path. It shares nothing with the package.
func (p profile) beats() [][]bool {
	n := len(p.names)
	prefer := func(a, b int) (count int) {
		for _, ballot := range p.ballots {
			if ballot[a] > 0 && (ballot[b] == 0 || ballot[a] < ballot[b]) {
				count++
			}
		}
		return count
	}
	var strength func(from, to int, seen []int) int
	strength = func(from, to int, seen []int) (most int) {
		for next := range n {
			link := prefer(from, next)
			if next == from || slices.Contains(seen, next) || link <= prefer(next, from) {
				continue
			}
			if next != to {
				link = min(link, strength(next, to, append(slices.Clone(seen), next)))
			}
			most = max(most, link)
		}
		return most
	}
	out := make([][]bool, n)
	for a := range n {
		out[a] = make([]bool, n)
		for b := range n {
			out[a][b] = a != b && strength(a, b, []int{a}) > strength(b, a, []int{b})
		}
	}
	return out
}

// taken is the ranking by a complete tie-break, best first.
func taken(beats [][]bool, tieBreak []int) []int {
	left := slices.Clone(tieBreak)
	var out []int
	for len(left) > 0 {
		i := slices.IndexFunc(left, func(c int) bool {
			return !slices.ContainsFunc(left, func(other int) bool { return beats[other][c] })
		})
		out, left = append(out, left[i]), slices.Delete(left, i, i+1)
	}
	return out
}

// completed gives every complete tie-break in which more votes come first.
func (p profile) completed(yield func([]int)) {
	var next func(done []int)
	next = func(done []int) {
		if len(done) == len(p.names) {
			yield(done)
			return
		}
		most := int64(-1)
		for c := range p.names {
			if !slices.Contains(done, c) {
				most = max(most, p.votes[c])
			}
		}
		for c := range p.names {
			if !slices.Contains(done, c) && p.votes[c] == most {
				next(append(slices.Clone(done), c))
			}
		}
	}
	next(nil)
}

func drawProfile(t *rapid.T) profile {
	n := rapid.IntRange(1, 6).Draw(t, "candidates")
	p := profile{votes: make([]int64, n)}
	levels := rapid.Int64Range(0, 3).Draw(t, "levels")
	for c := range n {
		p.names = append(p.names, string(rune('A'+c)))
		p.votes[c] = rapid.Int64Range(0, levels).Draw(t, "votes")
	}
	for range rapid.IntRange(0, 7).Draw(t, "ballots") {
		ballot := rapid.Permutation(seq(n + 1)[1:]).Draw(t, "ballot")
		if rapid.IntRange(0, 3).Draw(t, "loose") == 0 { // some share a rank, some have none
			for i := range ballot {
				ballot[i] /= 2
			}
		}
		p.ballots = append(p.ballots, ballot)
	}
	return p
}

const schulzeRules = "awards: [{id: w, seats: %d}]\n" +
	"composite: {components: [{source: ranked, method: schulze}], tie_break: [votes, lot], lot: {source: tomorrow}}"

// Without a lot, each candidate's rank is the best place that any complete
// tie-break gives them, a seat is theirs where all give it, and it is open where
// only some do. With the lot, the ranking is the one that it gives.
func TestInput_Rank_schulzeBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProfile(t)
		seats := rapid.IntRange(1, len(p.names)).Draw(t, "seats")
		beats := p.beats()
		best, worst := make(map[string]int), make(map[string]int)
		p.completed(func(tieBreak []int) {
			for i, c := range taken(beats, tieBreak) {
				name := p.names[c]
				if best[name] == 0 {
					best[name] = i + 1
				}
				best[name], worst[name] = min(best[name], i+1), max(worst[name], i+1)
			}
		})
		rules := fmt.Sprintf(schulzeRules, seats)
		r := p.rank(t, rules, ranking.Options{})
		var open []string
		for _, tie := range r.Ties {
			open = append(open, tie.Candidates...)
		}
		for _, c := range r.Ranking {
			if c.Rank != best[c.Candidate] {
				t.Errorf("%s has rank %d, the best place is %d\n%s", c.Candidate, c.Rank, best[c.Candidate], said(c.Explain...))
			}
			if got, want := c.Award != "", worst[c.Candidate] <= seats; got != want {
				t.Errorf("%s has a seat: %v, want %v", c.Candidate, got, want)
			}
			if got, want := slices.Contains(open, c.Candidate), best[c.Candidate] <= seats && worst[c.Candidate] > seats; got != want {
				t.Errorf("%s is open: %v, want %v", c.Candidate, got, want)
			}
		}
		if given := len(r.Awards[0].Candidates); given+r.Awards[0].Open != seats {
			t.Errorf("%d seats given and %d open of %d", given, r.Awards[0].Open, seats)
		}

		if len(p.names) <= 5 { // a quota that binds nothing leaves open what is open
			quota := p.rank(t, rules+"\nquotas: [{attribute: employer, max: 100%}]", ranking.Options{})
			if order(quota) != order(r) || fmt.Sprint(quota.Ties) != fmt.Sprint(r.Ties) {
				t.Errorf("with a quota %s %v, without %s %v", order(quota), quota.Ties, order(r), r.Ties)
			}
		}

		tieBreak := seq(len(p.names))
		slices.SortFunc(tieBreak, func(a, b int) int {
			return cmp.Or(cmp.Compare(p.votes[b], p.votes[a]), strings.Compare(ranking.Lot("x", p.names[a]), ranking.Lot("x", p.names[b])))
		})
		drawn := p.rank(t, rules, ranking.Options{Lot: "x"})
		for i, c := range taken(beats, tieBreak) {
			if got := drawn.Ranking[i]; got.Candidate != p.names[c] || got.Rank != i+1 {
				t.Errorf("with the lot, place %d has %s, want %s", i+1, got.Candidate, p.names[c])
			}
		}
	})
}

// Who is called what changes nothing, and who beats each other alone is first.
func TestInput_Rank_schulzeNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProfile(t)
		q := p
		q.names = rapid.Permutation(p.names).Draw(t, "names")
		rules := fmt.Sprintf(schulzeRules, rapid.IntRange(1, len(p.names)).Draw(t, "seats"))
		facts := func(r *ranking.Result, names []string) []string {
			var out []string
			for _, c := range r.Ranking {
				out = append(out, fmt.Sprint(slices.Index(names, c.Candidate), c.Rank, c.Total, c.Award))
			}
			slices.Sort(out)
			return out
		}
		r := p.rank(t, rules, ranking.Options{})
		if a, b := facts(r, p.names), facts(q.rank(t, rules, ranking.Options{}), q.names); !slices.Equal(a, b) {
			t.Errorf("%v, renamed %v", a, b)
		}
		for c := range p.names {
			if !slices.ContainsFunc(seq(len(p.names)), func(d int) bool { return d != c && !wins(p, c, d) }) && r.Ranking[0].Candidate != p.names[c] {
				t.Errorf("%s wins against each other and is not first: %s", p.names[c], order(r))
			}
		}
	})
}

func seq(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func wins(p profile, a, b int) bool {
	margin := 0
	for _, ballot := range p.ballots {
		x, y := ballot[a], ballot[b]
		switch {
		case x > 0 && (y == 0 || x < y):
			margin++
		case y > 0 && (x == 0 || y < x):
			margin--
		}
	}
	return margin > 0
}

// Of seven ballots, A beats B alone, and nobody beats A, C or D. Counting whom
// one beats would make A the winner; it is for the lot.
func TestInput_Rank_schulzePartial(t *testing.T) {
	p := profile{names: []string{"A", "B", "C", "D"}, ballots: [][]int{
		{2, 1, 4, 3}, {1, 3, 2, 4}, {2, 3, 1, 4}, {2, 3, 4, 1}, {2, 4, 3, 1}, {3, 4, 1, 2}, {4, 1, 3, 2},
	}}
	const rules = "awards: [{id: w, seats: %d}]\ncomposite: {components: [{source: ranked, method: schulze}], tie_break: [lot], lot: {source: tomorrow}}"
	r := p.rank(t, fmt.Sprintf(rules, 1), ranking.Options{})
	if got := order(r); got != "1:A: 1:C: 1:D: 2:B:" || len(r.Ties) != 1 || !slices.Equal(r.Ties[0].Candidates, []string{"A", "C", "D"}) {
		t.Errorf("without a lot %s, ties %+v", got, r.Ties)
	}
	first := make(map[string]bool)
	for i := range 40 {
		lot := fmt.Sprint(i)
		winner := p.rank(t, fmt.Sprintf(rules, 1), ranking.Options{Lot: lot}).Ranking[0]
		best := slices.MinFunc([]string{"A", "C", "D"}, func(a, b string) int { return strings.Compare(ranking.Lot(lot, a), ranking.Lot(lot, b)) })
		if first[winner.Candidate] = true; winner.Candidate != best {
			t.Errorf("lot %s: %s wins, the lot is for %s", lot, winner.Candidate, best)
		}
		if why := said(winner.Explain...); !strings.Contains(why, "decided by lot "+ranking.Lot(lot, best)[:12]) {
			t.Errorf("not explained: %s", why)
		}
	}
	if len(first) != 3 {
		t.Errorf("the lot never chose all three: %v", first)
	}
}
