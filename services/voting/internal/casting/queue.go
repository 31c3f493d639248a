package casting

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/guard"
	"github.com/laurel-awards/laurel/services/voting"
)

const saltSize = 16

// ballot is one on its way through the queue to its outcome.
type ballot struct {
	cast  *voting.Cast
	picks []int          // the cast's, ascending
	salt  [saltSize]byte // random, or by the cast's id; by it the ballot is known again in the database
	came  time.Time

	call  *call
	index int // in the call

	tried *slot // where a commit of unknown outcome may have written it; nil: nothing was written
}

// doubtful tells whether the ballot may have been written by a commit of which
// nothing was heard.
func (b *ballot) doubtful() bool { return b.tried != nil }

// failed is what the ballot is told that was given up: that nothing was counted
// only where no write of it can have been committed.
func (b *ballot) failed(err error) *fault.Error {
	switch {
	case b.doubtful(), guard.Is(err): // perhaps behind the commit
		return voting.ErrUnknownOutcome.Because(err)
	case passes(err):
		return voting.ErrBusy.Because(err)
	}
	return fault.From(err)
}

// settle notes what became of the ballot.
func (b *ballot) settle(r result) { b.call.settle(b.index, r) }

// result is what became of a ballot: a fault, or the place of the ballot that
// counts.
type result struct {
	fault   *fault.Error
	batch   int64
	rank    int // in the batch
	counted time.Time
	again   bool
}

// call is one request, whose ballots may end in different transactions.
type call struct {
	results []result
	left    atomic.Int64
	done    chan struct{}
}

func newCall(n int) *call {
	c := &call{results: make([]result, n), done: make(chan struct{})}
	c.left.Store(int64(n))
	return c
}

func (c *call) settle(index int, r result) {
	c.results[index] = r
	if c.left.Add(-1) == 0 {
		close(c.done)
	}
}

// queue holds the ballots that wait for the transaction in hand to end. It is
// bounded: a ballot that does not fit in is refused at once.
type queue struct {
	limit  int
	filled chan struct{} // holds one token while something may be waiting

	mu      sync.Mutex
	waiting []*ballot
	closed  bool
}

func newQueue(limit int) *queue {
	return &queue{limit: limit, filled: make(chan struct{}, 1)}
}

// add takes as many as there is room for, from the front, and tells how many.
func (q *queue) add(ballots []*ballot) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return 0
	}
	n := min(len(ballots), q.limit-len(q.waiting))
	if n > 0 {
		q.waiting = append(q.waiting, ballots[:n]...)
		select {
		case q.filled <- struct{}{}:
		default:
		}
	}
	return n
}

// take removes at most n, the oldest first.
func (q *queue) take(n int) []*ballot {
	q.mu.Lock()
	defer q.mu.Unlock()
	n = min(n, len(q.waiting))
	taken := q.waiting[:n:n]
	if q.waiting = q.waiting[n:]; len(q.waiting) == 0 {
		q.waiting = nil
	}
	return taken
}

// close takes no more and gives what waited.
func (q *queue) close() []*ballot {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	left := q.waiting
	q.waiting = nil
	return left
}
