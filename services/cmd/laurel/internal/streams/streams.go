// Package streams listens to live tallies by the ten thousand, cheaply, to
// measure what that costs a gateway.
package streams

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	dialers = 32               // streams that are opened at a time
	opening = 10 * time.Second // until a stream has its first event
	buffer  = 2 << 10          // bytes that a stream reads at a time: more than most events have
	spare   = 200              // files that the process needs besides
)

// Streams are open connections. Each has a goroutine and a small buffer.
type Streams struct {
	conns   []net.Conn
	readers sync.WaitGroup
	frames  atomic.Int64
	ended   atomic.Int64
}

// Open opens n streams of path at address, host:port, and returns when each has
// its first event. Every stream comes from another address, if the gateway
// believes the X-Forwarded-For of this one; else its limits by address hold.
// The open ones end with Close, not with ctx. Any refusal is an error.
func Open(ctx context.Context, address, path string, n int) (*Streams, error) {
	if err := files(n + spare); err != nil {
		return nil, err
	}
	s := &Streams{conns: make([]net.Conn, n)}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(dialers)
	for i := range n {
		g.Go(func() error {
			if err := s.open(ctx, i, address, path); err != nil {
				return fmt.Errorf("stream %d of %d: %w", i+1, n, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// files raises the number of files that the process may open, as far as it may.
func files(n int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("limit of open files: %w", err)
	}
	if limit.Cur >= uint64(n) {
		return nil
	}
	if limit.Max < uint64(n) {
		return fmt.Errorf("%d open files are needed, the limit is %d (ulimit -Hn)", n, limit.Max)
	}
	limit.Cur = limit.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("limit of open files: %w", err)
	}
	return nil
}

func (s *Streams) open(ctx context.Context, i int, address, path string) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	s.conns[i] = conn
	if err := conn.SetDeadline(time.Now().Add(opening)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nX-Forwarded-For: 198.18.%d.%d\r\n\r\n", path, address, i/250%250, i%250+1); err != nil {
		return err
	}
	in := bufio.NewReaderSize(conn, buffer)
	status, err := in.ReadString('\n')
	if err != nil {
		return err
	}
	if status != "HTTP/1.1 200 OK\r\n" {
		return fmt.Errorf("%q", status)
	}
	if err := s.event(in); err != nil {
		return err
	}
	if err := conn.SetDeadline(time.Time{}); err != nil {
		return err
	}
	s.readers.Go(func() {
		for {
			if err := s.event(in); err != nil {
				s.ended.Add(1)
				return
			}
		}
	})
	return nil
}

// event reads up to the data of one.
func (s *Streams) event(in *bufio.Reader) error {
	for begins := true; ; {
		line, err := in.ReadSlice('\n')
		if begins && bytes.HasPrefix(line, []byte("data: ")) {
			s.frames.Add(1)
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = in.ReadSlice('\n')
			}
			return err
		}
		begins = !errors.Is(err, bufio.ErrBufferFull)
		if err != nil && begins {
			return err
		}
	}
}

// Frames is how many events have come, over all streams, the first ones too.
func (s *Streams) Frames() int64 { return s.frames.Load() }

// Ended is how many streams the other end has ended.
func (s *Streams) Ended() int { return int(s.ended.Load()) }

// Close ends all.
func (s *Streams) Close() {
	for _, c := range s.conns {
		if c != nil {
			_ = c.Close()
		}
	}
	s.readers.Wait()
}
