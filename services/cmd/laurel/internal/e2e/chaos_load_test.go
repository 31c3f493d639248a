package e2e_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/client"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/voting"
)

const (
	crowded = 32 // voters at a time
	// told is the longest that a caller may wait for an answer, whatever it is:
	// eight seconds until requests before it are given up, as long again for its
	// own, and plenty for a busy machine.
	told = time.Minute
	// outcome is how long a voter tries: through every fault of these tests.
	outcome = 3 * time.Minute
)

// load is a crowd that votes at full speed until it is stopped. Each voter casts
// with the same key until there is an answer other than "try again"; some then
// cast once more, with the same key and with another.
type load struct {
	s      *siege
	cancel context.CancelFunc // ends the coming of new voters
	wg     sync.WaitGroup
	acks   atomic.Int64
	// closing lets voters be told that they are too late; they are the last.
	closing atomic.Bool

	mu      sync.Mutex
	longest time.Duration  // of an answer
	refused map[string]int // answers that said "try again", by code
	wrong   []string
}

// load lets the crowd come.
func (s *siege) load(t *testing.T) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{s: s, cancel: cancel, refused: map[string]int{}}
	t.Cleanup(cancel)
	for range crowded {
		l.wg.Go(func() {
			for ctx.Err() == nil {
				l.vote(context.WithoutCancel(ctx))
			}
		})
	}
	return l
}

func (l *load) vote(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, outcome)
	defer cancel()
	i := int(l.s.voters.Add(1))
	voter, err := l.s.Voter(ctx, i)
	for fault.Is(err, fault.Unavailable) && ctx.Err() == nil {
		voter, err = l.s.Voter(ctx, i)
	}
	if l.late(err) {
		l.note(0, err)
		return
	}
	if err != nil {
		l.fail("voter %d: %v", i, err)
		return
	}
	key, picks := fmt.Sprintf("voter-%d", i), l.s.Picks()
	counted, err := l.persist(ctx, voter, key, picks)
	if l.late(err) {
		return
	}
	if err != nil {
		l.fail("ballot %d: %v", i, err)
		return
	}
	l.s.Keep(counted.Receipt, picks)
	l.acks.Add(1)
	switch i % 8 {
	case 0:
		if again, err := l.persist(ctx, voter, key, picks); err != nil || again.Receipt != counted.Receipt {
			l.fail("ballot %d with its key again: %q, then %q, %v", i, counted.Receipt, again.Receipt, err)
		}
	case 1:
		again, err := l.persist(ctx, voter, key+"-2", picks)
		if !l.late(err) && !fault.HasCode(err, voting.ErrDuplicate.Code) {
			l.fail("ballot %d acknowledged twice: %q, then %q, %v", i, counted.Receipt, again.Receipt, err)
		}
	}
}

// late tells whether a voter came after the close; then nobody else comes.
func (l *load) late(err error) bool {
	is := l.closing.Load() && fault.HasCode(err, voting.ErrClosed.Code)
	if is {
		l.cancel()
	}
	return is
}

// persist casts until the answer is not "try again".
func (l *load) persist(ctx context.Context, voter *client.Voter, key string, picks []int) (counted gateway.Counted, err error) {
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		began := time.Now()
		counted, err = voter.CastWith(ctx, key, picks)
		l.note(time.Since(began), err)
		if !fault.Is(err, fault.Unavailable) && !fault.Is(err, fault.TooMany) {
			return counted, err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return counted, err
		}
	}
}

func (l *load) note(took time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.longest = max(l.longest, took)
	if err != nil {
		l.refused[fault.From(err).Code]++
	}
}

func (l *load) fail(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wrong = append(l.wrong, fmt.Sprintf(format, args...))
}

// more waits until n more ballots are acknowledged.
func (l *load) more(t *testing.T, n int64) {
	t.Helper()
	want := l.acks.Load() + n
	testkit.Eventually(t, patience, func() error {
		if got := l.acks.Load(); got < want {
			return fmt.Errorf("%d ballots are acknowledged, not %d; refused %v", got, want, l.refusals())
		}
		return nil
	})
}

// refusals are the answers that said "try again", by code.
func (l *load) refusals() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.refused)
}

// unserved is how many answers said that nothing was counted, or that nobody
// knows.
func (l *load) unserved() int64 {
	refused := l.refusals()
	return int64(refused[voting.ErrBusy.Code] + refused[voting.ErrUnknownOutcome.Code])
}

// done stops the crowd: who has begun to vote gets an outcome.
func (l *load) done(t *testing.T) {
	t.Helper()
	l.cancel()
	l.wg.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	t.Logf("%d ballots acknowledged; the longest answer took %v; refused %v", l.acks.Load(), l.longest.Round(time.Millisecond), l.refused)
	if l.longest > told {
		t.Errorf("a caller waited %v", l.longest)
	}
	if len(l.wrong) > 0 {
		t.Errorf("%d voters were answered wrongly:\n%s", len(l.wrong), strings.Join(l.wrong[:min(10, len(l.wrong))], "\n"))
	}
}

// whole is the check of the whole state, while nobody votes: tally, recount,
// log, acknowledged ballots, outbox and inboxes. It proves some of the
// receipts that were not proved before.
func (s *siege) whole(t *testing.T) {
	t.Helper()
	receipts := s.Receipts()
	testkit.Eventually(t, patience, func() error {
		tally, err := s.API.Tally(t.Context(), s.Slug)
		if err == nil && tally.Ballots != int64(len(receipts)) {
			err = fmt.Errorf("%d ballots are acknowledged, %d in the log", len(receipts), tally.Ballots)
		}
		return err
	})
	testkit.Eventually(t, patience, func() error {
		c, err := s.As(identity.Auditor).CheckTally(t.Context(), s.Slug)
		if err == nil && (len(c.Problems) > 0 || c.Ballots != int64(len(receipts)) || c.Sequenced != c.Ballots) {
			t.Fatalf("%d ballots are acknowledged, %d there, %d in the log; problems:\n%s", len(receipts), c.Ballots, c.Sequenced, strings.Join(c.Problems, "\n"))
		}
		return err
	})
	s.prove(t, receipts)
	testkit.Eventually(t, patience, func() error { return s.Delivered(t.Context()) })
}

// proofs is how many receipts one check proves.
const proofs = 100

// prove checks promise and proof of receipts that have not been asked for.
func (s *siege) prove(t *testing.T, receipts map[string][]int) {
	t.Helper()
	key, err := s.API.LogKey(t.Context(), s.Slug)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for code := range receipts {
		if len(codes) < proofs && !s.proved[code] {
			codes = append(codes, code)
			s.proved[code] = true
		}
	}
	indexes := make([]int64, len(codes))
	if err := s.Crowd(t.Context(), len(codes), func(ctx context.Context, i int) error {
		r, err := s.Recorded(ctx, i, codes[i])
		if err != nil {
			return err
		}
		ballot, err := r.Evidence.Check(key, s.Slug, 0)
		if err != nil {
			return fmt.Errorf("receipt %s: %w", codes[i], err)
		}
		want := slices.Sorted(slices.Values(receipts[codes[i]]))
		if r.Evidence.Proof == nil || !slices.Equal(ballot.Picks, want) {
			return fmt.Errorf("receipt %s: proof %v, picks %v, want %v", codes[i], r.Evidence.Proof, ballot.Picks, want)
		}
		indexes[i] = r.Evidence.Proof.Index
		return nil
	}); err != nil {
		t.Error(err)
	}
	slices.Sort(indexes)
	if len(slices.Compact(indexes)) != len(codes) {
		t.Error("two receipts have one place in the log")
	}
}
