package ranking

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/reason"
)

// seatsOf spells awards by candidate out.
func (i instance) seatsOf(award []int) []Seat {
	seats := []Seat{}
	for c, a := range award {
		if a != noAward {
			seats = append(seats, Seat{fmt.Sprint(c), i.rb.Awards[a].ID})
		}
	}
	return seats
}

// checked tells by trying, of any awards by candidate, whether they may be decided
// on: the seats are filled, the quotas kept, and no exchange of two candidates is
// better.
func (i instance) checked(award []int) bool {
	left := demand(i.rb.Awards, len(award))
	for _, a := range award {
		if a != noAward {
			left[a]--
		}
	}
	if slices.Max(left) != 0 || slices.Min(left) != 0 || !i.meets(award, -1) {
		return false
	}
	for c := range award {
		for w := c + 1; w < len(award); w++ {
			if award[w] == noAward || award[c] != noAward && award[c] <= award[w] {
				continue
			}
			other := slices.Clone(award)
			other[c], other[w] = award[w], award[c]
			if i.meets(other, -1) {
				return false
			}
		}
	}
	return true
}

// TestOptions_Seats takes seats that were decided if and only if they keep what can
// be checked; the best filling always does.
func TestOptions_Seats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := drawInstance(t)
		in := i.input()
		decide := func(award []int) (*Outcome, error) {
			rk := ranked(in)
			rk.seats = i.seatsOf(award)
			return rk.outcome()
		}
		if best := i.best(-1); best != nil {
			if o, err := decide(best); err != nil || !cmp.Equal(i.seatsOf(best), o.seats()) || !o.Decided {
				t.Fatalf("the best filling %v: %v", best, err)
			}
		}
		award := make([]int, len(i.values))
		for c := range award {
			award[c] = rapid.IntRange(noAward, len(i.rb.Awards)-1).Draw(t, "award")
		}
		_, err := decide(award)
		if ok := i.checked(award); ok != (err == nil) || !ok && !fault.HasCode(err, CodeSeats) {
			t.Fatalf("%v: %v, checked %v", award, err, ok)
		}
	})
}

// TestOptions_Changed takes another list than the rules make if and only if it
// keeps the quotas, and has no more seats than there are.
func TestOptions_Changed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := drawInstance(t)
		award, left := make([]int, len(i.values)), demand(i.rb.Awards, len(i.values))
		for c := range award {
			if award[c] = rapid.IntRange(noAward, len(i.rb.Awards)-1).Draw(t, "award"); award[c] != noAward {
				left[award[c]]--
			}
		}
		rk := ranked(i.input())
		rk.seats, rk.freely = i.seatsOf(award), true
		o, err := rk.outcome()
		if ok := slices.Min(left) >= 0 && i.meets(award, -1); ok != (err == nil) || !ok && !fault.HasCode(err, CodeSeats) {
			t.Fatalf("%v: %v, kept %v", award, err, ok)
		}
		if err == nil && (!o.Changed || o.Decided || !cmp.Equal(i.seatsOf(award), o.seats())) {
			t.Fatalf("%v: %+v", award, o.Awards)
		}
	})
}

// seats are those of an outcome, in the order of the candidates.
func (o *Outcome) seats() []Seat {
	seats := []Seat{}
	for c, id := range o.rk.in.ids {
		if a := o.award(c); a != noAward {
			seats = append(seats, Seat{id, o.Awards[a].Award})
		}
	}
	return seats
}

// TestOptions_Seats_undecided fills what the search leaves undecided, says so of
// every seat and of whoever is passed over, and looks for nothing.
func TestOptions_Seats_undecided(t *testing.T) {
	p := tight(t, 0, 48, 300, true)
	in := p.input(t)
	rk := ranked(in)
	rk.effort = Options{Budget: 1000}.effort()
	if _, err := rk.outcome(); !fault.HasCode(err, CodeUndecided) {
		t.Fatalf("err = %v", err)
	}
	o, err := ranked(in).outcome()
	if err != nil {
		t.Fatal(err)
	}
	decided := func(seats []Seat) (*Outcome, error) {
		rk := ranked(in)
		rk.effort = Options{Budget: 1000}.effort()
		rk.seats = seats
		return rk.outcome()
	}
	own := o.seats()
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(own), func(i, j int) { own[i], own[j] = own[j], own[i] })
	got, err := decided(own)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(o.Awards, got.Awards); diff != "" {
		t.Errorf("awards (-found +decided):\n%s", diff)
	}
	speaker := reason.NewSpeaker("en")
	last := 0
	for r := range got.Rows() {
		if r.Award != "" {
			last = r.Rank
		}
	}
	for r := range got.Rows() {
		var said strings.Builder
		for _, e := range r.Explain {
			said.WriteString(speaker.Text(e) + "\n")
		}
		about := strings.Contains(said.String(), "because the search about quotas did not decide\n")
		if about != (r.Award != "" || r.Rank < last) {
			t.Errorf("rank %d, award %q: %q", r.Rank, r.Award, said.String())
		}
	}
	for name, c := range map[string]struct {
		code   string
		change func(seats []Seat) []Seat
	}{
		"one seat less":    {"seat_number", func(s []Seat) []Seat { return s[1:] }},
		"none":             {"seat_number", func([]Seat) []Seat { return []Seat{} }},
		"twice":            {"seat_twice", func(s []Seat) []Seat { s[0] = s[1]; return s }},
		"nobody":           {"seat_candidate", func(s []Seat) []Seat { s[0].Candidate = "x"; return s }},
		"no such award":    {"seat_award", func(s []Seat) []Seat { s[0].Award = "x"; return s }},
		"a quota":          {"seat_quota", func(s []Seat) []Seat { s[0].Candidate = p.other(s); return s }},
		"who is ranked on": {"seat_passed", func(s []Seat) []Seat { return exchangedAwards(s) }},
	} {
		_, err := decided(c.change(slices.Clone(own)))
		if !fault.HasCode(err, CodeSeats) || fault.From(err).Fields[0].Code != c.code || len(fault.From(err).Fields) > maxRefused {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// other is a candidate without a seat who is of another employer than the first
// with one: every employer is used up.
func (p problem) other(seats []Seat) string {
	var first int
	_, _ = fmt.Sscan(seats[0].Candidate, &first)
	for c := range p.candidates {
		id := fmt.Sprint(c)
		if !slices.ContainsFunc(seats, func(s Seat) bool { return s.Candidate == id }) &&
			p.candidates[c]["employer"] != p.candidates[first]["employer"] {
			return id
		}
	}
	return ""
}

// exchangedAwards gives the best candidate of the first award the second, which no
// quota tells from it, and the best of that the first.
func exchangedAwards(seats []Seat) []Seat {
	best := map[string]int{} // by award: the place in seats
	for i, s := range seats {
		var c, was int
		_, _ = fmt.Sscan(s.Candidate, &c)
		if at, ok := best[s.Award]; ok {
			_, _ = fmt.Sscan(seats[at].Candidate, &was)
		}
		if _, ok := best[s.Award]; !ok || c < was {
			best[s.Award] = i
		}
	}
	a, b := best["award0"], best["award1"]
	seats[a].Award, seats[b].Award = seats[b].Award, seats[a].Award
	return seats
}
