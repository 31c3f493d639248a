package staff

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
)

const (
	// maxWaiting is how many wait for their turn. It is below what the room
	// answers at a time (bus.Serve), so that those who wait leave room for other
	// requests.
	maxWaiting = 220
	// maxWait is how long anybody waits: less than the gateway does.
	maxWait = 25 * time.Second
)

// errBusy is who cannot be served now. Nothing was counted against them.
var errBusy = fault.NewUnavailable("sign_in_busy", "very many sign in at this moment; wait a little", 5*time.Second)

// queue lets few hash at a time, because each takes a core and 19 MiB. The rest
// wait. The networks that wait take turns, so that one with many tries does not
// hold up the others; where no more can wait, the longest line gives way.
type queue struct {
	mu      sync.Mutex
	free    int // turns that nobody has
	waiting int
	lines   map[string][]chan bool // by network; a line is never empty
	next    []string               // the networks that wait, in the order of their turns
}

func newQueue(turns int) *queue { return &queue{free: turns, lines: map[string][]chan bool{}} }

// enter waits for a turn. Whoever got one calls leave. Faults: errBusy.
func (q *queue) enter(ctx context.Context, network string) (leave func(), err error) {
	turn := q.join(network)
	late := time.NewTimer(maxWait)
	defer late.Stop()
	select {
	case granted := <-turn:
		if granted {
			return q.leave, nil
		}
		return nil, errBusy
	case <-ctx.Done():
		err = ctx.Err()
	case <-late.C:
		err = errBusy
	}
	if q.giveUp(network, turn) {
		q.leave() // the turn came at this moment
	}
	return nil, err
}

// join gives what says true when the turn has come, and false when it never will.
func (q *queue) join(network string) chan bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	turn := make(chan bool, 1)
	if q.free > 0 { // then nobody waits
		q.free--
		turn <- true
		return turn
	}
	if q.waiting >= maxWaiting && !q.evict(network) {
		turn <- false
		return turn
	}
	if len(q.lines[network]) == 0 {
		q.next = append(q.next, network)
	}
	q.lines[network] = append(q.lines[network], turn)
	q.waiting++
	return turn
}

// evict sends the last of the longest line away, if it would be longer than the
// newcomer's.
func (q *queue) evict(newcomer string) bool {
	longest, length := newcomer, len(q.lines[newcomer])+1
	for network, line := range q.lines {
		if len(line) > length {
			longest, length = network, len(line)
		}
	}
	if longest == newcomer {
		return false
	}
	line := q.lines[longest]
	line[len(line)-1] <- false
	q.drop(longest, len(line)-1)
	return true
}

// drop takes one out of a line.
func (q *queue) drop(network string, i int) {
	q.waiting--
	if q.lines[network] = slices.Delete(q.lines[network], i, i+1); len(q.lines[network]) == 0 {
		delete(q.lines, network)
		q.next = slices.DeleteFunc(q.next, func(n string) bool { return n == network })
	}
}

// giveUp takes one out of the queue who waits no more, and tells whether their
// turn has come all the same.
func (q *queue) giveUp(network string, turn chan bool) (came bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := slices.Index(q.lines[network], turn); i >= 0 {
		q.drop(network, i)
		return false
	}
	return <-turn
}

// leave hands the turn on.
func (q *queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.next) == 0 {
		q.free++
		return
	}
	network := q.next[0]
	q.lines[network][0] <- true
	q.next = append(q.next[1:], network)
	q.drop(network, 0)
}
