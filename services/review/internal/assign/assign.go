// Package assign draws which jurors score which candidates, balanced and so
// that anybody can repeat it. It does no I/O.
package assign

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
)

// Pair says that the juror of a seat scores a candidate.
type Pair struct {
	Seat      int `db:"seat"`
	Candidate int `db:"candidate"`
}

// Draw is what a draw starts from.
type Draw struct {
	Seed       string
	Each       int           // jurors that a candidate needs
	Seats      []int         // who may be drawn
	Candidates []int         // who is to be scored
	Barred     map[Pair]bool // conflicts
	Abstained  []Pair        // a load, but not one of the candidate's jurors
	Fixed      []Pair        // done or begun: stays, also of seats that are no longer drawn
	Kept       []Pair        // drawn before: moves only to level the loads
}

// Balance gives each candidate its jurors. Candidates are taken in the order of
// SHA-256("SEED\nCANDIDATE"); each gets, of the jurors without a conflict, those
// with the fewest candidates so far, and among these the lowest
// SHA-256("SEED\nCANDIDATE\nSEAT"). Without conflicts loads then differ by one at
// most. Where conflicts or dropouts leave a greater difference, candidates are
// handed on along shortest chains of jurors until no chain can lessen it, which
// is the least difference that there is.
//
// pairs is ordered by candidate and seat, fixed ones included; short names the
// candidates that have too few jurors without a conflict.
func (d Draw) Balance() (pairs []Pair, short []int) {
	t := d.table()
	counts, known := map[int]int{}, map[int]bool{}
	for _, c := range d.Candidates {
		known[c] = true
	}
	put := func(list []Pair, fixed bool) {
		for _, p := range list {
			if t.on[p] || !known[p.Candidate] {
				continue
			}
			t.on[p], t.fixed[p] = true, fixed
			t.load[p.Seat]++
			counts[p.Candidate]++
		}
	}
	put(d.Fixed, true)
	put(d.Kept, false)
	for _, c := range t.shuffled() {
		for counts[c] < d.Each {
			seat, ok := t.least(c)
			if !ok {
				short = append(short, c)
				break
			}
			t.on[Pair{seat, c}] = true
			t.load[seat]++
			counts[c]++
		}
	}
	for t.level() {
	}
	for p, on := range t.on {
		if on {
			pairs = append(pairs, p)
		}
	}
	slices.SortFunc(pairs, func(a, b Pair) int {
		return cmp.Or(cmp.Compare(a.Candidate, b.Candidate), cmp.Compare(a.Seat, b.Seat))
	})
	slices.Sort(short)
	return pairs, short
}

// Further draws one more juror for a candidate, by the same rule.
func (d Draw) Further(candidate int) (seat int, ok bool) {
	t := d.table()
	for _, p := range slices.Concat(d.Fixed, d.Kept) {
		t.on[p] = true
		t.load[p.Seat]++
	}
	return t.least(candidate)
}

// table is a draw under way.
type table struct {
	Draw
	on, fixed, spent map[Pair]bool
	load             map[int]int // by seat
}

func (d Draw) table() table {
	t := table{Draw: d, on: map[Pair]bool{}, fixed: map[Pair]bool{}, spent: map[Pair]bool{}, load: map[int]int{}}
	for _, p := range d.Abstained {
		t.spent[p] = true
		t.load[p.Seat]++
	}
	return t
}

func (t *table) shuffled() []int {
	hashes := make(map[int]string, len(t.Candidates))
	for _, c := range t.Candidates {
		hashes[c] = t.hash(c)
	}
	order := slices.Clone(t.Candidates)
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(hashes[a], hashes[b]) })
	return order
}

func (t *table) hash(numbers ...int) string {
	text := t.Seed
	for _, n := range numbers {
		text += "\n" + strconv.Itoa(n)
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// free tells whether the candidate can go to the seat.
func (t *table) free(seat, candidate int) bool {
	p := Pair{seat, candidate}
	return !t.on[p] && !t.Barred[p] && !t.spent[p]
}

// least gives the free seat with the least load.
func (t *table) least(candidate int) (seat int, ok bool) {
	for _, s := range t.Seats {
		if !t.free(s, candidate) {
			continue
		}
		if !ok || cmp.Or(cmp.Compare(t.load[s], t.load[seat]), cmp.Compare(t.hash(candidate, s), t.hash(candidate, seat))) < 0 {
			seat, ok = s, true
		}
	}
	return seat, ok
}

// level moves one candidate's worth of load from a seat to one that has at least
// two less, and tells whether it could.
func (t *table) level() bool {
	order := slices.Clone(t.Seats)
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(t.load[b], t.load[a]), cmp.Compare(a, b)) })
	if len(order) == 0 || t.load[order[0]]-t.load[order[len(order)-1]] < 2 {
		return false
	}
	return slices.ContainsFunc(order, t.relieve)
}

// relieve looks for the shortest chain of jurors along which candidates can be
// handed on from the seat to one with at least two less, and hands them on.
func (t *table) relieve(from int) bool {
	type step struct{ seat, candidate int } // the candidate came from the seat
	came := map[int]step{from: {}}
	for queue := []int{from}; len(queue) > 0; queue = queue[1:] {
		seat := queue[0]
		if t.load[seat] <= t.load[from]-2 {
			for at := seat; at != from; at = came[at].seat {
				s := came[at]
				t.on[Pair{s.seat, s.candidate}], t.on[Pair{at, s.candidate}] = false, true
			}
			t.load[from]--
			t.load[seat]++
			return true
		}
		for _, c := range t.Candidates {
			if p := (Pair{seat, c}); !t.on[p] || t.fixed[p] {
				continue
			}
			for _, to := range t.Seats {
				if _, seen := came[to]; !seen && t.free(to, c) {
					came[to] = step{seat, c}
					queue = append(queue, to)
				}
			}
		}
	}
	return false
}
