package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

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

// stated is the n-th voter's statement.
func (r *room) stated(t *testing.T, n int) ballotlog.Statement {
	t.Helper()
	out, err := r.GetStatement(r.ctx, voting.StatementOf{Slug: slug, Voter: voter(n)})
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.signer.Public().OpenStatement(out.Statement, slug)
	if err != nil || s.Ballots() != out.Ballots || s.At.IsZero() {
		t.Fatalf("%+v is %+v, %v", out, s, err)
	}
	return s
}

// TestStatement tells each voter what is recorded for them: nothing, a ballot,
// two where picks may be added; and the exported log bears it out.
func TestStatement(t *testing.T) {
	r := setup(t)
	if _, err := r.GetStatement(r.ctx, voting.StatementOf{Slug: slug, Voter: voter(1)}); !errors.Is(err, voting.ErrNotYet) {
		t.Errorf("of a selection that is not here: %v", err)
	}
	r.selection.Freeze(book(`{"voters": ["device"], "frequency": "daily", "picks": {"min": 1, "max": 3},
		"change": "add", "counts": "hidden"}`))
	r.selection.Hand(r.admitted(t)...)
	if _, err := r.GetStatement(r.ctx, voting.StatementOf{Slug: slug, Voter: voter(1)}); !errors.Is(err, voting.ErrNotOpen) {
		t.Errorf("before the opening: %v", err)
	}
	r.selection.Hand(r.phase(t, "open", nil))
	r.execute(t, `UPDATE voting SET opened_at = opened_at - interval '2 days'`)
	r.counted(t, ballot(1, 3, 1), ballot(2, 12))
	r.counted(t, ballot(1, 7))
	r.log(t, 3)

	one, two, other := r.stated(t, 1), r.stated(t, 2), r.stated(t, 3)
	if len(one.Entries) != 4 || one.Ballots() != 2 || len(two.Entries) != 3 || two.Ballots() != 1 || len(other.Entries) != 3 || other.Ballots() != 0 {
		t.Errorf("three days:\n%v\n%v\n%v", one.Entries, two.Entries, other.Entries)
	}
	if one.Entries[2].Voter != one.Entries[3].Voter || one.Entries[1].Voter == one.Entries[2].Voter || one.Entries[2].Voter == two.Entries[2].Voter {
		t.Errorf("the pseudonyms are %v and %v", one.Entries, two.Entries)
	}
	last := r.stated(t, 2).Entries[2]
	if last.Period != two.At.In(time.FixedZone("CST", 8*3600)).Format(time.DateOnly) {
		t.Errorf("the last period is %s at %s", last.Period, two.At)
	}
	r.counted(t, ballot(3, 5)) // after the statement that there is none
	r.log(t, 4)
	r.close(t)
	r.sealed(t)
	out := r.made(t, r.ExportLeaves)
	leaves := r.blob(t, out.Blob)
	for i, s := range []ballotlog.Statement{one, two, other, r.stated(t, 3)} {
		if err := s.Check(strings.NewReader(leaves)); err != nil {
			t.Errorf("statement %d: %v", i, err)
		}
	}
}

// TestStatement_pending states ballots that no fold has taken up yet, behind
// one in their batch that fell out.
func TestStatement_pending(t *testing.T) {
	r := setup(t)
	r.open(t, once)
	r.counted(t, ballot(1, 1))
	r.log(t, 1)
	tx, err := r.deps.DB.BeginTxx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), `SELECT FROM head FOR UPDATE`); err != nil { // the sequencer waits
		t.Fatal(err)
	}
	r.cast(t, ballot(1, 2), ballot(2, 3), ballot(3, 4))
	pending := r.stated(t, 3)
	if e := pending.Entries; len(e) != 1 || !e[0].Ballot || e[0].Index != ballotlog.Pending || pending.N != 1 {
		t.Errorf("before it is in the log: %+v", pending)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	r.log(t, 3)
	if e := r.stated(t, 3).Entries; len(e) != 1 || e[0].Index < 1 || e[0].Hash != pending.Entries[0].Hash {
		t.Errorf("in the log: %v", e)
	}
	r.close(t)
	r.sealed(t)
	out := r.made(t, r.ExportLeaves)
	for _, s := range []ballotlog.Statement{pending, r.stated(t, 2)} {
		if err := s.Check(strings.NewReader(r.blob(t, out.Blob))); err != nil {
			t.Error(err)
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
