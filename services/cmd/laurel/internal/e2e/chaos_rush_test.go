package e2e_test

import (
	"context"
	"net/http"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/voting"
)

// oneVoter has one voter cast a thousand ballots at once: exactly one counts,
// whether the keys are the same or not.
func (s *siege) oneVoter(t *testing.T) {
	const casts = 1000
	before := len(s.Receipts())
	for name, key := range map[string]func(i int) string{
		"keys": func(i int) string { return "rush-" + string(rune('A'+i%26)) + string(rune('A'+i/26)) },
		"key":  func(int) string { return "rush" },
	} {
		credential, picks := s.voter(t), s.Picks()
		var statuses [casts]int
		var receipts [casts]string
		var g errgroup.Group
		for i := range casts {
			g.Go(func() error {
				a := s.ask(t, request{
					method: "POST", path: s.of("/ballots"), token: credential, body: map[string][]int{"picks": picks},
					header: map[string]string{"Idempotency-Key": key(i), "X-Forwarded-For": address(int(s.voters.Add(1)))},
				})
				statuses[i], receipts[i] = a.status, a.receipt(t)
				return nil
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		n := map[int]int{}
		codes := map[string]bool{}
		for i, status := range statuses {
			n[status]++
			if receipts[i] != "" {
				codes[receipts[i]] = true
				s.Keep(receipts[i], picks)
			}
		}
		t.Logf("%s: %v", name, n)
		again := n[http.StatusOK] // the same ballot once more
		if name == "keys" {
			again = n[http.StatusConflict]
		}
		later := n[http.StatusTooManyRequests] + n[http.StatusServiceUnavailable]
		if n[http.StatusCreated] != 1 || len(codes) != 1 || again == 0 || 1+again+later != casts {
			t.Errorf("%s: %d ballots of one voter counted; answers %v", name, len(codes), n)
		}
	}
	if got := len(s.Receipts()); got != before+2 {
		t.Errorf("%d receipts of two voters", got-before)
	}
	s.whole(t)
}

// closes closes the vote while the crowd votes, and checks everything that is
// published: all that was acknowledged is in it, and nothing else.
func (s *siege) closes(t *testing.T) {
	t.Helper()
	l := s.load(t)
	l.more(t, 50)
	l.closing.Store(true)
	s.run(t, func(ctx context.Context) error { return s.Close(ctx, rulebook.PhaseVoting) })
	l.wg.Wait()
	if l.refusals()[voting.ErrClosed.Code] == 0 {
		t.Error("nobody came too late")
	}
	l.done(t)
	s.check(t)
	if _, long := rounds(t, 0); !long {
		return
	}
	if err := s.Proven(t.Context(), s.Processes["voting"].Binary); err != nil {
		t.Error(err)
	}
}
