package server_test

import (
	"bytes"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// line is a way to the database that can lose the answer to a call.
type line struct {
	address string
	mark    []byte      // in the call whose answer is lost
	armed   atomic.Bool // until it has happened, once

	network, server string
	mu              sync.Mutex
	conns           []net.Conn
}

func newLine(t *testing.T, address, mark string) *line {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	l := &line{mark: []byte(mark), network: "tcp", server: u.Host}
	q := u.Query()
	if dir := q.Get("host"); dir != "" {
		l.network, l.server = "unix", filepath.Join(dir, ".s.PGSQL.5432")
	}
	dir, err := os.MkdirTemp("", "line") // short: a socket's path ends at 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	q.Set("host", dir)
	q.Set("sslmode", "disable")
	u.Host, u.RawQuery = "", q.Encode()
	l.address = u.String()
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { l.carry(conn) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		l.mu.Lock()
		for _, c := range l.conns {
			c.Close()
		}
		l.mu.Unlock()
		wg.Wait()
		os.RemoveAll(dir)
	})
	return l
}

// carry moves bytes both ways until either side ends.
func (l *line) carry(client net.Conn) {
	server, err := net.Dial(l.network, l.server)
	if err != nil {
		client.Close()
		return
	}
	l.mu.Lock()
	l.conns = append(l.conns, client, server)
	l.mu.Unlock()
	var lost atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() {
		l.pump(server, client, func(sent []byte) bool {
			if bytes.Contains(sent, l.mark) && l.armed.CompareAndSwap(true, false) {
				lost.Store(true)
			}
			return true
		})
	})
	wg.Go(func() { l.pump(client, server, func([]byte) bool { return !lost.Load() }) })
	wg.Wait()
}

func (l *line) pump(to, from net.Conn, look func([]byte) bool) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 1<<16)
	for {
		n, err := from.Read(buf)
		if n > 0 && look(buf[:n]) {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		} else if n > 0 {
			return
		}
		if err != nil {
			return
		}
	}
}
