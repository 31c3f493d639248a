package testkit

import (
	"bytes"
	"math/rand/v2"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// Line is a way over TCP to a server, which can fail as networks do. It takes
// connections at Address and carries them to the server.
type Line struct {
	// Address is host:port, the same for as long as the line is there.
	Address string

	network, server string

	mu       sync.Mutex
	listener net.Listener  // nil: refused
	carrying chan struct{} // closed while bytes pass
	pairs    map[*pair]struct{}
	wg       sync.WaitGroup

	mark   []byte // of the requests whose answers may be lost
	chance float64
	lost   atomic.Int64
}

// pair is a connection and its continuation to the server.
type pair struct {
	client, server net.Conn
	silent         bool          // nothing passes any more, and nobody is told
	marked         atomic.Bool   // the last request has the mark
	over           chan struct{} // closed at its end
	once           sync.Once
}

func (p *pair) end() {
	p.once.Do(func() {
		close(p.over)
		p.client.Close()
		p.server.Close()
	})
}

// NewLine listens at address, or where it likes if that is host:0, and leads to
// a server: ("tcp", "host:port") or ("unix", path). It ends with the test.
func NewLine(t testing.TB, address, network, server string) *Line {
	t.Helper()
	l := &Line{Address: address, network: network, server: server, carrying: make(chan struct{}), pairs: map[*pair]struct{}{}}
	close(l.carrying)
	l.listen(t)
	t.Cleanup(func() {
		l.Refuse()
		l.wg.Wait()
	})
	return l
}

// DatabaseLine is a line at a place of its own to the server of a database, and
// the database's URL by it.
func DatabaseLine(t testing.TB, database string) (l *Line, by string) {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	network, server := "tcp", u.Host
	q := u.Query()
	if dir := q.Get("host"); dir != "" {
		network, server = "unix", filepath.Join(dir, ".s.PGSQL.5432")
	}
	l = NewLine(t, "127.0.0.1:0", network, server)
	q.Del("host")
	q.Set("sslmode", "disable")
	u.Host, u.RawQuery = l.Address, q.Encode()
	return l, u.String()
}

func (l *Line) listen(t testing.TB) {
	t.Helper()
	listener, err := net.Listen("tcp", l.Address)
	if err != nil {
		t.Fatal(err)
	}
	l.Address, l.listener = listener.Addr().String(), listener
	l.wg.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			l.wg.Go(func() { l.carry(conn) })
		}
	})
}

// Refuse cuts all connections, and refuses new ones.
func (l *Line) Refuse() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listener != nil {
		l.listener.Close()
		l.listener = nil
	}
	for p := range l.pairs {
		p.end()
	}
}

// Hold keeps every byte, both ways; connections are taken, and wait.
func (l *Line) Hold() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.carrying:
		l.carrying = make(chan struct{})
	default: // it holds already
	}
}

// Forget drops the connections of now as a router does that lost its table: the
// server sees them end, the client hears nothing, now or later. New ones pass.
func (l *Line) Forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p := range l.pairs {
		p.silent = true
		p.server.Close()
	}
}

// Restore ends Refuse and Hold: what was held passes, what was cut stays so.
func (l *Line) Restore(t testing.TB) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.carrying:
	default:
		close(l.carrying)
	}
	if l.listener == nil {
		l.listen(t)
	}
}

// LoseAnswers ends connections when they carry the answer to a request that
// contains mark, instead of handing it over: each such answer with a chance
// from 0, none, to 1, all.
func (l *Line) LoseAnswers(mark string, chance float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mark, l.chance = []byte(mark), chance
}

// Lost is how many answers have been lost.
func (l *Line) Lost() int64 { return l.lost.Load() }

// carry moves bytes both ways until either side ends.
func (l *Line) carry(client net.Conn) {
	server, err := net.Dial(l.network, l.server)
	if err != nil {
		client.Close()
		return
	}
	p := &pair{client: client, server: server, over: make(chan struct{})}
	l.mu.Lock()
	l.pairs[p] = struct{}{}
	if l.listener == nil {
		p.end()
	}
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.pairs, p)
	}()
	var wg sync.WaitGroup
	wg.Go(func() { l.pump(p, p.server, p.client, l.ask) })
	wg.Go(func() { l.pump(p, p.client, p.server, l.answer) })
	wg.Wait()
}

// pump moves bytes one way. look tells of what passes whether it may.
func (l *Line) pump(p *pair, to, from net.Conn, look func(p *pair, data []byte) bool) {
	buf := make([]byte, 1<<16)
	for {
		n, err := from.Read(buf)
		if !l.pass(p) || n > 0 && !look(p, buf[:n]) {
			p.end()
			return
		}
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil && l.pass(p) {
				p.end()
				return
			}
		}
		if err != nil && l.pass(p) {
			p.end()
			return
		}
	}
}

// pass waits until the line carries again; for a silent connection that is its
// end. It tells whether the connection still stands.
func (l *Line) pass(p *pair) bool {
	l.mu.Lock()
	carrying := l.carrying
	if p.silent {
		carrying = nil
	}
	l.mu.Unlock()
	select {
	case <-p.over:
		return false
	case <-carrying:
		return true
	}
}

func (l *Line) ask(p *pair, data []byte) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	p.marked.Store(l.chance > 0 && bytes.Contains(data, l.mark))
	return true
}

func (l *Line) answer(p *pair, _ []byte) bool {
	l.mu.Lock()
	chance := l.chance
	l.mu.Unlock()
	if !p.marked.Load() || rand.Float64() >= chance {
		return true
	}
	l.lost.Add(1)
	return false
}
