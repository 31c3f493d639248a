package server_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/voting"
)

// many opens n selections, all but the first beside it, and gives their slugs.
func (r *room) many(t *testing.T, n int) []string {
	t.Helper()
	r.open(t, once)
	slugs := []string{slug}
	for i := 1; i < n; i++ {
		slugs = append(slugs, fmt.Sprint("other-", i))
		r.beside(t, slugs[i], once)
	}
	return slugs
}

func in(slug string, c voting.Cast) voting.Cast { c.Slug = slug; return c }

// sums waits until all batches are in the tally, and holds it to the ballots of all
// selections.
func (r *room) sums(t *testing.T) {
	t.Helper()
	testkit.Eventually(t, testkit.Patience, func() error {
		if n := r.count(t, `SELECT count(*) FROM batch WHERE first_index IS NULL`); n > 0 {
			return fmt.Errorf("%d batches are not in the tally", n)
		}
		return nil
	})
	if n := r.count(t, `
		SELECT count(*) FROM (SELECT selection, candidate, count(*) AS votes FROM ballot, unnest(picks) candidate GROUP BY 1, 2) b
		FULL JOIN tally t USING (selection, candidate) WHERE b.votes IS DISTINCT FROM t.votes`); n > 0 {
		t.Errorf("%d sums differ from the ballots", n)
	}
	if n := r.count(t, `SELECT count(*) FROM head WHERE next_index <> (SELECT count(*) FROM ballot b WHERE b.selection = head.selection)`); n > 0 {
		t.Errorf("%d heads differ from the ballots", n)
	}
}

// TestCast_many casts ballots of many selections at once: they commit in one
// transaction and are folded in one, and each has its own outcome and its place.
func TestCast_many(t *testing.T) {
	r := setup(t)
	slugs := r.many(t, 7)
	r.counted(t, in(slugs[2], ballot(50, 1)))
	var casts []voting.Cast
	for n := range 5 {
		for _, s := range slugs {
			casts = append(casts, in(s, ballot(n, 1+n, 6)))
		}
	}
	casts = append(casts, in(slugs[1], ballot(3, 2)), in(slugs[2], ballot(50, 2)), in("unknown", ballot(1, 1)), in(slugs[4], ballot(9, 99)))
	wrong := map[int]error{35: voting.ErrDuplicate, 36: voting.ErrDuplicate, 37: voting.ErrNotYet, 38: voting.ErrInvalid}
	order := rand.Perm(len(casts))
	var request []voting.Cast
	for _, i := range order {
		request = append(request, casts[i])
	}
	outcomes := r.cast(t, request...)
	duplicates := 0
	for i, o := range outcomes {
		c := request[i]
		switch want := wrong[order[i]]; {
		case o.Fault == nil:
			got, err := r.GetReceipt(r.ctx, voting.GetReceipt{Slug: c.Slug, Receipt: o.Receipt})
			if err != nil || got.Receipt != o.Receipt {
				t.Errorf("receipt of %s: %+v, %v", c.Slug, got, err)
			}
		case errors.Is(o.Fault, voting.ErrDuplicate) && c.Slug == slugs[1] && c.Voter == voter(3): // either of the two
			duplicates++
		case want == nil || !errors.Is(o.Fault, want):
			t.Errorf("ballot of %s: %v, want %v", c.Slug, o.Fault, want)
		}
	}
	if duplicates != 1 {
		t.Errorf("%d of the two ballots of one voter fell out", duplicates)
	}
	if n := r.count(t, `SELECT count(DISTINCT committed_at) FROM batch WHERE ballots > 1`); n != 1 {
		t.Errorf("the ballots committed in %d transactions", n)
	}
	if n := r.count(t, `SELECT count(*) FROM batch`); n != 1+len(slugs) {
		t.Errorf("%d batches", n)
	}
	r.sums(t)
	r.whole(t, 5)
}

// TestCast_manyHarmless has the ballots of one selection break the transaction: those
// of the others are counted.
func TestCast_manyHarmless(t *testing.T) {
	r := setup(t)
	slugs := r.many(t, 5)
	r.execute(t, `
		CREATE FUNCTION harm() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'spoiled' USING ERRCODE = '22003'; END $$;
		CREATE TRIGGER harm BEFORE INSERT ON ballot FOR EACH ROW WHEN (NEW.selection = 3) EXECUTE FUNCTION harm()`)
	var casts []voting.Cast
	for n := range 4 {
		for _, s := range slugs {
			casts = append(casts, in(s, ballot(n, 1)))
		}
	}
	spoiled := slugs[slices.Index(slugs, "other-2")]
	for i, o := range r.cast(t, casts...) {
		if (o.Fault != nil) != (casts[i].Slug == spoiled) {
			t.Errorf("ballot of %s: %v", casts[i].Slug, o.Fault)
		}
	}
	r.sums(t)
}

// TestCast_manyReplicas has two replicas take ballots of the same voters in the same
// selections, in any order: each voter has one ballot in each, and none wait for
// each other in a circle.
func TestCast_manyReplicas(t *testing.T) {
	r := setup(t)
	r.replica(t, key(), r.signer)
	slugs := r.many(t, 9)
	const voters = 40
	var g errgroup.Group
	for range 8 {
		g.Go(func() error {
			for range 6 {
				var casts []voting.Cast
				for _, n := range rand.Perm(voters * len(slugs))[:60] {
					casts = append(casts, in(slugs[n%len(slugs)], ballot(n/len(slugs), 1+n%candidates)))
				}
				out, err := r.CastBallots(r.ctx, voting.CastBallots{Ballots: casts})
				if err != nil {
					return err
				}
				for _, o := range out.Outcomes {
					if o.Fault != nil && !errors.Is(o.Fault, voting.ErrDuplicate) {
						return o.Fault
					}
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	r.sums(t)
	if n := r.count(t, `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`); n != 0 {
		t.Errorf("%d deadlocks", n)
	}
}
