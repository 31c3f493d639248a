package ballotlog_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
)

// votes is a log of which the first leaves are of the statement's time.
func votes(leaves ...ballotlog.Leaf) *tree {
	l := &tree{}
	for _, leaf := range leaves {
		l.add(leaf)
	}
	return l
}

func entry(b ballotlog.Ballot, index int64) ballotlog.Entry {
	return ballotlog.Entry{Period: b.Period, Voter: b.Voter, Ballot: true, Index: index, Hash: ballotlog.Hash(b.Append(nil))}
}

func none(b ballotlog.Ballot) ballotlog.Entry {
	return ballotlog.Entry{Period: b.Period, Voter: b.Voter}
}

func about(l *tree, entries ...ballotlog.Entry) ballotlog.Statement {
	return ballotlog.Statement{
		Head:    ballotlog.Head{Origin: ballotlog.StatementOrigin(slug), Tree: l.Tree(), At: time.Date(2026, 5, 3, 8, 0, 0, 120_000_000, time.UTC)},
		Entries: entries,
	}
}

// TestStatement_tampered signs a statement, reads it back, and refuses it after
// any byte is changed.
func TestStatement_tampered(t *testing.T) {
	next := ballot(2, 5)
	next.Period = "2026-05-02"
	l := votes(ballot(1, 1, 2))
	want := about(l, entry(ballot(1, 1, 2), 0), none(next), entry(ballot(1, 3), ballotlog.Pending))
	s := signer(t)
	text, err := s.SignStatement(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Public().OpenStatement(text, slug)
	if err != nil || got.Ballots() != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("read back (-signed +read):\n%s", diff)
	}
	if strings.Contains(text, "1,2") {
		t.Errorf("it shows the picks:\n%s", text)
	}
	for i := range text {
		bad := []byte(text)
		bad[i] ^= 1
		if _, err := s.Public().OpenStatement(string(bad), slug); !errors.Is(err, ballotlog.ErrStatement) {
			t.Errorf("byte %d changed: %v", i, err)
		}
	}
	if _, err := s.Public().OpenStatement(text, "other"); !errors.Is(err, ballotlog.ErrStatement) {
		t.Errorf("of another selection: %v", err)
	}
	if _, err := s.Public().Open(text); !errors.Is(err, ballotlog.ErrHead) {
		t.Errorf("as a checkpoint: %v", err)
	}
}

// TestStatement_malformed signs what is no statement.
func TestStatement_malformed(t *testing.T) {
	s := signer(t)
	l := votes(ballot(1, 1))
	for name, st := range map[string]ballotlog.Statement{
		"of nothing":         about(l),
		"place beyond":       about(l, entry(ballot(1, 1), 1)),
		"period":             about(l, none(ballotlog.Ballot{Period: "today"})),
		"period of two":      about(l, none(ballotlog.Ballot{Period: "once none"})),
		"untimed checkpoint": {Head: ballotlog.Head{Origin: ballotlog.StatementOrigin(slug), Tree: l.Tree()}, Entries: []ballotlog.Entry{none(ballot(1, 1))}},
	} {
		text, err := s.SignStatement(st)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.Public().OpenStatement(text, slug); !errors.Is(err, ballotlog.ErrStatement) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// TestStatement_Check holds statements against the whole log.
func TestStatement_Check(t *testing.T) {
	a, b, late := ballot(1, 1, 2), ballot(2, 3), ballot(3, 4)
	second := ballot(1, 9)
	whole := lines(a, b, late, ballotlog.Removal{Index: 1, Reason: "joined"})
	then := votes(a, b) // the log when the statement was made
	empty := votes()
	changed := about(then, none(late))
	changed.Hash[0] ^= 1
	emptied := about(empty, none(late))
	emptied.Hash[0] ^= 1
	for name, c := range map[string]struct {
		statement ballotlog.Statement
		leaves    string
		holds     bool
	}{
		"recorded":                     {about(then, entry(a, 0)), whole, true},
		"none":                         {about(then, none(ballot(7, 1))), whole, true},
		"none then, cast since":        {about(then, none(late)), whole, true},
		"of the empty log":             {about(empty, none(a)), whole, true},
		"pending, in since":            {about(then, entry(late, ballotlog.Pending)), whole, true},
		"added later":                  {about(votes(a, second), entry(a, 0), entry(second, 1)), lines(a, second), true},
		"none is refuted":              {about(then, none(a)), whole, false},
		"a further ballot":             {about(votes(a, second), entry(a, 0)), lines(a, second), false},
		"another place":                {about(then, entry(a, 1)), whole, false},
		"another ballot":               {about(then, entry(second, 0)), whole, false},
		"a removal's place":            {about(votes(a, b, late, ballotlog.Removal{Index: 1, Reason: "joined"}), entry(a, 3)), whole, false},
		"pending, never in":            {about(then, entry(ballot(7, 1), ballotlog.Pending)), whole, false},
		"pending, and was in":          {about(then, entry(a, ballotlog.Pending)), whole, false},
		"another log":                  {changed, whole, false},
		"another empty log":            {emptied, whole, false},
		"a shorter log":                {about(then, entry(a, 0)), lines(a), false},
		"a log of something":           {about(then, entry(a, 0)), "ballot\n", false},
		"the same ballot stated twice": {about(then, entry(a, 0), entry(a, 0)), whole, false},
	} {
		if err := c.statement.Check(strings.NewReader(c.leaves)); (err == nil) != c.holds || err != nil && !errors.Is(err, ballotlog.ErrExport) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
