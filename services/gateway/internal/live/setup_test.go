package live_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/gateway/internal/live"
	"github.com/laurel-awards/laurel/services/voting"
)

const slug = "courier-2"

// installation is a hub behind a real HTTP server.
type installation struct {
	*live.Hub
	address string
	ran     chan struct{} // closed when the writer has ended

	mu    sync.Mutex
	tally voting.Tally
	loads int
	down  error // what loading answers
}

func setup(t *testing.T, change ...func(*live.Config)) *installation {
	t.Helper()
	h := &installation{tally: tally(1), ran: make(chan struct{})}
	cfg := live.Config{Load: h.load, Log: testkit.Log(t)}
	for _, c := range change {
		c(&cfg)
	}
	h.Hub = live.New(cfg)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		address := r.Header.Get("X-Address")
		if err := h.Serve(w, r, strings.TrimPrefix(r.URL.Path, "/"), address); err != nil {
			w.Header().Set("Retry-After", strconv.Itoa(int(fault.From(err).RetryAfter.Seconds())))
			http.Error(w, fault.From(err).Code, fault.From(err).Kind.Status())
		}
	}))
	h.address = server.Listener.Addr().String()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	go func() { defer close(h.ran); h.Run(ctx) }()
	t.Cleanup(func() { server.Close(); stop(); <-h.ran })
	return h
}

func (h *installation) load(_ context.Context, of string) (voting.Tally, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.loads++
	t := h.tally
	t.Slug = of
	return t, h.down
}

// tally is a snapshot of so many ballots.
func tally(ballots int64) voting.Tally {
	return voting.Tally{Slug: slug, State: voting.Open, Ballots: ballots, Votes: map[int]int64{7: ballots}, Version: 1 + ballots}
}

func sealed(ballots int64) voting.Tally {
	t := tally(ballots)
	t.State, t.Version = voting.Sealed, t.Version+2
	return t
}

// event is one of a stream's.
type event struct {
	id    int64
	name  string
	tally voting.Tally
}

// listener is a client of a stream.
type listener struct {
	conn net.Conn
	in   *bufio.Reader
	head *http.Response
}

// listen opens a stream of an address; headers come in pairs.
func (h *installation) listen(t testing.TB, address string, headers ...string) *listener {
	t.Helper()
	conn, err := net.Dial("tcp", h.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	text := "GET /" + slug + " HTTP/1.1\r\nHost: x\r\nX-Address: " + address + "\r\n"
	for i := 0; i < len(headers); i += 2 {
		text += headers[i] + ": " + headers[i+1] + "\r\n"
	}
	if _, err := io.WriteString(conn, text+"\r\n"); err != nil {
		t.Fatal(err)
	}
	l := &listener{conn: conn, in: bufio.NewReaderSize(conn, 256)}
	if l.head, err = http.ReadResponse(l.in, nil); err != nil { //nolint:bodyclose // the body is read from in, and ends with conn
		t.Fatal(err)
	}
	return l
}

// follows is listen, where it must succeed.
func (h *installation) follows(t testing.TB, address string) *listener {
	t.Helper()
	l := h.listen(t, address)
	if l.head.StatusCode != http.StatusOK || l.head.Header.Get("Content-Type") != "text/event-stream" || len(l.head.TransferEncoding) > 0 || !l.head.Close {
		t.Fatalf("%d %v", l.head.StatusCode, l.head.Header)
	}
	return l
}

// next reads an event; io.EOF where the stream has ended.
func (l *listener) next() (e event, err error) {
	for {
		line, err := l.in.ReadString('\n')
		if err != nil {
			return e, err
		}
		field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch field {
		case "id":
			if e.id, err = strconv.ParseInt(value, 10, 64); err != nil {
				return e, err
			}
		case "event":
			e.name = value
		case "data":
			if err := json.Unmarshal([]byte(value), &e.tally); err != nil {
				return e, err
			}
		case "":
			if e.id > 0 {
				return e, nil
			}
		case "retry", ":":
		default:
			return e, fmt.Errorf("an unknown field: %q", line)
		}
	}
}

// until reads events up to the wanted one.
func (l *listener) until(t testing.TB, want func(event) bool) (all []event) {
	t.Helper()
	for {
		e, err := l.next()
		if err != nil {
			t.Fatalf("after %d events: %v", len(all), err)
		}
		all = append(all, e)
		if want(e) {
			return all
		}
	}
}

// ended fails unless the stream is over.
func (l *listener) ended(t testing.TB) {
	t.Helper()
	if e, err := l.next(); !errors.Is(err, io.EOF) {
		t.Errorf("the stream goes on with %+v, %v", e, err)
	}
}

// open waits until so many streams are open.
func (h *installation) open(t testing.TB, n int) {
	t.Helper()
	testkit.Eventually(t, 20*time.Second, func() error {
		if got := h.Streams(); got != n {
			return fmt.Errorf("%d streams are open, want %d", got, n)
		}
		return nil
	})
}

func ballots(n int64) func(event) bool {
	return func(e event) bool { return e.tally.Ballots == n }
}

// rising fails unless each event is newer than the one before.
func rising(t testing.TB, events []event) {
	t.Helper()
	if !slices.IsSortedFunc(events, func(a, b event) int { return int(a.id - b.id) }) {
		t.Errorf("out of order: %+v", events)
	}
	for i, e := range events {
		if e.id != e.tally.Version || i > 0 && e.id == events[i-1].id {
			t.Errorf("event %d: %+v", i, e)
		}
	}
}
