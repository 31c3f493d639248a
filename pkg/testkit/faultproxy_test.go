package testkit

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// echo answers each byte with the same.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c) // ends with the connection
			}()
		}
	}()
	return l.Addr().String()
}

// say sends a word over a connection, and gives what comes back in time.
func say(t *testing.T, c net.Conn, word string, limit time.Duration) (string, error) {
	t.Helper()
	if err := c.SetDeadline(time.Now().Add(limit)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, word); err != nil {
		return "", err
	}
	back := make([]byte, len(word))
	n, err := io.ReadFull(c, back)
	return string(back[:n]), err
}

func TestFaultProxy(t *testing.T) {
	const long, short = Patience, 50 * time.Millisecond
	p := NewFaultProxy(t, "127.0.0.1:0", "tcp", echo(t))
	dial := func() net.Conn {
		c, err := net.Dial("tcp", p.Address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	carries := func(c net.Conn) {
		t.Helper()
		if got, err := say(t, c, "hello", long); got != "hello" || err != nil {
			t.Fatalf("carried %q, %v", got, err)
		}
	}
	silent := func(c net.Conn) {
		t.Helper()
		if got, err := say(t, c, "held", short); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("carried %q, %v", got, err)
		}
	}
	c := dial()
	carries(c)

	p.Hold()
	silent(c)
	late := dial()
	silent(late)
	p.Restore(t)
	for _, c := range []net.Conn{c, late} {
		if got, err := say(t, c, "", long); err != nil {
			t.Fatalf("%q, %v", got, err)
		}
		back := make([]byte, 4)
		if _, err := io.ReadFull(c, back); err != nil || string(back) != "held" {
			t.Fatalf("what was held comes as %q, %v", back, err)
		}
	}

	p.Forget()
	silent(c)
	fresh := dial()
	carries(fresh)
	silent(c)

	p.LoseAnswers("secret", 1)
	carries(fresh)
	if got, err := say(t, fresh, "a secret", long); err == nil || errors.Is(err, os.ErrDeadlineExceeded) || got != "" || p.Lost() != 1 {
		t.Fatalf("an answer that is lost: %q, %v; %d lost", got, err, p.Lost())
	}
	p.LoseAnswers("", 0)

	c = dial()
	carries(c)
	p.Refuse()
	if got, err := say(t, c, "hello", long); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("a connection that is cut: %q, %v", got, err)
	}
	if c, err := net.Dial("tcp", p.Address); err == nil {
		c.Close()
		t.Fatal("a new connection is taken")
	}
	p.Restore(t)
	carries(dial())
}
