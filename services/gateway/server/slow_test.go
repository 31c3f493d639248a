package server_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/testkit"
)

// TestSlow lets go of a client that does not get its headers out, and not of one
// that is a little slow.
func TestSlow(t *testing.T) {
	h := open(t)
	begin := func() net.Conn {
		conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		if _, err := io.WriteString(conn, "GET /api/v1/selections/"+here+" HTTP/1.1\r\nHost: x\r\nX-Slow: "); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	never, late := begin(), begin()
	if err := late.SetReadDeadline(time.Now().Add(500 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := late.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("half a second after half a header: %v", err)
	}
	if _, err := io.WriteString(late, "yes\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	for conn, want := range map[net.Conn]string{late: "HTTP/1.1 200", never: ""} {
		if err := conn.SetReadDeadline(time.Now().Add(60 * time.Second)); err != nil {
			t.Fatal(err)
		}
		status := make([]byte, len("HTTP/1.1 200"))
		if n, err := io.ReadFull(conn, status); errors.Is(err, os.ErrDeadlineExceeded) || string(status[:n]) != want {
			t.Errorf("answered %q, %v; want %q", status[:n], err, want)
		}
	}
}

// TestStranger is refused before the body is read: nobody without a session
// makes the gateway hold 20 MB.
func TestStranger(t *testing.T) {
	h := open(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "POST /api/v1/selections/"+here+"/entries/import HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	status := make([]byte, len("HTTP/1.1 401"))
	if _, err := io.ReadFull(conn, status); err != nil || string(status) != "HTTP/1.1 401" {
		t.Errorf("answered %q, %v, with no byte of the body sent", status, err)
	}
}

// TestBody_limits refuses what passes the limit of its route, and takes what
// does not.
func TestBody_limits(t *testing.T) {
	h := bare(t, testkit.Log(t))
	h.serve(t, h.scripted(nil))
	h.start(t)
	for path, c := range map[string]struct {
		method string
		limit  int
	}{
		"/entries/import": {http.MethodPost, 20 << 20},
		"/entries/0192f0c1-2345-7abc-8def-0123456789ab/photo": {http.MethodPut, 10 << 20},
	} {
		over := h.ask(t, c.method, "/api/v1/selections/"+here+path, organizer, strings.Repeat("x", c.limit+1), "Content-Type", "application/octet-stream")
		if p := over.problem(t); p.Status != http.StatusRequestEntityTooLarge || p.Code != "body_too_large" || strings.Join(p.fields(), ",") != "body" {
			t.Errorf("%s, a byte too long: %s", path, over.Body)
		}
		just := h.ask(t, c.method, "/api/v1/selections/"+here+path, organizer, strings.Repeat("x", c.limit),
			"Content-Type", "application/octet-stream")
		if just.Status != http.StatusOK {
			t.Errorf("%s, as long as may be: %d %s", path, just.Status, just.Body)
		}
	}
}
