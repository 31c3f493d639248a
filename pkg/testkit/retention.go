package testkit

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/retention"
	"github.com/laurel-awards/laurel/pkg/run"
)

// KeepsFor gives a room times for what it keeps of people.
func KeepsFor(p retention.Periods) func(*run.Deps) {
	return func(deps *run.Deps) { deps.Retention = p }
}

// Erased waits until a room has erased what was over at a time of its clock: a job
// that began before may have looked before.
func Erased(t testing.TB, deps run.Deps, at time.Time) {
	t.Helper()
	Eventually(t, Patience, func() error {
		var done int
		err := deps.DB.GetContext(t.Context(), &done, `SELECT count(*) FROM job WHERE kind = $1 AND state = 'done' AND started_at >= $2`, retention.JobKind, at)
		if err == nil && done == 0 {
			err = fmt.Errorf("no job that began since %s has ended", at)
		}
		return err
	})
}

// Adopts puts bodies of a room where they lay before bodies had owners, with one
// that nothing refers to, and holds the room to taking over the others.
func Adopts(t testing.TB, deps run.Deps, clock *Clock, needed ...string) {
	t.Helper()
	Erased(t, deps, time.Time{}) // the first look is over
	unowned := deps.Blobs.In("")
	stray, err := unowned.Put(t.Context(), bytes.NewReader([]byte("an original")), 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, hash := range needed {
		body, _, err := deps.Blobs.Open(t.Context(), hash)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		if err := body.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := unowned.Put(t.Context(), bytes.NewReader(text), int64(len(text))); err != nil {
			t.Fatal(err)
		}
		if err := deps.Blobs.Delete(t.Context(), hash); err != nil {
			t.Fatal(err)
		}
	}
	Erased(t, deps, clock.Advance(time.Hour))
	for _, hash := range append([]string{stray.Hash}, needed...) {
		if err := unowned.Delete(t.Context(), hash); err != nil {
			t.Fatal(err)
		}
		if has, err := deps.Blobs.Has(t.Context(), hash); err != nil || has == (hash == stray.Hash) {
			t.Errorf("the room took over %s, stray %v: %v, %v", hash, hash == stray.Hash, has, err)
		}
	}
}
