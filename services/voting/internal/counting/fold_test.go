package counting

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/voting/internal/candidates"
	"github.com/laurel-awards/laurel/services/voting/migrations"
)

const batches = 40

// setup is a selection with batches of 1, 2, 3 … ballots that wait.
func setup(t *testing.T) (*Sequencer, *sqlx.DB) {
	t.Helper()
	db := testkit.Service(t, "voting", outbox.Set(), phase.Set(), migrations.Set())
	if _, err := db.ExecContext(t.Context(), `
		INSERT INTO selection (slug, hash, rulebook, frozen_at)
		VALUES ('s-1', '', '{"laurel": 1, "timezone": "Asia/Shanghai", "voting": {"voters": ["device"], "counts": "live"}}', now());
		INSERT INTO voting (slug, key_check) VALUES ('s-1', '');
		INSERT INTO head (selection, next_index) VALUES (1, 0);
		INSERT INTO batch (id, selection, period, committed_at, ballots, skipped) SELECT id, 1, 0, now(), id, '{}' FROM generate_series(1, 40) id;
		INSERT INTO batch_body SELECT id, '{7}', ARRAY[id], decode(repeat('5a', 32 * id), 'hex'), '' FROM generate_series(1, 40) id`); err != nil {
		t.Fatal(err)
	}
	signer, err := ballotlog.NewSigner(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	return New(run.Deps{DB: db, Jobs: job.New(db, time.Now, testkit.Log(t)), Now: time.Now, Log: testkit.Log(t)}, signer, candidates.NewCache(phase.NewSelections())), db
}

// TestSequencer_panic has the count of a selection panic: the others are counted
// in the same round, and that one is tried again later.
func TestSequencer_panic(t *testing.T) {
	s, db := setup(t)
	if _, err := db.ExecContext(t.Context(), `
		INSERT INTO selection (slug, hash, rulebook, frozen_at) SELECT 's-2', 'other', rulebook, now() FROM selection;
		INSERT INTO voting (slug, key_check) VALUES ('s-2', '');
		INSERT INTO head (selection, next_index) VALUES (2, 0);
		INSERT INTO batch (id, selection, period, committed_at, ballots, skipped) VALUES (41, 2, 0, now(), 1, '{}');
		INSERT INTO batch_body VALUES (41, '{7}', '{1}', decode(repeat('5a', 32), 'hex'), '')`); err != nil {
		t.Fatal(err)
	}
	now, asked := s.now, 0
	s.now = func() time.Time { // the first selection's
		if asked++; asked == 1 {
			panic("spilled")
		}
		return now()
	}
	counted := 0
	round := func() error {
		return pg.Lead(t.Context(), db, lead, func(leader *pg.Leader) error {
			n, err := s.round(t.Context(), leader)
			counted += n
			return err
		})
	}
	if err := round(); err != nil {
		t.Fatal(err)
	}
	if len(s.failed) != 1 || counted == 0 {
		t.Fatalf("counted %d beside a panic; failed %v", counted, s.failed)
	}
	const all = batches*(batches+1)/2 + 1
	testkit.Eventually(t, testkit.Patience, func() error {
		if err := round(); err != nil || counted != all {
			return fmt.Errorf("counted %d of %d, %w", counted, all, err)
		}
		return nil
	})
}

// TestFold_atOnce has sequencers that believe to lead alone, all at once: the
// head lets each batch in once.
func TestFold_atOnce(t *testing.T) {
	s, db := setup(t)
	var g errgroup.Group
	for range 6 {
		g.Go(func() error {
			f := fold{sequencer: s, selection: 1}
			return pg.InTx(t.Context(), db, func(tx *sqlx.Tx) error { return f.run(t.Context(), tx) })
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	const all = batches * (batches + 1) / 2
	var got struct {
		Head   int64 `db:"head"`
		Votes  int64 `db:"votes"`
		Events int64 `db:"events"`
		Gaps   int64 `db:"gaps"`
	}
	if err := db.Get(&got, `
		SELECT (SELECT next_index FROM head) AS head, (SELECT votes FROM tally WHERE candidate = 7) AS votes,
		       (SELECT count(*) FROM outbox) AS events,
		       (SELECT count(*) FROM batch b
		        WHERE first_index IS DISTINCT FROM (SELECT coalesce(sum(ballots), 0) FROM batch a WHERE a.id < b.id)) AS gaps`); err != nil {
		t.Fatal(err)
	}
	if got.Head != all || got.Votes != all || got.Events != 1 || got.Gaps != 0 {
		t.Errorf("%+v, want %d ballots in one fold", got, all)
	}
}

// TestSequencer_oneLeads lets a second one wait, and take over when the first
// has lost its session.
func TestSequencer_oneLeads(t *testing.T) {
	s, db := setup(t)
	first, err := pg.TryLeader(t.Context(), db, lead)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.try(t.Context()); err != nil {
		t.Errorf("while another leads: %v", err)
	}
	counted := func() (n int64, err error) {
		err = db.Get(&n, `SELECT next_index FROM head`)
		return n, err
	}
	if n, err := counted(); err != nil || n != 0 {
		t.Fatalf("%d counted without the lead, %v", n, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var g errgroup.Group
	g.Go(func() error { return s.Run(ctx) })
	defer func() { stop(); _ = g.Wait() }()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, testkit.Patience, func() error {
		n, err := counted()
		if err == nil && n == 0 {
			err = errors.New("not taken over")
		}
		return err
	})
}

// TestFold_afterSeal refuses what cannot be.
func TestFold_afterSeal(t *testing.T) {
	s, db := setup(t)
	if _, err := db.ExecContext(t.Context(), `UPDATE head SET sealed_at = now()`); err != nil {
		t.Fatal(err)
	}
	f := fold{sequencer: s, selection: 1}
	if err := pg.InTx(t.Context(), db, func(tx *sqlx.Tx) error { return f.run(t.Context(), tx) }); err == nil {
		t.Error("batches after the seal were counted")
	}
	var waiting int
	if err := db.Get(&waiting, `SELECT count(*) FROM batch WHERE first_index IS NULL`); err != nil || waiting != batches {
		t.Errorf("%d batches wait, want %d, %v", waiting, batches, err)
	}
}

// TestFold_withoutBody does not seal a log that lacks a batch's leaves.
func TestFold_withoutBody(t *testing.T) {
	s, db := setup(t)
	if _, err := db.ExecContext(t.Context(), `DELETE FROM batch_body WHERE batch = 7; UPDATE voting SET closed_at = now()`); err != nil {
		t.Fatal(err)
	}
	f := fold{sequencer: s, selection: 1}
	err := pg.InTx(t.Context(), db, func(tx *sqlx.Tx) error { return f.run(t.Context(), tx) })
	var sealed bool
	if e := db.Get(&sealed, `SELECT sealed_at IS NOT NULL FROM head`); e != nil || sealed {
		t.Errorf("sealed %t, %v; fold: %v", sealed, e, err)
	}
}
