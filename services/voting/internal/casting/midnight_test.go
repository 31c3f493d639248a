package casting

import (
	"log/slog"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/job"
	"github.com/laurel-awards/laurel/pkg/outbox"
	"github.com/laurel-awards/laurel/pkg/phase"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/candidates"
	"github.com/laurel-awards/laurel/services/voting/internal/secret"
	"github.com/laurel-awards/laurel/services/voting/migrations"
)

// TestWriter_overMidnight has a replica wake up with a ballot of the day before, which
// another replica has counted meanwhile: it is that ballot, and none of today.
func TestWriter_overMidnight(t *testing.T) {
	keys, err := secret.New(make([]byte, secret.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	db := testkit.Service(t, voting.Name, outbox.Set(), job.Set(), phase.Set(), migrations.Set())
	c := &Caster{db: db, log: slog.New(slog.DiscardHandler), cache: candidates.NewCache(phase.NewSelections()), keys: keys, wake: func() {}}
	if _, err := db.ExecContext(t.Context(), `
		INSERT INTO selection (slug, hash, rulebook, frozen_at)
		VALUES ('s-1', '', '{"laurel": 1, "timezone": "Asia/Shanghai", "voting": {"voters": ["device"], "frequency": "daily", "picks": {"max": 1}}}', now());
		INSERT INTO candidate (slug, number, category) VALUES ('s-1', 1, '')`); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `
		INSERT INTO voting (slug, key_check, opened_at) VALUES ('s-1', $1, now() - interval '9 days')`, keys.Check); err != nil {
		t.Fatal(err)
	}
	cast := func(id voting.BallotID, slept time.Duration) result {
		request := newCall(1)
		ballots := read(keys, []voting.Cast{{Slug: "s-1", Voter: voting.VoterID{1}, Way: "device", Picks: []int{1}, ID: id}}, request)
		ballots[0].came = time.Now().Add(-slept)
		w := &writer{caster: c, store: &store{db: db}}
		defer w.store.disconnect()
		w.cast(t.Context(), ballots)
		return request.results[0]
	}
	first := cast(voting.BallotID{1}, 0)
	if first.fault != nil {
		t.Fatal(first.fault)
	}
	var today int
	if err := db.Get(&today, `SELECT period FROM ballot`); err != nil {
		t.Fatal(err)
	}
	name := keys.Name("s-1", today-1, voting.VoterID{1})
	if _, err := db.ExecContext(t.Context(), `UPDATE ballot SET period = period - 1, voter = $1`, name[:]); err != nil { // it becomes yesterday's
		t.Fatal(err)
	}
	if again := cast(voting.BallotID{1}, 24*time.Hour); again.fault != nil || again.batch != first.batch || again.rank != first.rank {
		t.Errorf("yesterday's ballot: %+v, was %+v", again, first)
	}
	if fresh := cast(voting.BallotID{2}, 24*time.Hour); fresh.fault != nil || fresh.batch == first.batch {
		t.Errorf("today's ballot: %+v", fresh)
	}
	var ballots int
	if err := db.Get(&ballots, `SELECT count(*) FROM ballot`); err != nil || ballots != 2 {
		t.Errorf("%d ballots, want 2, %v", ballots, err)
	}
}
