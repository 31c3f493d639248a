package live_test

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/gateway/internal/live"
	"github.com/laurel-awards/laurel/services/voting"
)

// TestStream tells where the tally stands at once, then how it moves: a
// thousand snapshots, shuffled and repeated, are few events in order, and the
// last of them is the newest.
func TestStream(t *testing.T) {
	t.Parallel()
	h := setup(t)
	l := h.follows(t, "a")
	began := time.Now()
	first := l.until(t, ballots(1))
	if len(first) != 1 || time.Since(began) > 200*time.Millisecond {
		t.Errorf("the first events, after %v: %+v", time.Since(began), first)
	}
	const many, part = 1000, 250
	events := first
	for begin := int64(0); begin < many; begin += part {
		order := rand.Perm(part)
		for i, n := range order {
			h.Hear(tally(begin + int64(n) + 2))
			h.Hear(tally(begin + int64(order[i/2]) + 2))
			h.Hear(tally(begin / 2))
		}
		events = append(events, l.until(t, ballots(begin+part+1))...)
	}
	rising(t, events)
	if most := int(time.Since(began)/(250*time.Millisecond)) + 2; len(events) > most {
		t.Errorf("%d events in %v", len(events), time.Since(began))
	}
}

// TestStream_seal ends with the final tally, and so does whoever comes later;
// who has seen it is told not to come back.
func TestStream_seal(t *testing.T) {
	t.Parallel()
	h := setup(t)
	listeners := []*listener{h.follows(t, "a"), h.follows(t, "b")}
	h.Hear(sealed(9))
	for _, l := range append(listeners, nil) {
		if l == nil {
			l = h.listen(t, "c")
		}
		events := l.until(t, func(e event) bool { return e.name == "sealed" })
		if e := events[len(events)-1]; e.tally.State != voting.Sealed || e.tally.Votes[7] != 9 {
			t.Errorf("%+v", e)
		}
		if l.head.ContentLength < 0 {
			l.ended(t)
		}
	}
	h.open(t, 0)
	for id, want := range map[string]int{"12": http.StatusNoContent, "11": http.StatusOK, "": http.StatusOK, "x": http.StatusOK} {
		if got := h.listen(t, "d", "Last-Event-ID", id).head; got.StatusCode != want {
			t.Errorf("back with %q: %d, want %d", id, got.StatusCode, want)
		}
	}
}

// TestStream_slow lets go of a client that does not read, and nobody else
// notices.
func TestStream_slow(t *testing.T) {
	t.Parallel()
	h := setup(t, func(c *live.Config) { c.Patience = time.Second })
	h.mu.Lock()
	h.tally = large(1)
	h.mu.Unlock()
	h.follows(t, "slow")
	quick := h.follows(t, "quick")
	h.open(t, 2)
	for n := int64(2); h.Streams() > 1; n++ {
		if n > 60 {
			t.Fatal("a client that reads nothing is kept")
		}
		sent := time.Now()
		h.Hear(large(n))
		if events := quick.until(t, ballots(n)); len(events) > 2 || time.Since(sent) > 2*time.Second {
			t.Errorf("the quick one had %d events for one, after %v", len(events), time.Since(sent))
		}
	}
	h.Hear(tally(100))
	quick.until(t, ballots(100))
}

// TestStream_catchUp: who reads again in time goes on with the newest frame.
func TestStream_catchUp(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.mu.Lock()
	h.tally = large(1)
	h.mu.Unlock()
	slow, quick := h.follows(t, "slow"), h.follows(t, "quick")
	const last = 14
	for n := int64(2); n <= last; n++ {
		h.Hear(large(n))
		quick.until(t, ballots(n))
	}
	events := slow.until(t, ballots(last))
	rising(t, events)
	if len(events) >= last {
		t.Errorf("%d events of %d: none was left out", len(events), last)
	}
}

// large is a tally of some 50 KB.
func large(ballots int64) voting.Tally {
	s := tally(ballots)
	for c := range 4000 {
		s.Votes[c+1] = ballots
	}
	return s
}

func TestStream_slots(t *testing.T) {
	t.Parallel()
	h := setup(t, func(c *live.Config) { c.Streams = 8 })
	var own []*listener
	for {
		l := h.listen(t, "greedy")
		if l.head.StatusCode == http.StatusOK {
			own = append(own, l)
			continue
		}
		if l.head.StatusCode != http.StatusTooManyRequests || l.head.Header.Get("Retry-After") != "30" {
			t.Errorf("past its share: %d %v", l.head.StatusCode, l.head.Header)
		}
		break
	}
	if len(own) != 6 {
		t.Errorf("one address holds %d of 8", len(own))
	}
	h.follows(t, "second")
	h.follows(t, "third")
	if l := h.listen(t, "fourth"); l.head.StatusCode != http.StatusServiceUnavailable || l.head.Header.Get("Retry-After") != "30" {
		t.Errorf("with no place left: %d %v", l.head.StatusCode, l.head.Header)
	}
	for _, l := range own {
		l.conn.Close()
	}
	h.open(t, 2) // who has gone is noticed, though nothing is sent
	h.follows(t, "fourth")
}

// TestStream_reload has a crowd that takes most slots leave and come again:
// those that it left are free within a second or two, though nothing is sent.
func TestStream_reload(t *testing.T) {
	t.Parallel()
	h := setup(t, func(c *live.Config) { c.Streams = 8 })
	for range 3 {
		var crowd []*listener
		for i := range 8 {
			crowd = append(crowd, h.follows(t, strconv.Itoa(i)))
		}
		for _, l := range crowd {
			l.conn.Close()
		}
		left := time.Now()
		h.open(t, 0)
		if took := time.Since(left); took > 4*time.Second {
			t.Errorf("noticed after %v", took)
		}
	}
}

// TestStream_load asks for a tally once for all who come, and tells what is
// wrong.
func TestStream_load(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.mu.Lock()
	h.down = fault.NewUnavailable("service_down", "down", time.Second)
	h.mu.Unlock()
	if l := h.listen(t, "a"); l.head.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("without a tally: %d", l.head.StatusCode)
	}
	h.mu.Lock()
	h.down, h.loads = nil, 0
	h.mu.Unlock()
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { h.listen(t, "a") })
	}
	all.Wait()
	h.open(t, 50)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.loads > 10 {
		t.Errorf("50 listeners asked %d times", h.loads)
	}
}

// TestHub_End closes every stream at once, and leaves no goroutine.
func TestHub_End(t *testing.T) {
	h := setup(t)
	var all []*listener
	for range 50 {
		all = append(all, h.follows(t, "a"))
	}
	for _, l := range all {
		l.until(t, ballots(1))
	}
	began := time.Now()
	h.End()
	for _, l := range all {
		l.ended(t)
	}
	<-h.ran
	if took := time.Since(began); took > time.Second {
		t.Errorf("the end took %v", took)
	}
	if l := h.listen(t, "a"); l.head.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("after the end: %d", l.head.StatusCode)
	}
	if n := h.Streams(); n != 0 {
		t.Errorf("%d streams are open", n)
	}
	if n := len(testkit.Goroutines("internal/live.(*")); n > 0 {
		t.Errorf("%d goroutines are left", n)
	}
}

// TestStream_cost holds an open stream to a few kilobytes and no goroutine.
func TestStream_cost(t *testing.T) {
	h := setup(t)
	const streams = 400
	conns := make([]net.Conn, 0, streams)
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	request := []byte("GET /" + slug + " HTTP/1.1\r\nHost: x\r\nX-Address: a\r\n\r\n")
	h.follows(t, "first")
	before := heap()
	for range streams {
		c, err := net.Dial("tcp", h.address)
		if err == nil {
			conns = append(conns, c)
			_, err = c.Write(request)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	h.open(t, streams+1)
	if each := (heap() - before) / streams; each > 8<<10 {
		t.Errorf("a stream and its client hold %d bytes", each)
	} else {
		t.Logf("a stream and its client hold %d bytes", each)
	}
	if n := len(testkit.Goroutines("net/http.(*conn).serve")); n > 0 {
		t.Errorf("%d goroutines serve streams", n)
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

func TestCapacity(t *testing.T) {
	if n := live.Capacity(); n < 100 {
		t.Errorf("%d streams at most", n)
	}
	if f := fault.From(live.ErrShare); f.Kind != fault.TooMany || !errors.Is(f, live.ErrShare) || strconv.Itoa(f.Kind.Status()) != "429" {
		t.Errorf("%+v", f)
	}
}
