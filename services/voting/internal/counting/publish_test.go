package counting

import (
	"bytes"
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jmoiron/sqlx"
	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/ballotlog"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/services/voting/internal/ledger"
)

// foldAll takes all waiting batches into the tally.
func foldAll(t testing.TB, db *sqlx.DB) {
	t.Helper()
	for {
		f := fold{selections: []int{1}}
		if err := pg.InTx(t.Context(), db, func(tx *sqlx.Tx) error { return f.run(t.Context(), tx) }); err != nil {
			t.Fatal(err)
		}
		if f.ballots == 0 {
			return
		}
	}
}

// publish makes one publication, if it is time; due is as the sequencer keeps it.
func publish(t testing.TB, s *Sequencer, db *sqlx.DB, due *int64) error {
	t.Helper()
	rules, err := s.cache.Rules(t.Context(), db, "s-1")
	if err != nil {
		t.Fatal(err)
	}
	p := publication{sequencer: s, rules: rules, selection: 1, due: *due}
	err = pg.InTx(t.Context(), db, func(tx *sqlx.Tx) error { return p.run(t.Context(), tx) })
	*due = p.due
	return err
}

// shown is what is public, and how far counting has come.
type shown struct {
	Counted, Size, Votes, Events, Publications int64
	Sealed                                     bool
}

func look(t testing.TB, db *sqlx.DB) (s shown) {
	t.Helper()
	if err := db.Get(&s, `
		SELECT next_index AS counted, log_size AS size, sealed_at IS NOT NULL AS sealed,
		       (SELECT coalesce(sum(published), 0) FROM tally) AS votes,
		       (SELECT count(*) FROM outbox WHERE name = 'ballots_counted') AS events, (SELECT count(*) FROM publication) AS publications
		FROM head WHERE selection = 1`); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestPublication_due moves nothing before the interval is over, nor with fewer
// ballots than the least; the close takes the rest.
func TestPublication_due(t *testing.T) {
	s, db := setup(t)
	set := func(statement string) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	set(`UPDATE selection SET rulebook = jsonb_set(rulebook::jsonb, '{voting,publication,ballots}', '500')::text::json`)
	due := new(int64)
	step := func(want shown) {
		t.Helper()
		if err := publish(t, s, db, due); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, look(t, db)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	const all = batches * (batches + 1) / 2
	set(`CREATE TABLE later AS SELECT * FROM batch WHERE id > 31; DELETE FROM batch WHERE id > 31`)
	foldAll(t, db)
	step(shown{Counted: 496}) // the interval is over, four are missing
	set(`INSERT INTO batch SELECT * FROM later WHERE id = 32; UPDATE voting SET opened_at = now() - interval '59 minutes'`)
	foldAll(t, db)
	step(shown{Counted: 528}) // enough, and a minute too early
	set(`UPDATE voting SET opened_at = now() - interval '1 hour'`)
	step(shown{Counted: 528, Size: 528, Votes: 528, Events: 1, Publications: 1})
	set(`INSERT INTO batch SELECT * FROM later WHERE id > 32`)
	foldAll(t, db)
	step(shown{Counted: all, Size: 528, Votes: 528, Events: 1, Publications: 1})
	set(`UPDATE head SET moved_at = now() - interval '1 hour'`)
	step(shown{Counted: all, Size: 528, Votes: 528, Events: 1, Publications: 1}) // 292 of 500
	set(`UPDATE voting SET closed_at = now(); DELETE FROM later WHERE id <> 32; UPDATE later SET id = 41;
		INSERT INTO batch SELECT * FROM later; INSERT INTO batch_body SELECT 41, candidates, votes, leaves, voters FROM batch_body WHERE batch = 32;
		UPDATE head SET moved_at = now()`)
	step(shown{Counted: all, Size: 528, Votes: 528, Events: 1, Publications: 1}) // one batch is not in the tally
	foldAll(t, db)
	step(shown{Counted: all + 32, Size: all + 32, Votes: all + 32, Events: 2, Publications: 2, Sealed: true})
	step(shown{Counted: all + 32, Size: all + 32, Votes: all + 32, Events: 2, Publications: 2, Sealed: true})
}

// TestPublication_atOnce has sequencers that believe to lead alone, all at once:
// one makes the publication.
func TestPublication_atOnce(t *testing.T) {
	s, db := setup(t)
	foldAll(t, db)
	var g errgroup.Group
	for range 6 {
		g.Go(func() error { return publish(t, s, db, new(int64)) })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	const all = batches * (batches + 1) / 2
	if diff := cmp.Diff(shown{Counted: all, Size: all, Votes: all, Events: 1, Publications: 1}, look(t, db)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestPublication_fails leaves everything as it was.
func TestPublication_fails(t *testing.T) {
	s, db := setup(t)
	foldAll(t, db)
	for _, spoil := range []string{
		`UPDATE batch_body SET leaves = substring(leaves FROM 33) WHERE batch = 7`,
		`DELETE FROM batch_body WHERE batch = 7`,
		`INSERT INTO publication VALUES (1, 0, 1, now())`,
		`DELETE FROM tally`,
	} {
		tx, err := db.BeginTxx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(spoil); err != nil {
			t.Fatal(err)
		}
		rules, err := s.cache.Rules(t.Context(), tx, "s-1")
		if err != nil {
			t.Fatal(err)
		}
		p := publication{sequencer: s, rules: rules, selection: 1}
		if err := p.run(t.Context(), tx); err == nil {
			t.Errorf("%s: published", spoil)
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPublication_many has more ballots than a publication takes: several follow
// each other at once, none of them small, each sorted by itself, and each ballot is
// found in the log.
func TestPublication_many(t *testing.T) {
	s, db := setup(t)
	const more, each = 530, 500
	if _, err := db.ExecContext(t.Context(), `
		INSERT INTO batch (id, selection, period, committed_at, ballots, skipped)
		SELECT id, 1, 0, now(), $2, '{}' FROM generate_series(1001, 1000 + $1) id`, more, each); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `
		INSERT INTO batch_body SELECT id, '{7}', '{500}', (SELECT string_agg(sha256(int8send(1000000 * id + n)), '') FROM generate_series(1, $2) n), ''
		FROM generate_series(1001::bigint, 1000 + $1) id`, more, each); err != nil {
		t.Fatal(err)
	}
	foldAll(t, db)
	const all = batches*(batches+1)/2 + more*each
	due := new(int64)
	for range 5 {
		if err := publish(t, s, db, due); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(shown{Counted: all, Size: all, Votes: all, Events: 2, Publications: 2}, look(t, db)); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	var head ledger.Head
	if err := db.Get(&head, `SELECT `+ledger.Columns+` FROM head`); err != nil {
		t.Fatal(err)
	}
	leaves := sorted(t, db, head)
	var edge ballotlog.Edge
	for _, leaf := range leaves {
		edge.Append(leaf, nil)
	}
	if kept, err := head.Edge("s-1", s.signer.Public()); err != nil || kept.Tree() != edge.Tree() {
		t.Errorf("the signed log is not that of the tiles: %v", err)
	}
	found(t, db, head, leaves)
}

// sorted reads the log's leaves from its tiles, which must be sorted within each
// publication, none of which is small.
func sorted(t *testing.T, db *sqlx.DB, head ledger.Head) (leaves []tlog.Hash) {
	t.Helper()
	var data []byte
	if err := db.Get(&data, `SELECT string_agg(hashes, '' ORDER BY number) FROM tile WHERE selection = 1`); err != nil {
		t.Fatal(err)
	}
	leaves, err := ballotlog.Split(data)
	if err != nil || int64(len(leaves)) != head.Size {
		t.Fatalf("%d leaves of %d, %v", len(leaves), head.Size, err)
	}
	var runs []struct{ First, Ballots int64 }
	if err := db.Select(&runs, `SELECT first, ballots FROM publication ORDER BY first`); err != nil {
		t.Fatal(err)
	}
	for _, r := range runs {
		if r.Ballots < maxPublication/2 || r.Ballots > maxPublication+500 {
			t.Errorf("a publication of %d ballots", r.Ballots)
		}
		for i := r.First + 1; i < r.First+r.Ballots; i++ {
			if bytes.Compare(leaves[i-1][:], leaves[i][:]) >= 0 {
				t.Fatalf("leaf %d is not behind the one before", i)
			}
		}
	}
	return leaves
}

// asked counts statements.
type asked struct {
	*sqlx.DB
	n int
}

func (a *asked) QueryxContext(ctx context.Context, query string, args ...any) (*sqlx.Rows, error) {
	a.n++
	return a.DB.QueryxContext(ctx, query, args...)
}

func (a *asked) QueryRowxContext(ctx context.Context, query string, args ...any) *sqlx.Row {
	a.n++
	return a.DB.QueryRowxContext(ctx, query, args...)
}

// proves has one statement prove a leaf, and none once its tiles are kept.
func proves(t *testing.T, db *sqlx.DB, selection int, tree tlog.Tree, index int64, leaf tlog.Hash) {
	t.Helper()
	kept, counter := new(ledger.Shelf), &asked{DB: db}
	for range 2 {
		proof, err := kept.Prove(t.Context(), counter, selection, tree, index)
		if err == nil {
			err = tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaf)
		}
		if err != nil || counter.n != 1 {
			t.Fatalf("leaf %d of %d: %d statements, %v", index, tree.N, counter.n, err)
		}
	}
}

// found looks for ballots of every batch in the log, with few statements each.
func found(t *testing.T, db *sqlx.DB, head ledger.Head, leaves []tlog.Hash) {
	t.Helper()
	var batches []struct {
		First  int64  `db:"first_index"`
		Leaves []byte `db:"leaves"`
	}
	if err := db.Select(&batches, `SELECT first_index, leaves FROM batch JOIN batch_body ON batch = id`); err != nil {
		t.Fatal(err)
	}
	counter := &asked{DB: db}
	edge, err := ballotlog.ReadEdge(head.Size, head.Data)
	if err != nil {
		t.Fatal(err)
	}
	n, most := 0, 0
	for _, b := range batches {
		hashes, err := ballotlog.Split(b.Leaves)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(hashes); i += 100 {
			at := ledger.Counted{Position: i}
			at.First.Int64, at.First.Valid = b.First, true
			before := counter.n
			index, there, err := head.Index(t.Context(), counter, new(ledger.Shelf), at, hashes[i])
			most = max(most, counter.n-before)
			if err != nil || !there || leaves[index] != hashes[i] {
				t.Fatalf("ballot %d from %d is said to be at %d, %t, %v", i, b.First, index, there, err)
			}
			n++
			proves(t, db, head.Selection, edge.Tree(), index, leaves[index])
		}
	}
	if per := float64(counter.n) / float64(n); per > 4 || most > 8 {
		t.Errorf("%.1f statements a ballot, at most %d", per, most)
	}
	at := ledger.Counted{}
	at.First.Valid = true
	if index, there, err := head.Index(t.Context(), db, new(ledger.Shelf), at, tlog.Hash{5}); err == nil || there {
		t.Errorf("a leaf that nobody counted is at %d", index)
	}
	at.First.Int64 = head.Size
	if _, there, err := head.Index(t.Context(), db, new(ledger.Shelf), at, leaves[0]); there || err != nil {
		t.Errorf("a ballot that is not published is in the log, %v", err)
	}
}
