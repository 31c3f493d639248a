package staff

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/testkit"
)

// waits has one more wait, and gives what their turn says.
func (q *queue) waits(ctx context.Context, t *testing.T, network string) chan error {
	t.Helper()
	q.mu.Lock()
	before := q.waiting
	q.mu.Unlock()
	came := make(chan error, 1)
	go func() {
		_, err := q.enter(ctx, network)
		came <- err
	}()
	testkit.Eventually(t, testkit.Patience, func() error {
		q.mu.Lock()
		defer q.mu.Unlock()
		if q.waiting != before+1 {
			return errors.New("it does not wait yet")
		}
		return nil
	})
	return came
}

// TestQueue_turns has networks take turns, however long their lines are.
func TestQueue_turns(t *testing.T) {
	q := newQueue(1)
	leave, err := q.enter(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	lines := []struct {
		network string
		came    chan error
	}{}
	for _, network := range []string{"a", "a", "a", "b", "c", "b"} {
		lines = append(lines, struct {
			network string
			came    chan error
		}{network, q.waits(t.Context(), t, network)})
	}
	var order []string
	for range lines {
		leave()
		testkit.Eventually(t, testkit.Patience, func() error {
			for i, l := range lines {
				select {
				case err := <-l.came:
					order = append(order, l.network)
					lines = append(lines[:i:i], lines[i+1:]...)
					return err
				default:
				}
			}
			return errors.New("nobody's turn has come")
		})
		leave = q.leave
	}
	leave()
	if diff := cmp.Diff([]string{"a", "b", "c", "a", "b", "a"}, order); diff != "" {
		t.Errorf("turns (-want +got):\n%s", diff)
	}
	if q.free != 1 || q.waiting != 0 || len(q.lines) != 0 || len(q.next) != 0 {
		t.Errorf("left behind: %+v", q)
	}
}

// TestQueue_full sends the last of the longest line away for a newcomer, and the
// newcomer where theirs is the longest.
func TestQueue_full(t *testing.T) {
	q := newQueue(1)
	if _, err := q.enter(t.Context(), "flood"); err != nil {
		t.Fatal(err)
	}
	var flood []chan error
	for range maxWaiting {
		flood = append(flood, q.waits(t.Context(), t, "flood"))
	}
	if _, err := q.enter(t.Context(), "flood"); !errors.Is(err, errBusy) {
		t.Errorf("one more of the longest line: %v", err)
	}
	other := make(chan error, 1)
	go func() {
		_, err := q.enter(t.Context(), "other")
		other <- err
	}()
	if err := <-flood[maxWaiting-1]; !errors.Is(err, errBusy) {
		t.Errorf("the last of the longest line: %v", err)
	}
	q.leave() // to the first of the flood
	q.leave() // to the other
	if err := <-other; err != nil {
		t.Errorf("who came late from elsewhere: %v", err)
	}
}

// TestQueue_cancelled gives the turn on of who left.
func TestQueue_cancelled(t *testing.T) {
	q := newQueue(1)
	leave, err := q.enter(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	gone, next := q.waits(ctx, t, "a"), q.waits(t.Context(), t, "a")
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("who left: %v", err)
	}
	leave()
	if err := <-next; err != nil {
		t.Errorf("the next: %v", err)
	}
	q.leave()
	for i := range 100 { // the turn comes at the moment of leaving
		leave, err := q.enter(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		gone := q.waits(ctx, t, fmt.Sprint(i%3))
		go cancel()
		leave()
		if err := <-gone; err == nil {
			q.leave()
		}
		cancel()
	}
	if q.free != 1 || q.waiting != 0 || len(q.lines) != 0 || len(q.next) != 0 {
		t.Errorf("a turn was lost: %+v", q)
	}
}
