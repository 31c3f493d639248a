package server_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/voting"
	"github.com/laurel-awards/laurel/services/voting/internal/secret"
)

// yesterday is the statement by which ballots of a voter become those of an
// earlier day, as if that many days had passed.
func yesterday(t *testing.T, n, days int, at time.Time) string {
	t.Helper()
	keys, err := secret.New(key())
	if err != nil {
		t.Fatal(err)
	}
	// The day in Lanzhou, as rule.Rules.Period counts.
	period := int(at.Add(8*time.Hour).Unix() / (24 * 60 * 60))
	now, then := keys.Name(slug, period, voter(n)), keys.Name(slug, period-days, voter(n))
	return fmt.Sprintf(`
		UPDATE batch SET period = period - %[1]d WHERE id IN (SELECT batch FROM ballot WHERE voter = '\x%[2]x');
		UPDATE ballot SET period = period - %[1]d, voter = '\x%[3]x' WHERE voter = '\x%[2]x';`, days, now[:], then[:])
}

// TestCast_keyOfEarlierDay: a key that came with a ballot of an earlier day gives
// that day's receipt, and casts nothing today.
func TestCast_keyOfEarlierDay(t *testing.T) {
	for _, change := range []string{"no", "add"} {
		r := setup(t)
		r.open(t, `{"voters": ["device"], "frequency": "daily", "picks": {"max": 3}, "counts": "live", "change": "`+change+`"}`)
		r.execute(t, `UPDATE voting SET opened_at = opened_at - interval '20 days'`)
		first := []voting.Outcome{}
		days := []int{1, 2, 9}
		for n := range days {
			first = append(first, r.counted(t, keyed(ballot(n, 2, 1), fmt.Sprint("k-", n)))[0])
		}
		for n, ago := range days {
			r.execute(t, yesterday(t, n, ago, first[n].At))
		}
		r.migrateAgain(t)
		for n := range days {
			again := r.counted(t, keyed(ballot(n, 1, 2), fmt.Sprint("k-", n)))[0]
			if !again.Again || again.Receipt != first[n].Receipt || !again.At.Equal(first[n].At) {
				t.Errorf("%s, %d days later: %+v, want %+v", change, days[n], again, first[n])
			}
			refused(t, r.cast(t, keyed(ballot(n, 3), fmt.Sprint("k-", n)))[0], voting.ErrKeyReused)
		}
		r.whole(t, len(days))
		// Today's own ballot has a key of its own, and takes nothing from the earlier one.
		all := r.cast(t, keyed(ballot(0, 1, 2), "k-0"), keyed(ballot(0, 1, 2), "today"), keyed(ballot(4, 1), "k-0"))
		if all[0].Receipt != first[0].Receipt || all[1].Fault != nil || all[1].Again || all[1].Receipt == first[0].Receipt || all[2].Fault != nil || all[2].Again {
			t.Errorf("%s: %+v", change, all)
		}
		if again := r.counted(t, keyed(ballot(0, 1, 2), "today"))[0]; again.Receipt != all[1].Receipt {
			t.Errorf("%s: today's again: %+v, want %+v", change, again, all[1])
		}
		r.close(t)
		for n := range days {
			if again := r.counted(t, keyed(ballot(n, 1, 2), fmt.Sprint("k-", n)))[0]; again.Receipt != first[n].Receipt {
				t.Errorf("%s, after the close: %+v, want %+v", change, again, first[n])
			}
		}
		r.sealed(t)
		r.whole(t, len(days)+2)
	}
}

// TestCast_keyMade looks for a key that says when it was made among the ballots since
// then, the day of a clock that is fast included, and no further.
func TestCast_keyMade(t *testing.T) {
	r := setup(t)
	r.open(t, `{"voters": ["device"], "frequency": "daily", "picks": {"max": 3}, "counts": "live"}`)
	r.execute(t, `UPDATE voting SET opened_at = opened_at - interval '20 days'`)
	made := func(n int, at time.Time) voting.Cast {
		c := keyed(ballot(n, 2, 1), fmt.Sprint("k-", n))
		c.Made = at
		return c
	}
	day := 24 * time.Hour
	now := r.counted(t, made(1, time.Time{}), made(2, time.Time{}))[0].At
	for n := range 2 {
		r.execute(t, yesterday(t, n+1, 3, now))
	}
	r.migrateAgain(t)
	if again := r.counted(t, made(1, now.Add(-3*day)))[0]; !again.Again {
		t.Errorf("made on the day of the ballot: %+v", again)
	}
	if again := r.counted(t, made(2, now.Add(-day)))[0]; again.Again {
		t.Errorf("made on a later day: %+v", again)
	}
}

// TestCast_keyOverMidnight tries a ballot again while the transaction that counts
// it on the day before has not ended: it is waited for, rather than counted twice.
func TestCast_keyOverMidnight(t *testing.T) {
	r := setup(t)
	r.open(t, `{"voters": ["device"], "frequency": "daily", "picks": {"max": 3}, "counts": "live"}`)
	r.execute(t, `UPDATE voting SET opened_at = opened_at - interval '2 days'`)
	first := r.counted(t, ballot(1, 2, 1))[0] // without a key, so that no earlier day is looked at yet
	under, err := r.deps.DB.BeginTxx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = under.Rollback() }()
	if _, err := under.ExecContext(t.Context(), fmt.Sprintf(`SELECT pg_advisory_xact_lock_shared(%d)`, pg.LockKey("voting/"+slug))); err != nil {
		t.Fatal(err)
	}
	if _, err := under.ExecContext(t.Context(), `UPDATE ballot SET key = substring(sha256('k-1') FOR 16);`+yesterday(t, 1, 1, first.At)); err != nil {
		t.Fatal(err)
	}
	again := make(chan []voting.Outcome, 1)
	go func() {
		out, err := r.CastBallots(r.ctx, voting.CastBallots{Ballots: []voting.Cast{keyed(ballot(1, 1, 2), "k-1")}})
		if err != nil {
			t.Error(err)
		}
		again <- out.Outcomes
	}()
	testkit.Eventually(t, testkit.Patience, func() error {
		var waits bool
		if err := r.deps.DB.GetContext(t.Context(), &waits, `
			SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND NOT granted AND database = (
				SELECT oid FROM pg_database WHERE datname = current_database()))`); err != nil {
			return err
		}
		if !waits {
			return errors.New("nobody waits for the transaction of before midnight")
		}
		return nil
	})
	if err := under.Commit(); err != nil {
		t.Fatal(err)
	}
	if out := <-again; len(out) != 1 || out[0].Receipt != first.Receipt || !out[0].Again {
		t.Errorf("%+v, want %+v", out, first)
	}
	var ballots int
	if err := r.deps.DB.GetContext(t.Context(), &ballots, `SELECT count(*) FROM ballot`); err != nil || ballots != 1 {
		t.Errorf("%d ballots, %v", ballots, err)
	}
}
