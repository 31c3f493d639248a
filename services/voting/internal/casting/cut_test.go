package casting

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/candidates"
	"github.com/laurel-awards/laurel/services/voting/internal/secret"
	"github.com/laurel-awards/laurel/services/voting/migrations"
)

// TestWriter_cut ends the way to the database at each request of a batch, before
// the server reads it or behind what it did, and does not let the writer try
// again: nobody hears "nothing was counted" of a ballot that is there, who has a
// receipt has a ballot, and where the way comes back the receipt does.
func TestWriter_cut(t *testing.T) {
	keys, err := secret.New(make([]byte, secret.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	address := testkit.ServiceURL(t, voting.Name, outbox.Set(), job.Set(), phase.Set(), migrations.Set())
	line, way := testkit.DatabaseProxy(t, address)
	there := testkit.Open(t, address, voting.Name)
	for slug, change := range map[string]string{"once": "no", "adds": "add"} {
		if _, err := there.ExecContext(t.Context(), `
			WITH s AS (INSERT INTO selection (slug, hash, rulebook, frozen_at) VALUES ($1, $1, $2, now()) RETURNING slug)
			INSERT INTO voting (slug, key_check, opened_at) SELECT slug, $3, now() - interval '2 hours' FROM s`,
			slug, `{"laurel": 1, "timezone": "Asia/Shanghai", "voting": {"voters": ["device"], "picks": {"max": 2}, "change": "`+change+`"}}`,
			keys.Check); err != nil {
			t.Fatal(err)
		}
		if _, err := there.ExecContext(t.Context(), `
			INSERT INTO candidate (slug, number, category) SELECT $1, n, '' FROM generate_series(1, 3) n`, slug); err != nil {
			t.Fatal(err)
		}
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	voter := byte(0)
	for _, slug := range []string{"once", "adds"} {
		for _, answered := range []bool{false, true} {
			var busy, unknown, receipts int
			for n := 1; ; n++ {
				line.Restore(t)
				by := testkit.Open(t, way, voting.Name) // anew, so that each round has the same requests
				c := &Caster{db: by, log: slog.New(slog.DiscardHandler), cache: candidates.NewCache(phase.NewSelections()), keys: keys, wake: func() {}}
				w := &writer{caster: c, store: &store{db: by}}
				// One is new, one a repeat of it, one was there before, one breaks a rule.
				casts := []voting.Cast{
					{Voter: voting.VoterID{1, voter}, Picks: []int{1}},
					{Voter: voting.VoterID{1, voter}, Picks: []int{2, 3}},
					{Voter: voting.VoterID{}, Picks: []int{1, 2}},
					{Voter: voting.VoterID{2, voter}, Picks: []int{9}, Key: voting.HashKey("a key")},
				}
				for i := range casts {
					casts[i].Slug, casts[i].Way = slug, "device"
				}
				voter++
				request := newCall(len(casts))
				ballots := read(keys, casts, request)
				line.CutAt(n, answered)
				w.cast(over, ballots)
				uncut := line.Uncut()
				line.CutAt(0, false)
				line.Restore(t)
				w.store.disconnect()
				settled(t, there, slug, ballots, request)
				for i, r := range request.results {
					switch {
					case r.fault == nil:
						receipts++
					case errors.Is(r.fault, voting.ErrBusy):
						busy++
					case errors.Is(r.fault, voting.ErrUnknownOutcome):
						unknown++
						retried := newCall(1)
						b := *ballots[i]
						b.call, b.index = retried, 0
						w.cast(t.Context(), []*ballot{&b})
						if again := retried.results[0]; again.fault != nil && again.fault.Kind == fault.Unavailable {
							t.Errorf("%s: cut at %d, ballot %d, once more: %v", slug, n, i, again.fault)
						}
					}
				}
				w.store.disconnect()
				_ = by.Close()
				if t.Failed() {
					t.Fatalf("%s: cut at request %d, answered %t", slug, n, answered)
				}
				if uncut > 0 {
					break
				}
			}
			if busy == 0 || unknown == 0 || receipts < 2 {
				t.Errorf("%s, answered %t: %d busy, %d unknown, %d receipts: the cut was not everywhere", slug, answered, busy, unknown, receipts)
			}
		}
	}
}

// settled holds what ballots were told to what is in the database, once no write is
// under way.
func settled(t *testing.T, db *sqlx.DB, slug string, ballots []*ballot, request *call) {
	t.Helper()
	if err := pg.InTx(t.Context(), db, func(tx *sqlx.Tx) error { return candidates.Lock(t.Context(), tx, slug) }); err != nil {
		t.Fatal(err)
	}
	if left := request.left.Load(); left != 0 {
		t.Fatalf("%d ballots have no outcome", left)
	}
	for i, b := range ballots {
		var n int
		if err := db.Get(&n, `SELECT count(*) FROM ballot WHERE salt = $1`, b.salt[:]); err != nil {
			t.Fatal(err)
		}
		r := request.results[i]
		told := fmt.Sprintf("ballot %d is there %d times, and hears %v", i, n, r.fault)
		switch {
		case n > 1, n == 1 && r.fault != nil && !errors.Is(r.fault, voting.ErrUnknownOutcome), n == 0 && r.fault == nil:
			t.Error(told)
		}
	}
}
