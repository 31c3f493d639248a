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

// FaultProxy is a TCP proxy before a server, which can fail as networks do. It
// takes connections at Address and carries them to the server.
type FaultProxy struct {
	// Address is host:port, the same for as long as the proxy is there.
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

	left     int  // requests until the cut; 0: none is cut
	answered bool // the request that is cut reaches the server
}

// pair is a connection and its continuation to the server.
type pair struct {
	client, server net.Conn
	silent         bool          // nothing passes any more, and nobody is told
	marked         atomic.Bool   // the last request has the mark
	cut            atomic.Bool   // the last request's answer is where all connections end
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

// NewFaultProxy listens at address, or where it likes if that is host:0, and leads to
// a server: ("tcp", "host:port") or ("unix", path). It ends with the test.
func NewFaultProxy(t testing.TB, address, network, server string) *FaultProxy {
	t.Helper()
	f := &FaultProxy{Address: address, network: network, server: server, carrying: make(chan struct{}), pairs: map[*pair]struct{}{}}
	close(f.carrying)
	f.listen(t)
	t.Cleanup(func() {
		f.Refuse()
		f.wg.Wait()
	})
	return f
}

// DatabaseProxy is a proxy of its own before the server of a database, and the
// database's URL through it.
func DatabaseProxy(t testing.TB, database string) (f *FaultProxy, by string) {
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
	f = NewFaultProxy(t, "127.0.0.1:0", network, server)
	q.Del("host")
	q.Set("sslmode", "disable")
	u.Host, u.RawQuery = f.Address, q.Encode()
	return f, u.String()
}

func (f *FaultProxy) listen(t testing.TB) {
	t.Helper()
	listener, err := net.Listen("tcp", f.Address)
	if err != nil {
		t.Fatal(err)
	}
	f.Address, f.listener = listener.Addr().String(), listener
	f.wg.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			f.wg.Go(func() { f.carry(conn) })
		}
	})
}

// Refuse cuts all connections, and refuses new ones.
func (f *FaultProxy) Refuse() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refuse()
}

func (f *FaultProxy) refuse() {
	if f.listener != nil {
		f.listener.Close()
		f.listener = nil
	}
	for p := range f.pairs {
		p.end()
	}
}

// Hold keeps every byte, both ways; connections are taken, and wait.
func (f *FaultProxy) Hold() {
	f.mu.Lock()
	defer f.mu.Unlock()
	select {
	case <-f.carrying:
		f.carrying = make(chan struct{})
	default: // it holds already
	}
}

// Forget drops the connections of now as a router does that lost its table: the
// server sees them end, the client hears nothing, now or later. New ones pass.
func (f *FaultProxy) Forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for p := range f.pairs {
		p.silent = true
		p.server.Close()
	}
}

// Restore ends Refuse and Hold: what was held passes, what was cut stays so.
func (f *FaultProxy) Restore(t testing.TB) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	select {
	case <-f.carrying:
	default:
		close(f.carrying)
	}
	if f.listener == nil {
		f.listen(t)
	}
}

// LoseAnswers ends connections when they carry the answer to a request that
// contains mark, instead of handing it over: each such answer with a chance
// from 0, none, to 1, all.
func (f *FaultProxy) LoseAnswers(mark string, chance float64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mark, f.chance = []byte(mark), chance
}

// CutAt refuses, as Refuse does, in place of handing on the n-th request from now;
// where it is answered, in place of handing over its answer, so that the server has
// done what was asked. For n = 0 it takes that back.
func (f *FaultProxy) CutAt(n int, answered bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left, f.answered = n, answered
}

// Uncut is how many requests CutAt still waits for; 0: the cut was made.
func (f *FaultProxy) Uncut() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.left
}

// Lost is how many answers have been lost.
func (f *FaultProxy) Lost() int64 { return f.lost.Load() }

// carry moves bytes both ways until either side ends.
func (f *FaultProxy) carry(client net.Conn) {
	server, err := net.Dial(f.network, f.server)
	if err != nil {
		client.Close()
		return
	}
	p := &pair{client: client, server: server, over: make(chan struct{})}
	f.mu.Lock()
	f.pairs[p] = struct{}{}
	if f.listener == nil {
		p.end()
	}
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.pairs, p)
	}()
	var wg sync.WaitGroup
	wg.Go(func() { f.pump(p, p.server, p.client, f.ask) })
	wg.Go(func() { f.pump(p, p.client, p.server, f.answer) })
	wg.Wait()
}

// pump moves bytes one way. look tells of what passes whether it may.
func (f *FaultProxy) pump(p *pair, to, from net.Conn, look func(p *pair, data []byte) bool) {
	buf := make([]byte, 1<<16)
	for {
		n, err := from.Read(buf)
		if !f.pass(p) || n > 0 && !look(p, buf[:n]) {
			p.end()
			return
		}
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil && f.pass(p) {
				p.end()
				return
			}
		}
		if err != nil && f.pass(p) {
			p.end()
			return
		}
	}
}

// pass waits until the proxy carries again; for a silent connection that is its
// end. It tells whether the connection still stands.
func (f *FaultProxy) pass(p *pair) bool {
	f.mu.Lock()
	carrying := f.carrying
	if p.silent {
		carrying = nil
	}
	f.mu.Unlock()
	select {
	case <-p.over:
		return false
	case <-carrying:
		return true
	}
}

func (f *FaultProxy) ask(p *pair, data []byte) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	p.marked.Store(f.chance > 0 && bytes.Contains(data, f.mark))
	if f.left == 0 {
		return true
	}
	if f.left--; f.left > 0 {
		return true
	}
	if f.answered {
		p.cut.Store(true)
		return true
	}
	f.refuse()
	return false
}

func (f *FaultProxy) answer(p *pair, _ []byte) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p.cut.Load() {
		f.refuse()
		return false
	}
	chance := f.chance
	if !p.marked.Load() || rand.Float64() >= chance {
		return true
	}
	f.lost.Add(1)
	return false
}
