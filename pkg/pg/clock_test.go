package pg_test

import (
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/pg"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

// TestClock lies between two looks at the server's clock, but for half of the
// time that the question and its answer took.
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
	c, err := pg.NewClock(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	first, second := c.Now(), c.Now()
	after := look()
	off := after.Sub(before)/2 + time.Millisecond // clocks differ a little in their pace
	if first.Location() != time.UTC || second.Before(first) || first.Before(before.Add(-off)) || second.After(after.Add(off)) {
		t.Errorf("%v, then %v; the server's clock showed %v before and %v after", first, second, before, after)
	}
}
