package e2e_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/testkit"
)

// collapse is the share of the crowd's rate that must be left with slow
// clients there, in the long form. It is generous: both rates are taken from a
// busy machine. In the short form the crowd must get on.
const collapse = 0.2

// slowClients keeps connections by the thousand that send nothing, their headers
// or their body byte by byte, or read no answer, while the crowd votes.
func (s *siege) slowClients(t *testing.T) {
	each, window := 300, time.Second // of each kind; while rates are taken
	_, measured := rounds(t, 0)
	if measured {
		each, window = 1500, 5*time.Second
	}
	l := s.load(t)
	l.more(t, 50)
	before := s.uses(t)
	quick := l.rate(t, window)

	credential := s.voter(t)
	post := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n",
		s.of("/ballots"), credential)
	long := "GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" // the answer
	var crowd slow
	t.Cleanup(crowd.close)
	for range each {
		crowd.join(t, s.Listen, "", 0)
		crowd.join(t, s.Listen, "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", 'x')
		crowd.join(t, s.Listen, post+`{"picks": [`, ' ')
		crowd.join(t, s.Listen, strings.Repeat(long, 8), 0) // more than the buffers hold
	}
	stop := crowd.dribble()
	l.more(t, 50)
	slowed := l.rate(t, window)
	during := s.uses(t)
	stop()
	t.Logf("%.0f ballots a second, with %d slow clients %.0f; used %v, then %v", quick, len(crowd.conns), slowed, before, during)
	if measured && slowed < collapse*quick {
		t.Errorf("%.0f ballots a second fell to %.0f", quick, slowed)
	}
	if during["process_open_fds"] < before["process_open_fds"]+float64(each) {
		t.Errorf("the slow clients are not there: %v, %v", before, during)
	}
	crowd.close()
	l.done(t)
	testkit.Eventually(t, patience, func() error {
		now := s.uses(t)
		for name, slack := range map[string]float64{"process_open_fds": 2 * crowded, "go_goroutines": 4 * crowded, "go_memstats_heap_inuse_bytes": 64 << 20} {
			if now[name] > before[name]+slack {
				return fmt.Errorf("%s: %.0f before, %.0f with slow clients, %.0f after", name, before[name], during[name], now[name])
			}
		}
		return nil
	})
	s.whole(t)
}

// rate is the acknowledged ballots a second.
func (l *load) rate(t *testing.T, window time.Duration) float64 {
	t.Helper()
	began, acks := time.Now(), l.acks.Load()
	pause(t, window)
	return float64(l.acks.Load()-acks) / time.Since(began).Seconds()
}

// profiles is the port of the gateway's.
const profiles = 99

// uses are some of the gateway's metrics, without its garbage.
func (s *siege) uses(t *testing.T) map[string]float64 {
	t.Helper()
	gateway := s.Processes["gateway"].Address
	if status := get(t, s.port(profiles), "/debug/pprof/heap?gc=1"); status != http.StatusOK {
		t.Fatalf("collect garbage: %d", status)
	}
	resp, err := http.Get("http://" + gateway + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	uses := map[string]float64{}
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		switch name {
		case "process_open_fds", "go_goroutines", "go_memstats_heap_inuse_bytes":
			if uses[name], err = strconv.ParseFloat(value, 64); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(uses) != 3 {
		t.Fatalf("metrics %v", uses)
	}
	return uses
}

// slow is clients that take their time.
type slow struct {
	conns []net.Conn
	bytes []byte // what each goes on to send, byte by byte; 0: nothing
}

// join connects one that begins by saying something.
func (s *slow) join(t *testing.T, address, begin string, then byte) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	if err := c.SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, begin); err != nil {
		t.Fatal(err)
	}
	s.conns, s.bytes = append(s.conns, c), append(s.bytes, then)
}

// dribble has them send a byte now and then, until it is stopped.
func (s *slow) dribble() (stop func()) {
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-end:
				return
			case <-tick.C:
			}
			for i, c := range s.conns {
				if s.bytes[i] != 0 {
					_, _ = c.Write(s.bytes[i : i+1]) // who is let go is let go
				}
			}
		}
	}()
	return func() { close(end); <-ended }
}

func (s *slow) close() {
	for _, c := range s.conns {
		c.Close()
	}
}
