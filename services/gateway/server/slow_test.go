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
	"github.com/laurel-awards/laurel/services/gateway/server"
)

// TestSlow has a client whose headers come slowly: it is served if they come in
// time, kept for a while, and let go.
func TestSlow(t *testing.T) {
	if most := server.HTTP("", nil).ReadHeaderTimeout; most <= 0 || most > 10*time.Second {
		t.Errorf("headers may take %v", most)
	}
	h := open(t)
	began := time.Now()
	slow := h.halfway(t)
	quick := h.halfway(t)
	if _, err := io.WriteString(quick, "no more\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answered := make([]byte, len("HTTP/1.1 200"))
	if _, err := io.ReadFull(quick, answered); err != nil || string(answered) != "HTTP/1.1 200" {
		t.Errorf("who sends the rest is answered %q, %v", answered, err)
	}
	if got, err := io.ReadAll(slow); len(got) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("who does not send the rest is answered %q, %v", got, err)
	}
	if kept := time.Since(began); kept < time.Second { // at least, so that a busy machine changes nothing
		t.Errorf("who does not send the rest is let go after %v", kept)
	}
}

// halfway is a connection on which the half of a request's headers has been sent.
func (h *installation) halfway(t *testing.T) net.Conn {
	t.Helper()
	conn := h.dial(t)
	if _, err := io.WriteString(conn, "GET /api/openapi.json HTTP/1.1\r\nHost: x\r\nX-Slow: "); err != nil {
		t.Fatal(err)
	}
	return conn
}

func (h *installation) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetReadDeadline(time.Now().Add(testkit.Patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// TestStranger is refused before the body is read: nobody without a session
// makes the gateway hold 20 MB.
func TestStranger(t *testing.T) {
	conn := open(t).dial(t)
	if _, err := io.WriteString(conn, "POST /api/v1/selections/"+here+"/entries/import HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n"); err != nil {
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
