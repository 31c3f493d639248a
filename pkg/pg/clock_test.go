package pg_test

import (
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

// TestClock lies between two looks at the server's clock.
func TestClock(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	look := func() (at time.Time) {
		t.Helper()
		if err := db.GetContext(t.Context(), &at, `SELECT clock_timestamp()`); err != nil {
			t.Fatal(err)
		}
		return at
	}
	before := look()
	asked := time.Now()
	c, err := pg.NewClock(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	off := time.Since(asked) // the clock is wrong by half of it at most
	first, second := c.Now(), c.Now()
	after := look()
	if first.Location() != time.UTC || second.Before(first) || first.Before(before.Add(-off)) || second.After(after.Add(off)) {
		t.Errorf("%v, then %v; the server's clock showed %v before and %v after", first, second, before, after)
	}
}
