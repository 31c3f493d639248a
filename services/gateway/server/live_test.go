package server_test

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/gateway/server"
	"github.com/laurel-awards/laurel/services/voting"
)

// TestLive follows a vote from room to browser: the first event at once, few
// events of many ballots, each newer than the one before, and at last the
// sealed tally, which ends the stream.
func TestLive(t *testing.T) {
	h := openVote(t, "live")
	began := time.Now()
	l := h.listen()
	first := l.until(t, func(frame) bool { return true })
	if head := l.Header; l.StatusCode != http.StatusOK || head.Get("Content-Type") != "text/event-stream" || head.Get("Cache-Control") != "no-store" ||
		head.Get("X-Request-Id") == "" || head.Get("X-Content-Type-Options") != "nosniff" || time.Since(began) > time.Second {
		t.Errorf("%d %v after %v", l.StatusCode, head, time.Since(began))
	}
	if f := first[0]; f.tally.State != voting.Open || f.tally.Ballots != 0 {
		t.Errorf("the first event is %+v", f)
	}
	const n = 300
	h.cast(0, n, func(i int) string { return fmt.Sprintf("[%d, 12]", 1+i%11) })
	frames := append(first, l.until(t, func(f frame) bool { return f.tally.Ballots == n })...)
	h.phase(event.Close)
	frames = append(frames, l.until(t, func(f frame) bool { return f.name != "" })...)
	if most := int(time.Since(began)/(250*time.Millisecond)) + 2; len(frames) > most {
		t.Errorf("%d events in %v", len(frames), time.Since(began))
	}
	for i, f := range frames {
		if f.id != fmt.Sprint(f.tally.Version) || i > 0 && f.tally.Version <= frames[i-1].tally.Version {
			t.Errorf("event %d is %+v", i, f)
		}
	}
	last := frames[len(frames)-1]
	want := h.stands(func(tally voting.Tally) bool { return tally.State == voting.Sealed })
	if last.name != "sealed" || !reflect.DeepEqual(last.tally, want) || want.Ballots != n || want.Votes[12] != n {
		t.Errorf("the last event is %+v, the tally %+v", last, want)
	}
	if body := h.ask(t, http.MethodGet, "/api/v1/selections/"+here+"/tally", "", "").Body; !strings.Contains(body, last.data[1:]) {
		t.Errorf("the tally route answers %s, the event says %s", body, last.data)
	}
	if f, ok := l.next(t); ok {
		t.Errorf("after the seal: %+v", f)
	}
	if again := h.listen(); again.until(t, func(f frame) bool { return f.name == "sealed" })[0].data != last.data {
		t.Error("who comes later sees another seal")
	}
	if back := h.listen("Last-Event-ID", last.id); back.StatusCode != http.StatusNoContent {
		t.Errorf("who comes back after the seal gets %d", back.StatusCode)
	}
}

// TestLive_refused are streams that do not open, each with a problem; the end
// of the gateway ends those that are open at once, and leaves nothing of them.
func TestLive_refused(t *testing.T) {
	h := openVote(t, "live", func(c *server.Config) { c.Streams, c.TrustedProxies = 4, []string{"127.0.0.0/8"} })
	if p := h.ask(t, http.MethodGet, strings.Replace(livePath, here, nowhere, 1), "", "").problem(t); p.Code != voting.ErrNotYet.Code {
		t.Errorf("before the rulebook has come: %+v", p)
	}
	from := func(address string) answer {
		return h.ask(t, http.MethodGet, livePath, "", "", "X-Forwarded-For", address)
	}
	var open []*listener
	listen := func(address string) {
		l := h.listen("X-Forwarded-For", address)
		l.until(t, func(frame) bool { return true })
		open = append(open, l)
	}
	for range 3 {
		listen("203.0.113.1")
	}
	if a := from("203.0.113.1"); a.problem(t).Code != "too_many_streams" || a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") != "30" {
		t.Errorf("past an address's share: %d %s", a.Status, a.Body)
	}
	listen("203.0.113.2")
	if a := from("203.0.113.3"); a.problem(t).Code != "streams_full" || a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") != "30" {
		t.Errorf("with no place left: %d %s", a.Status, a.Body)
	}

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	began := time.Now()
	if err := h.server.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	for _, l := range open {
		if f, ok := l.next(t); ok {
			t.Errorf("after the end: %+v", f)
		}
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("the end took %v", took)
	}
	testkit.Eventually(t, 10*time.Second, func() error {
		if left := testkit.Goroutines("gateway/internal/live."); len(left) > 0 {
			return fmt.Errorf("a goroutine is left:\n%s", left[0])
		}
		return nil
	})
}
