package counting

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/audit"
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
	db := testkit.Service(t, "voting", outbox.Set(), audit.Set(), job.Set(), phase.Set(), migrations.Set())
	if _, err := db.ExecContext(t.Context(), `
		INSERT INTO selection (slug, hash, rulebook, frozen_at)
		VALUES ('s-1', '', '{"laurel": 1, "timezone": "Asia/Shanghai", "voting": {"voters": ["device"], "counts": "live",
			"publication": {"every": "1h", "ballots": 1}}}', now());
		INSERT INTO voting (slug, key_check, opened_at) VALUES ('s-1', '', now() - interval '2 hours');
		INSERT INTO head (selection, next_index) VALUES (1, 0);
		INSERT INTO batch (id, selection, period, committed_at, ballots, skipped) SELECT id, 1, 0, now(), id, '{}' FROM generate_series(1, 40) id;
		INSERT INTO batch_body
		SELECT id, '{7}', ARRAY[id], (SELECT string_agg(sha256(int8send(1000 * id + n)), '') FROM generate_series(1, id) n), ''
		FROM generate_series(1, 40) id`); err != nil {
		t.Fatal(err)
	}
	signer, err := ballotlog.NewSigner(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	deps := run.Deps{DB: db, Jobs: job.New(db, time.Now, testkit.Log(t)), Now: time.Now, Log: testkit.Log(t)}
	return New(deps, signer, candidates.NewCache(phase.NewSelections())), db
}

// TestSequencer_panic has a publication panic: the other selection's is made in
// the same round, and that one is tried again later.
func TestSequencer_panic(t *testing.T) {
	s, db := setup(t)
	if _, err := db.ExecContext(t.Context(), `
		INSERT INTO selection (slug, hash, rulebook, frozen_at) SELECT 's-2', 'other', rulebook, now() FROM selection;
		INSERT INTO voting (slug, key_check, opened_at) VALUES ('s-2', '', now() - interval '2 hours');
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
	const all = batches*(batches+1)/2 + 1
	round := func() (counted int, published int64) {
		t.Helper()
		if err := pg.Lead(t.Context(), db, lead, func(leader *pg.Leader) (err error) {
			counted, err = s.round(t.Context(), leader)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := db.Get(&published, `SELECT sum(log_size) FROM head`); err != nil {
			t.Fatal(err)
		}
		return counted, published
	}
	if counted, published := round(); counted != all || published != 0 {
		t.Fatalf("%d counted of %d, %d published", counted, all, published)
	}
	if _, published := round(); len(s.failed) != 1 || published == 0 || published == all {
		t.Fatalf("published %d of %d beside a panic; failed %v", published, all, s.failed)
	}
	testkit.Eventually(t, testkit.Patience, func() error {
		if _, published := round(); published != all {
			return fmt.Errorf("published %d of %d", published, all)
		}
		return nil
	})
}

// TestFold_atOnce has sequencers that believe to lead alone, all at once: the
// head lets each batch in once.
func TestFold_atOnce(t *testing.T) {
	_, db := setup(t)
	var g errgroup.Group
	for range 6 {
		g.Go(func() error {
			f := fold{selections: []int{1}}
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
		Public int64 `db:"public"`
		Gaps   int64 `db:"gaps"`
	}
	if err := db.Get(&got, `
		SELECT (SELECT next_index FROM head) AS head, (SELECT votes FROM tally WHERE candidate = 7) AS votes,
		       (SELECT count(*) FROM outbox) + (SELECT sum(published) FROM tally) + (SELECT log_size FROM head) AS public,
		       (SELECT count(*) FROM batch b
		        WHERE first_index IS DISTINCT FROM (SELECT coalesce(sum(ballots), 0) FROM batch a WHERE a.id < b.id)) AS gaps`); err != nil {
		t.Fatal(err)
	}
	if got.Head != all || got.Votes != all || got.Public != 0 || got.Gaps != 0 {
		t.Errorf("%+v, want %d ballots in one fold", got, all)
	}
}

// TestFold_together takes the batches of several selections into their tallies in
// one transaction.
func TestFold_together(t *testing.T) {
	s, db := setup(t)
	second(t, db)
	if counted := rounds(t, s, db, 1); counted[0] != batches*(batches+1)/2 || counted[1] != 1 {
		t.Fatalf("counted %v", counted)
	}
	var transactions int
	if err := db.Get(&transactions, `SELECT count(DISTINCT xmin::text) FROM batch`); err != nil || transactions != 1 {
		t.Errorf("%d transactions, %v", transactions, err)
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
	_, db := setup(t)
	if _, err := db.ExecContext(t.Context(), `UPDATE head SET sealed_at = now()`); err != nil {
		t.Fatal(err)
	}
	f := fold{selections: []int{1}}
	if err := pg.InTx(t.Context(), db, func(tx *sqlx.Tx) error { return f.run(t.Context(), tx) }); err == nil {
		t.Error("batches after the seal were counted")
	}
	var waiting int
	if err := db.Get(&waiting, `SELECT count(*) FROM batch WHERE first_index IS NULL`); err != nil || waiting != batches {
		t.Errorf("%d batches wait, want %d, %v", waiting, batches, err)
	}
}

// TestFold_withoutBody does not count a batch whose sums and leaves are lost.
func TestFold_withoutBody(t *testing.T) {
	s, db := setup(t)
	if _, err := db.ExecContext(t.Context(), `DELETE FROM batch_body WHERE batch = 7; UPDATE voting SET closed_at = now()`); err != nil {
		t.Fatal(err)
	}
	f := fold{selections: []int{1}}
	if err := pg.InTx(t.Context(), db, func(tx *sqlx.Tx) error { return f.run(t.Context(), tx) }); err == nil {
		t.Error("a batch without a body was counted")
	}
	if err := publish(t, s, db, new(int64)); err != nil {
		t.Fatal(err)
	}
	var sealed bool
	if err := db.Get(&sealed, `SELECT sealed_at IS NOT NULL FROM head`); err != nil || sealed {
		t.Errorf("sealed %t, %v", sealed, err)
	}
}
