package assign_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/laurel-awards/laurel/services/review/internal/assign"
)

func numbers(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i + 1
	}
	return out
}

// shape counts each candidate's jurors and each seat's candidates.
func shape(t interface{ Fatalf(string, ...any) }, pairs []assign.Pair) (jurors, loads map[int]int) {
	jurors, loads = map[int]int{}, map[int]int{}
	seen := map[assign.Pair]bool{}
	for _, p := range pairs {
		if seen[p] {
			t.Fatalf("%v is drawn twice", p)
		}
		seen[p] = true
		jurors[p.Candidate]++
		loads[p.Seat]++
	}
	return jurors, loads
}

func spread(loads map[int]int, seats int) int {
	low, high := loads[1], loads[1]
	for s := 1; s <= seats; s++ {
		low, high = min(low, loads[s]), max(high, loads[s])
	}
	return high - low
}

// TestBalance_even gives, without conflicts, each candidate exactly its number
// of jurors and loads that differ by one at most, and the same again.
func TestBalance_even(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seats := rapid.IntRange(1, 12).Draw(t, "seats")
		d := assign.Draw{
			Seed: rapid.String().Draw(t, "seed"), Each: rapid.IntRange(1, seats).Draw(t, "each"),
			Seats: numbers(seats), Candidates: numbers(rapid.IntRange(0, 40).Draw(t, "candidates")),
		}
		pairs, short := d.Balance()
		jurors, loads := shape(t, pairs)
		for _, c := range d.Candidates {
			if jurors[c] != d.Each {
				t.Fatalf("candidate %d has %d jurors, want %d", c, jurors[c], d.Each)
			}
		}
		if len(short) > 0 || spread(loads, seats) > 1 {
			t.Fatalf("short %v, loads %v", short, loads)
		}
		if again, _ := d.Balance(); !cmp.Equal(pairs, again) {
			t.Fatalf("drawn again: %v, before %v", again, pairs)
		}
	})
}

// TestBalance_abstained draws another juror in the place of one who abstains,
// which is a load all the same.
func TestBalance_abstained(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seats := rapid.IntRange(2, 8).Draw(t, "seats")
		d := assign.Draw{
			Seed: "s", Each: rapid.IntRange(1, seats-1).Draw(t, "each"),
			Seats: numbers(seats), Candidates: numbers(rapid.IntRange(1, 20).Draw(t, "candidates")),
		}
		d.Kept, _ = d.Balance()
		i := rapid.IntRange(0, len(d.Kept)-1).Draw(t, "abstained")
		shy := d.Kept[i]
		d.Abstained, d.Kept = []assign.Pair{shy}, slices.Delete(d.Kept, i, i+1)
		pairs, short := d.Balance()
		jurors, loads := shape(t, append(pairs, shy)) // fails where it is drawn again
		if loads := spread(loads, seats); jurors[shy.Candidate] != d.Each+1 || len(short) > 0 || loads > 1 {
			t.Fatalf("%v abstains: %v, short %v, loads differ by %d", shy, pairs, short, loads)
		}
		if seat, ok := d.Further(shy.Candidate); ok && seat == shy.Seat {
			t.Fatalf("who abstains from %v is its further juror", shy)
		}
	})
}

// TestBalance_conflicts compares the difference of loads with the least of all
// drawings, tried one by one.
func TestBalance_conflicts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := assign.Draw{Seed: "s", Each: rapid.IntRange(1, 2).Draw(t, "each"), Seats: numbers(3), Candidates: numbers(5), Barred: map[assign.Pair]bool{}}
		for _, c := range d.Candidates {
			for _, s := range d.Seats {
				if rapid.IntRange(0, 2).Draw(t, "barred") == 0 {
					d.Barred[assign.Pair{Seat: s, Candidate: c}] = true
				}
			}
		}
		pairs, short := d.Balance()
		jurors, loads := shape(t, pairs)
		for _, p := range pairs {
			if d.Barred[p] {
				t.Fatalf("%v is in conflict", p)
			}
		}
		lacking := 0
		for _, c := range d.Candidates {
			if jurors[c] < d.Each {
				lacking++
			}
		}
		if lacking != len(short) {
			t.Fatalf("short %v, jurors %v", short, jurors)
		}
		if best := leastSpread(d, 0, map[int]int{}); spread(loads, 3) != best {
			t.Fatalf("loads %v differ by %d, at best %d", loads, spread(loads, 3), best)
		}
	})
}

// leastSpread tries every way to give each candidate as many jurors as it can
// have.
func leastSpread(d assign.Draw, at int, loads map[int]int) int {
	if at == len(d.Candidates) {
		return spread(loads, len(d.Seats))
	}
	var free []int
	for _, s := range d.Seats {
		if !d.Barred[assign.Pair{Seat: s, Candidate: d.Candidates[at]}] {
			free = append(free, s)
		}
	}
	best := 1 << 30
	for set := range 1 << len(free) {
		var chosen []int
		for i, s := range free {
			if set>>i&1 == 1 {
				chosen = append(chosen, s)
			}
		}
		if len(chosen) != min(d.Each, len(free)) {
			continue
		}
		for _, s := range chosen {
			loads[s]++
		}
		best = min(best, leastSpread(d, at+1, loads))
		for _, s := range chosen {
			loads[s]--
		}
	}
	return best
}

// TestBalance_dropout lets a juror go whose done work stays: the rest goes to
// the others, who keep what they have.
func TestBalance_dropout(t *testing.T) {
	d := assign.Draw{Seed: "s", Each: 2, Seats: numbers(4), Candidates: numbers(20)}
	before, _ := d.Balance()
	after := assign.Draw{Seed: "s", Each: 2, Seats: []int{1, 2, 3}, Candidates: d.Candidates}
	done := 0
	for _, p := range before {
		switch {
		case p.Seat == 4 && done < 5:
			after.Fixed = append(after.Fixed, p)
			done++
		case p.Seat != 4:
			after.Kept = append(after.Kept, p)
		}
	}
	pairs, short := after.Balance()
	jurors, loads := shape(t, pairs)
	for _, c := range d.Candidates {
		if jurors[c] != 2 {
			t.Errorf("candidate %d has %d jurors", c, jurors[c])
		}
	}
	if len(short) > 0 || loads[4] != 5 || spread(loads, 3) > 1 {
		t.Errorf("short %v, loads %v", short, loads)
	}
	if seat, ok := after.Further(1); !ok || after.Barred[assign.Pair{Seat: seat, Candidate: 1}] {
		t.Errorf("further juror %d, %t", seat, ok)
	}
}
