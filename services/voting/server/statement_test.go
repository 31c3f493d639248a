package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/voting"
)

// checkpoint is the log's last signed head.
func (r *room) checkpoint(t *testing.T) string {
	t.Helper()
	c, err := r.GetCheckpoint(r.ctx, voting.Of{Slug: slug})
	if err != nil {
		t.Fatal(err)
	}
	return c.Checkpoint
}

// stated is the statement of a ballot.
func (r *room) stated(t *testing.T, of voting.StatementOf) ballotlog.Statement {
	t.Helper()
	of.Slug = slug
	out, err := r.GetStatement(r.ctx, of)
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.signer.Public().OpenStatement(out.Statement, slug)
	if err != nil || s.At.IsZero() {
		t.Fatalf("%+v is %+v, %v", out, s, err)
	}
	return s
}

// TestStatement tells what is recorded for a ballot to who has its receipt or its
// key, and to nobody else: a credential alone is told the same of a voter who
// has a ballot and of one who has none. The exported log bears it out.
func TestStatement(t *testing.T) {
	r := setup(t)
	if _, err := r.GetStatement(r.ctx, voting.StatementOf{Slug: slug, Receipt: forged()}); !errors.Is(err, voting.ErrNotYet) {
		t.Errorf("of a selection that is not here: %v", err)
	}
	r.open(t, `{"voters": ["device"], "frequency": "daily", "picks": {"min": 1, "max": 3}, "change": "add", "counts": "hidden"}`)
	r.execute(t, `UPDATE voting SET opened_at = opened_at - interval '2 days'`)
	first := r.counted(t, keyed(ballot(1, 3, 1), "one"), ballot(2, 12))
	more := r.counted(t, ballot(1, 7))[0]

	for name, of := range map[string]voting.StatementOf{
		"voted, no secret":             {Voter: voter(1)},
		"voted, another key":           {Voter: voter(1), Key: voting.HashKey("two")},
		"voted without a key":          {Voter: voter(2), Key: voting.HashKey("one")},
		"not voted, no secret":         {Voter: voter(3)},
		"not voted, a key":             {Voter: voter(3), Key: voting.HashKey("one")},
		"a receipt that nobody issued": {Receipt: forged()},
		"no receipt":                   {Receipt: "x"},
	} {
		of.Slug = slug
		_, err := r.GetStatement(r.ctx, of)
		if f := fault.From(err); !errors.Is(err, voting.ErrNoReceipt) || len(f.Params)+len(f.Fields) > 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	one, same, two := r.stated(t, voting.StatementOf{Receipt: first[0].Receipt}),
		r.stated(t, voting.StatementOf{Voter: voter(1), Key: voting.HashKey("one")}), r.stated(t, voting.StatementOf{Receipt: first[1].Receipt})
	added := r.stated(t, voting.StatementOf{Receipt: more.Receipt})
	if len(one.Entries) != 2 || one.Ballots() != 2 || len(same.Entries) != 2 || len(added.Entries) != 2 || len(two.Entries) != 1 || two.Ballots() != 1 {
		t.Errorf("the entries:\n%v\n%v\n%v\n%v", one.Entries, same.Entries, added.Entries, two.Entries)
	}
	for i, e := range one.Entries {
		if e.Hash != same.Entries[i].Hash || e.Hash != added.Entries[i].Hash || e.Voter != one.Entries[0].Voter || e.Voter == two.Entries[0].Voter {
			t.Errorf("entry %d: %v, %v, %v", i, e, same.Entries[i], added.Entries[i])
		}
	}
	r.counted(t, ballot(3, 5)) // after the statements
	r.close(t)
	r.sealed(t)
	last := r.stated(t, voting.StatementOf{Receipt: first[0].Receipt})
	if last.Entries[0].Index < 0 || last.N != 4 {
		t.Errorf("after the close: %+v", last)
	}
	out := r.made(t, r.ExportLeaves)
	leaves := r.blob(t, out.Blob)
	for i, s := range []ballotlog.Statement{one, same, two, added, last} {
		if err := s.Check(strings.NewReader(leaves)); err != nil {
			t.Errorf("statement %d: %v", i, err)
		}
	}
}

// TestConsistency proves growth between sizes, and names the one that is wrong.
func TestConsistency(t *testing.T) {
	r := setup(t)
	r.open(t, once)
	_, empty := r.log(t, 0)
	r.cities(t, 0, 5, 2)
	_, first := r.log(t, 5)
	r.cities(t, 5, 295, 100)
	_, last := r.log(t, 300)
	for _, c := range []struct{ older, newer ballotlog.Head }{{empty, last}, {first, last}, {last, last}, {empty, empty}, {empty, first}} {
		out, err := r.ProveGrowth(r.ctx, voting.ConsistencyOf{Slug: slug, From: c.older.N, To: c.newer.N})
		if err != nil || out.From != c.older.N || out.To != c.newer.N || out.Path == nil {
			t.Fatalf("%d to %d: %+v, %v", c.older.N, c.newer.N, out, err)
		}
		path, err := ballotlog.ReadPath(out.Path)
		if err == nil {
			err = ballotlog.CheckGrowth(path, c.newer.Tree, c.older.Tree)
		}
		if err != nil {
			t.Errorf("%d to %d: %v", c.older.N, c.newer.N, err)
		}
	}
	for _, c := range []struct {
		from, to int64
		want     string
	}{{-1, 3, "from"}, {1, 301, "to"}, {3, 2, "from"}, {-1, 1 << 62, "from to"}, {301, 302, "from to"}} {
		_, err := r.ProveGrowth(r.ctx, voting.ConsistencyOf{Slug: slug, From: c.from, To: c.to})
		if !errors.Is(err, voting.ErrSizes) || strings.Join(fields(fault.From(err)), " ") != c.want {
			t.Errorf("%d to %d: %v", c.from, c.to, err)
		}
	}
	if _, err := r.ProveGrowth(r.ctx, voting.ConsistencyOf{Slug: "other"}); !errors.Is(err, voting.ErrNotYet) {
		t.Errorf("of a selection that is not here: %v", err)
	}
}

// TestRotation hands the log from one key over to the next, without a moment in
// which a reader who knows one of them is lost: alone, both, the next with the
// old one's public key.
func TestRotation(t *testing.T) {
	first := setup(t)
	first.open(t, once)
	first.cities(t, 0, 3, 3)
	_, head := first.log(t, 3)
	old := first.signer.Public()
	next := strings.Repeat("ab", 32)

	become := func(r *room, lines ...string) *room {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
		defer cancel()
		if err := r.running.Stop(ctx); err != nil {
			t.Fatal(err)
		}
		signer, err := ballotlog.ReadSigner(strings.Join(lines, "\n"))
		if err != nil {
			t.Fatal(err)
		}
		return signedBy(t, signer, first.nats, first.address, first.address)
	}
	both := become(first, next, fmt.Sprintf("%x", key()))
	c, err := both.GetCheckpoint(both.ctx, voting.Of{Slug: slug})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := old.Open(c.Checkpoint); err != nil || got != head {
		t.Errorf("by the old key: %+v, %v", got, err)
	}
	known, err := old.Follow(c.Key)
	if err != nil || len(known.Texts()) != 2 {
		t.Fatalf("the keys are %q, %v", c.Key, err)
	}
	both.cities(t, 3, 4, 2)
	both.log(t, 7)

	after := become(both, next, old.String())
	after.cities(t, 7, 2, 1)
	l, _ := after.log(t, 9)
	c, err = after.GetCheckpoint(after.ctx, voting.Of{Slug: slug})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.Open(c.Checkpoint); !errors.Is(err, ballotlog.ErrHead) {
		t.Errorf("the old key still signs: %v", err)
	}
	if got, err := known.Open(c.Checkpoint); err != nil || got.N != 9 {
		t.Errorf("by the keys handed over: %+v, %v", got, err)
	}
	path, err := ballotlog.Tiles(l.tile).ProveGrowth(headOf(t, known, c.Checkpoint).Tree, head.N)
	if err == nil {
		err = ballotlog.CheckGrowth(path, headOf(t, known, c.Checkpoint).Tree, head.Tree)
	}
	if err != nil {
		t.Errorf("since the old key signed: %v", err)
	}
	after.whole(t, 9)
}

func headOf(t *testing.T, key ballotlog.PublicKey, text string) ballotlog.Head {
	t.Helper()
	h, err := key.Open(text)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestRotation_checked finds a log that was changed while the key was: what the
// old key signed still holds, as long as its public key is in the file.
func TestRotation_checked(t *testing.T) {
	r := setup(t)
	r.open(t, once)
	r.cities(t, 0, 3, 3)
	r.log(t, 3)
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	if err := r.running.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	var kept []byte
	if err := r.deps.DB.Get(&kept, `SELECT edge FROM head`); err != nil {
		t.Fatal(err)
	}
	changed := bytes.Clone(kept)
	changed[0] ^= 1
	r.execute(t, `UPDATE head SET edge = $1`, changed)
	signer, err := ballotlog.ReadSigner(strings.Repeat("ab", 32) + "\n" + r.signer.Public().String())
	if err != nil {
		t.Fatal(err)
	}
	next := signedBy(t, signer, r.nats, r.address, r.address)
	if _, err := next.GetCheckpoint(next.ctx, voting.Of{Slug: slug}); err == nil {
		t.Error("a log that is not the one that was signed was signed anew")
	}
	next.execute(t, `UPDATE head SET edge = $1`, kept)
	testkit.Eventually(t, testkit.Patience, func() error {
		_, err := next.GetCheckpoint(next.ctx, voting.Of{Slug: slug})
		return err
	})
}
