// Package live streams moving tallies to browsers as server-sent events
// (https://html.spec.whatwg.org/multipage/server-sent-events.html).
//
// Ten thousand listeners must cost little. A stream is taken from the HTTP
// server once its headers are out, so that it holds a socket and some 500 bytes,
// and no goroutine. One goroutine writes to all, in rounds: each snapshot is
// encoded once, a socket takes what it can at once, and whoever is slow misses
// the frames in between.
package live

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/voting"
)

// ContentType of a stream.
const ContentType = "text/event-stream"

// DefaultStreams is how many streams one gateway holds.
const DefaultStreams = 20_000

// Config is what a Hub needs to be told.
type Config struct {
	Streams int // at a time; zero: DefaultStreams. Never more than Capacity.
	// Patience is how long a frame may take to leave; zero: ten seconds. Who is
	// slower is let go.
	Patience time.Duration
	// Load gives a tally as it stands, as far as it may be seen.
	Load func(ctx context.Context, slug string) (voting.Tally, error)
	Log  *slog.Logger
}

// Hub holds the streams of all selections.
type Hub struct {
	cfg   Config
	loads singleflight.Group
	ended chan struct{} // closed by End
	once  sync.Once

	mu      sync.Mutex
	topics  map[string]*topic // by slug
	slots   slots
	joining []*stream // those that the next turn takes up
	closed  bool      // no stream may join
}

// New makes a Hub, which must Run.
func New(cfg Config) *Hub {
	if cfg.Streams == 0 {
		cfg.Streams = DefaultStreams
	}
	if cfg.Patience == 0 {
		cfg.Patience = patience
	}
	if most := Capacity(); cfg.Streams > most {
		cfg.Log.Info("fewer live streams than asked for: the process may open few files", "streams", most, "asked", cfg.Streams)
		cfg.Streams = most
	}
	return &Hub{cfg: cfg, ended: make(chan struct{}), topics: map[string]*topic{}, slots: newSlots(cfg.Streams)}
}

// Hear takes a snapshot of a selection that somebody listens to. It does not
// wait.
func (h *Hub) Hear(t voting.Tally) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if kept, ok := h.topics[t.Slug]; ok {
		kept.take(t, time.Now())
	}
}

// Serve answers a request for a selection's stream: with the tally as it
// stands, at once, and with whatever comes later. It returns when the stream is
// on its way. What is sealed is told and ended; a browser that comes back for
// more gets 204, which it understands as the end.
//
// Faults: those of Config.Load, ErrFull, ErrShare, ErrEnding.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, slug, address string) error {
	now, err := h.current(r.Context(), slug)
	if err != nil {
		return err
	}
	if now.final {
		return last(w, r, now)
	}
	if err := h.enter(address); err != nil {
		return err
	}
	s, err := open(w, now, h.cfg.Patience)
	if err != nil {
		h.leave(address)
		if errors.Is(err, errGone) {
			return nil
		}
		return err
	}
	s.slug, s.address = slug, address
	h.join(s)
	return nil
}

// last tells the final tally.
func last(w http.ResponseWriter, r *http.Request, f *frame) error {
	if r.Header.Get("Last-Event-ID") == strconv.FormatInt(f.version, 10) {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	w.Header().Set("Content-Type", ContentType)
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(f.text)
	return err
}

// current gives the newest frame that is known of a selection, after asking
// where none has come for a while.
func (h *Hub) current(ctx context.Context, slug string) (*frame, error) {
	h.mu.Lock()
	t, ok := h.topics[slug]
	if ok {
		t.used = time.Now()
		if t.used.Before(t.stale) {
			defer h.mu.Unlock()
			return t.frame, nil
		}
	}
	h.mu.Unlock()
	return h.load(ctx, slug)
}

// load asks for a tally, once for all who wait.
func (h *Hub) load(ctx context.Context, slug string) (*frame, error) {
	f, err, _ := h.loads.Do(slug, func() (any, error) {
		tally, err := h.cfg.Load(context.WithoutCancel(ctx), slug)
		if err != nil {
			return nil, err
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		t, ok := h.topics[slug]
		if !ok {
			t = &topic{}
			h.topics[slug] = t
		}
		t.take(tally, time.Now())
		return t.frame, nil
	})
	if err != nil {
		return nil, err
	}
	return f.(*frame), nil
}

func (h *Hub) enter(address string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return ErrEnding
	}
	return h.slots.enter(address)
}

func (h *Hub) leave(address string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.slots.leave(address)
}

// join hands a stream to the writer.
func (h *Hub) join(s *stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.topics[s.slug]; !ok || h.closed {
		s.close() // the browser comes back
		h.slots.leave(s.address)
		return
	}
	h.joining = append(h.joining, s)
}

// Streams is how many are open.
func (h *Hub) Streams() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.slots.open
}

// End ends all streams at once, and takes no more.
func (h *Hub) End() { h.once.Do(func() { close(h.ended) }) }

// Ended is closed by End.
func (h *Hub) Ended() <-chan struct{} { return h.ended }

// The faults of a stream that is not opened.
var (
	ErrFull   = fault.NewUnavailable("streams_full", "as many live streams are open as there may be; ask for the tally instead", comeBack)
	ErrShare  = tooMany()
	ErrEnding = fault.NewUnavailable("streams_ending", "this gateway is about to stop", time.Second)
)

// comeBack is when a stream may be asked for again.
const comeBack = 30 * time.Second

func tooMany() *fault.Error {
	f := fault.New(fault.TooMany, "too_many_streams", "your network has as many live streams as it may; ask for the tally instead")
	f.RetryAfter = comeBack
	return f
}
