package counting

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

// second adds a selection with one ballot behind that of setup.
func second(t *testing.T, db *sqlx.DB) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), `
		INSERT INTO selection (slug, hash, rulebook, frozen_at) SELECT 's-2', 'other', rulebook, now() FROM selection;
		INSERT INTO voting (slug, key_check, opened_at) VALUES ('s-2', '', now() - interval '2 hours');
		INSERT INTO head (selection, next_index) VALUES (2, 0);
		INSERT INTO batch (id, selection, period, committed_at, ballots, skipped) VALUES (41, 2, 0, now(), 1, '{}');
		INSERT INTO batch_body VALUES (41, '{7}', '{1}', decode(repeat('5a', 32), 'hex'), '')`); err != nil {
		t.Fatal(err)
	}
}

// rounds counts n rounds, whatever becomes of the lead, and gives how far each
// selection has come.
func rounds(t *testing.T, s *Sequencer, db *sqlx.DB, n int) (counted []int64) {
	t.Helper()
	for range n {
		err := pg.Lead(t.Context(), db, lead, func(leader *pg.Leader) error {
			_, err := s.round(t.Context(), leader)
			return err
		})
		if err != nil && !pg.IsUnavailable(err) {
			t.Fatal(err)
		}
	}
	if err := db.Select(&counted, `SELECT next_index FROM head ORDER BY selection`); err != nil {
		t.Fatal(err)
	}
	return counted
}

// TestSequencer_harmless has counting of the first selection fail in the ways of a
// database in need, wait for a lock that nobody gives back, and end the session: the
// second is counted in that round, or where the lead was lost, in the next.
func TestSequencer_harmless(t *testing.T) {
	for name, c := range map[string]struct {
		does   string
		rounds int
	}{
		"no space":   {`RAISE EXCEPTION 'no space' USING ERRCODE = '53100'`, 1},
		"bad file":   {`RAISE EXCEPTION 'a bad page' USING ERRCODE = '58030'`, 1},
		"terminated": {`PERFORM pg_terminate_backend(pg_backend_pid())`, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, db := setup(t)
			second(t, db)
			if _, err := db.ExecContext(t.Context(), `
				CREATE FUNCTION harm() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN `+c.does+`; RETURN NEW; END $$;
				CREATE TRIGGER harm BEFORE UPDATE ON head FOR EACH ROW WHEN (NEW.selection = 1) EXECUTE FUNCTION harm()`); err != nil {
				t.Fatal(err)
			}
			if counted := rounds(t, s, db, c.rounds); counted[0] != 0 || counted[1] != 1 {
				t.Errorf("counted %v", counted)
			}
		})
	}
	t.Run("locked", func(t *testing.T) {
		t.Parallel()
		s, db := setup(t)
		second(t, db)
		tx, err := db.BeginTxx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback()
		if _, err := tx.ExecContext(t.Context(), `SELECT FROM head WHERE selection = 1 FOR UPDATE`); err != nil {
			t.Fatal(err)
		}
		if counted := rounds(t, s, db, 1); counted[0] != 0 || counted[1] != 1 {
			t.Errorf("counted %v", counted)
		}
	})
}

// TestSequencer_stalled has one selection that cannot be folded: after ten seconds
// it is named, to operators and to its auditors, and no longer than it stands still.
func TestSequencer_stalled(t *testing.T) {
	s, db := setup(t)
	second(t, db)
	if _, err := db.ExecContext(t.Context(), `
		CREATE TABLE kept AS SELECT * FROM batch_body WHERE batch = 7; DELETE FROM batch_body WHERE batch = 7`); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	look := func(after time.Duration) *fault.Error {
		t.Helper()
		if err := s.look(t.Context(), now.Add(after)); err != nil {
			t.Fatal(err)
		}
		var f *fault.Error
		errors.As(s.moves(now.Add(after)), &f)
		return f
	}
	if f := look(0); f != nil {
		t.Errorf("at first: %v", f)
	}
	rounds(t, s, db, 1)
	for what, is := range s.failed { // the time passes
		is.since, is.until = now.Add(-patience), time.Time{}
		s.failed[what] = is
	}
	rounds(t, s, db, 2) // the second publishes
	if f := look(patience - time.Second); f != nil {
		t.Errorf("a second before: %v", f)
	}
	if f := look(patience); f == nil || !errors.Is(f, ErrStalled) || f.Params["selection"] != "s-1" || f.Params["step"] != folding {
		t.Errorf("after it: %v", f)
	}
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("by the clock: %v", err)
	}
	acts, err := audit.List(t.Context(), db, audit.Page{All: true})
	if err != nil {
		t.Fatal(err)
	}
	told := slices.Collect(func(yield func(string) bool) {
		for _, a := range acts {
			yield(a.Slug + " " + a.Act + " " + string(a.Detail))
		}
	})
	if diff := cmp.Diff([]string{`s-1 stall_counting {"step":"fold"}`}, told); diff != "" {
		t.Errorf("auditors are told (-want +got):\n%s", diff)
	}
	if _, err := db.ExecContext(t.Context(), `INSERT INTO batch_body SELECT * FROM kept`); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, testkit.Patience, func() error {
		if counted := rounds(t, s, db, 1); counted[0] == 0 {
			return errors.New("not counted")
		}
		return nil
	})
	if f := look(patience + time.Second); f != nil {
		t.Errorf("counted again: %v", f)
	}
}
