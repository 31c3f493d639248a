package live

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// sendBuffer is what a socket holds of a slow stream, in bytes: some old
	// frames, or two where they are large, not megabytes of them.
	sendBuffer = 16 << 10
	// headTime is how long headers and the first frame may take.
	headTime = 5 * time.Second
	// Browsers come back after a time between these in milliseconds: not all at
	// once when a gateway has stopped.
	retryMin, retryMax = 2000, 8000
)

// stream is one listener's connection.
type stream struct {
	conn          net.Conn
	raw           syscall.RawConn
	slug, address string

	version int64     // of the frame that was last begun
	rest    []byte    // of it, what the socket has not taken; empty: it has left
	since   time.Time // when there began to be a rest
}

// open takes a connection from the HTTP server and sends the headers and the
// first frame. The body ends with the connection, so it needs no chunks; what
// the server's buffers held is free again. After it the response is over, so
// its errors before that are the only ones.
func open(w http.ResponseWriter, f *frame, patience time.Duration) (*stream, error) {
	h := w.Header()
	h.Set("Content-Type", ContentType)
	h.Set("Cache-Control", "no-store")
	h.Set("Connection", "close")
	h.Set("X-Accel-Buffering", "no") // nginx would gather the frames
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	var head bytes.Buffer
	head.WriteString("HTTP/1.1 200 OK\r\n")
	if err := h.Write(&head); err != nil {
		return nil, fmt.Errorf("live stream: %w", err)
	}
	fmt.Fprintf(&head, "\r\nretry: %d\n", retryMin+rand.N(retryMax-retryMin))
	head.Write(f.text)

	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, fmt.Errorf("live stream: %w", err)
	}
	s := &stream{conn: conn, version: f.version}
	if err := s.begin(head.Bytes(), patience); err != nil {
		s.close()
		return nil, errGone
	}
	return s, nil
}

// errGone says that the listener went before the stream began: nobody is there
// to be told.
var errGone = errors.New("live stream: the listener has gone")

func (s *stream) begin(head []byte, patience time.Duration) error {
	tcp, ok := s.conn.(*net.TCPConn)
	if !ok {
		return fmt.Errorf("a %T is not a plain connection", s.conn)
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return err
	}
	s.raw = raw
	if err := errors.Join(tcp.SetWriteBuffer(max(sendBuffer, 2*len(head))), giveUp(raw, patience), tcp.SetWriteDeadline(time.Now().Add(headTime))); err != nil {
		return err
	}
	if _, err := tcp.Write(head); err != nil {
		return err
	}
	return tcp.SetWriteDeadline(time.Time{})
}

// send hands b to the socket, which takes what it can at once; the rest is kept.
// It never waits.
func (s *stream) send(b []byte, now time.Time) error {
	n, err := s.write(b)
	if err != nil {
		return err
	}
	if n == len(b) {
		s.rest = nil
		return nil
	}
	if len(s.rest) == 0 {
		s.since = now
	}
	s.rest = b[n:]
	return nil
}

func (s *stream) write(b []byte) (n int, err error) {
	closed := s.raw.Control(func(fd uintptr) { n, err = unix.Write(int(fd), b) })
	if closed != nil {
		return 0, closed
	}
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
		return 0, nil
	}
	return n, err
}

// gone tells whether the listener has closed its side; one that speaks into the
// stream is no listener.
func (s *stream) gone() bool {
	var one [1]byte
	var err error
	closed := s.raw.Control(func(fd uintptr) {
		_, _, err = unix.Recvfrom(int(fd), one[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
	})
	return closed != nil || !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR)
}

// close ends the connection; what the socket has taken still leaves.
func (s *stream) close() { _ = s.conn.Close() } // nobody is left to be told
