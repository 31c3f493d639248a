package ballotlog_test

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
)

func lines(leaves ...ballotlog.Leaf) string {
	var b strings.Builder
	for _, l := range leaves {
		b.WriteString(l.String() + "\n")
	}
	return b.String()
}

func TestCount(t *testing.T) {
	one := ballotlog.Rules{Min: 1, Max: 3}
	adds := ballotlog.Rules{Adds: true, Min: 2, Max: 3}
	next := ballot(1, 2)
	next.Period = "2026-05-02"
	for name, c := range map[string]struct {
		leaves string
		rules  ballotlog.Rules
		votes  map[int]int64 // nil: refused
	}{
		"empty":               {"", one, map[int]int64{}},
		"two voters":          {lines(ballot(1, 1, 2), ballot(2, 2)), one, map[int]int64{1: 1, 2: 2}},
		"next day":            {lines(ballot(1, 1, 2), next), one, map[int]int64{1: 1, 2: 2}},
		"removed":             {lines(ballot(1, 1, 2), ballot(2, 2), ballotlog.Removal{Index: 0, Reason: "joined"}), one, map[int]int64{2: 1}},
		"removed last":        {lines(ballot(1, 1), ballotlog.Removal{Index: 0, Reason: "joined"}), one, map[int]int64{}},
		"added":               {lines(ballot(1, 1), ballot(1, 2, 3)), adds, map[int]int64{1: 1, 2: 1, 3: 1}},
		"twice":               {lines(ballot(1, 1), ballot(2, 1), ballot(1, 2)), one, nil},
		"too many":            {lines(ballot(1, 1, 2, 3, 4)), one, nil},
		"too few":             {lines(ballot(1, 1)), adds, nil},
		"added too many":      {lines(ballot(1, 1, 2), ballot(1, 3, 4)), adds, nil},
		"added the same":      {lines(ballot(1, 1, 2), ballot(1, 2)), adds, nil},
		"removed twice":       {lines(ballot(1, 1), ballotlog.Removal{Index: 0, Reason: "a"}, ballotlog.Removal{Index: 0, Reason: "b"}), one, nil},
		"removed later one":   {lines(ballotlog.Removal{Index: 1, Reason: "a"}, ballot(1, 1)), one, nil},
		"removed itself":      {lines(ballotlog.Removal{Index: 0, Reason: "a"}), one, nil},
		"removed a removal":   {lines(ballot(1, 1), ballotlog.Removal{Index: 0, Reason: "a"}, ballotlog.Removal{Index: 1, Reason: "b"}), one, nil},
		"broken off":          {strings.TrimSuffix(lines(ballot(1, 1)), "\n"), one, nil},
		"blank line":          {lines(ballot(1, 1)) + "\n", one, nil},
		"carriage return":     {strings.ReplaceAll(lines(ballot(1, 1)), "\n", "\r\n"), one, nil},
		"line without an end": {strings.Repeat("x", 2*ballotlog.MaxLeaf), one, nil},
	} {
		r, err := ballotlog.Count(strings.NewReader(c.leaves), c.rules)
		if c.votes == nil {
			if !errors.Is(err, ballotlog.ErrExport) {
				t.Errorf("%s: %+v, %v", name, r, err)
			}
			continue
		}
		if err != nil || !maps.Equal(r.Votes, c.votes) {
			t.Errorf("%s: %+v, %v, want %v", name, r, err, c.votes)
		}
	}
}

// TestCount_tampered changes every byte of an export in turn: it is refused, as
// another log if not before.
func TestCount_tampered(t *testing.T) {
	l := &tree{}
	export := ""
	for _, leaf := range []ballotlog.Leaf{ballot(1, 1, 2), ballot(2, 2), ballot(3, 1, 2, 3), ballotlog.Removal{Index: 1, Reason: "a voter of two ways"}} {
		l.add(leaf)
		export += lines(leaf)
	}
	head := ballotlog.Head{Origin: ballotlog.CheckpointOrigin(slug), Tree: l.Tree()}
	check := func(text string) error {
		r, err := ballotlog.Count(strings.NewReader(text), ballotlog.Rules{})
		if err == nil {
			err = r.CheckHead(head)
		}
		return err
	}
	if err := check(export); err != nil {
		t.Fatal(err)
	}
	for i := range export {
		for _, change := range []byte{1, 2, 0x10, 0x80} {
			bad := []byte(export)
			bad[i] ^= change
			if err := check(string(bad)); !errors.Is(err, ballotlog.ErrExport) {
				t.Errorf("byte %d changed by %x: %v", i, change, err)
			}
		}
		if err := check(export[:i]); !errors.Is(err, ballotlog.ErrExport) {
			t.Errorf("cut off at %d: %v", i, err)
		}
	}
}

func TestRecount_CheckVotes(t *testing.T) {
	r := ballotlog.Recount{Votes: map[int]int64{1: 3, 2: 1}}
	for name, c := range map[string]struct {
		votes  map[int]int64
		struck []int
		ok     bool
	}{
		"right":          {map[int]int64{1: 3, 2: 1, 3: 0}, nil, true},
		"struck":         {map[int]int64{1: 3}, []int{2}, true},
		"one more":       {map[int]int64{1: 4, 2: 1}, nil, false},
		"left out":       {map[int]int64{1: 3}, nil, false},
		"invented":       {map[int]int64{1: 3, 2: 1, 3: 1}, nil, false},
		"struck, listed": {map[int]int64{1: 3, 2: 1}, []int{2}, false},
		"none":           {nil, nil, false},
	} {
		if err := r.CheckVotes(c.votes, c.struck); (err == nil) != c.ok || err != nil && !errors.Is(err, ballotlog.ErrExport) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
