package live

import (
	"context"
	"sync"
	"time"
)

const (
	// Between rounds: four a second, falling to one in two seconds.
	fastest = 250 * time.Millisecond
	slowest = 2 * time.Second
	// perSecond is how many frames are written in a second to all streams
	// together: with more than 1,250 streams the rounds become fewer.
	perSecond = 5000
	// share is how many times longer the writer rests than a round took: under
	// load a round takes longer, and there are fewer of them.
	share = 10
	// lookEvery is how often listeners are looked for that have gone, and lookSoon
	// how often once half of the slots are taken: a crowd that reloads its page
	// needs those that it leaves.
	lookEvery = 5 * time.Second
	lookSoon  = time.Second
)

// pace is the time from the begin of one round to the next.
func pace(streams int, took time.Duration) time.Duration {
	return min(slowest, max(fastest, time.Duration(streams)*time.Second/perSecond, share*took))
}

// turn is what the writer does to each stream at one time.
type turn struct {
	now      time.Time
	patience time.Duration
	round    bool // new frames go out
	look     bool // who has gone is looked for
}

// Run writes to the streams until ctx ends or End is called; then all are
// closed.
func (h *Hub) Run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	var loading sync.WaitGroup
	defer loading.Wait()
	defer cancel()
	defer h.close()
	tick := time.NewTicker(fastest)
	defer tick.Stop()
	var next, looked time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.ended:
			return
		case <-tick.C:
		}
		t := turn{now: time.Now(), patience: h.cfg.Patience}
		// A tick that comes a little early is the one that was meant.
		t.round, t.look = t.now.Add(fastest/2).After(next), t.now.Add(fastest/2).After(looked.Add(h.lookAfter()))
		topics := h.begin(t.now, func(slug string) {
			loading.Go(func() {
				if _, err := h.load(ctx, slug); err != nil {
					h.cfg.Log.DebugContext(ctx, "live tally: not loaded", "slug", slug, "error", err)
				}
			})
		})
		streams := 0
		for topic, f := range topics {
			streams += len(topic.streams)
			h.release(topic.write(t, f))
		}
		if t.round {
			took := time.Since(t.now)
			roundSeconds.Set(took.Seconds())
			next = t.now.Add(pace(streams, took))
		}
		if t.look {
			looked = t.now
		}
	}
}

// lookAfter is the time from one look to the next.
func (h *Hub) lookAfter() time.Duration {
	if 2*h.Streams() > h.cfg.Streams {
		return lookSoon
	}
	return lookEvery
}

// begin takes up who has joined, and gives the topics that have streams with
// their newest frames. Tallies that may be stale are to be loaded; selections
// that nobody has listened to for a while are forgotten.
func (h *Hub) begin(now time.Time, load func(slug string)) map[*topic]*frame {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.joining {
		t := h.topics[s.slug] // it was there when the stream joined, and topics go only here
		t.streams = append(t.streams, s)
	}
	h.joining = nil
	topics := make(map[*topic]*frame, len(h.topics))
	for slug, t := range h.topics {
		if len(t.streams) == 0 {
			if now.Sub(t.used) > keepFor {
				delete(h.topics, slug)
			}
			continue
		}
		t.used = now
		topics[t] = t.frame
		if now.After(t.stale) {
			t.stale = now.Add(askAgain)
			load(slug)
		}
	}
	return topics
}

// write gives each stream what is due, and the streams that are over.
func (t *topic) write(turn turn, f *frame) (over []*stream) {
	beat := turn.now.Sub(t.quiet) >= beatEvery
	sent := 0
	left := t.streams[:0]
	for _, s := range t.streams {
		var err error
		switch {
		case len(s.rest) > 0 && turn.now.Sub(s.since) > turn.patience:
			droppedStreams.Inc()
			over = append(over, s)
			continue
		case len(s.rest) > 0:
			err = s.send(s.rest, turn.now)
		case turn.round && s.version < f.version:
			s.version = f.version
			sent++
			err = s.send(f.text, turn.now)
		case beat:
			err = s.send([]byte(heartbeat), turn.now)
		}
		done := f.final && s.version == f.version && len(s.rest) == 0
		if err != nil || done || turn.look && s.gone() {
			over = append(over, s)
		} else {
			left = append(left, s)
		}
	}
	clear(t.streams[len(left):])
	t.streams = left
	if beat || sent > 0 {
		t.quiet = turn.now
	}
	sentFrames.Add(float64(sent))
	return over
}

// release closes streams and gives their slots to others.
func (h *Hub) release(over []*stream) {
	if len(over) == 0 {
		return
	}
	for _, s := range over {
		s.close()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range over {
		h.slots.leave(s.address)
	}
}

// close ends everything.
func (h *Hub) close() {
	h.mu.Lock()
	h.closed = true
	over := h.joining
	h.joining = nil
	for _, t := range h.topics {
		over = append(over, t.streams...)
		t.streams = nil
	}
	h.mu.Unlock()
	h.release(over)
}
