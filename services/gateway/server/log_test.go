package server_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/gateway/server"
)

// lines is a log that a test reads.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// with are the lines that hold all of the words.
func (l *lines) with(words ...string) (found []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
next:
	for line := range strings.Lines(l.text.String()) {
		for _, w := range words {
			if !strings.Contains(line, w) {
				continue next
			}
		}
		found = append(found, line)
	}
	return found
}

// TestLog_failure answers a defect with a bare 500; the log of the gateway and
// of the service has the request's id, and the service's the cause.
func TestLog_failure(t *testing.T) {
	var log lines
	logger := slog.New(actor.Log(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	h := bare(t, logger)
	h.serve(t, h.scripted(map[string]bus.Endpoint{
		"selection/list_selections": says(nil, errors.New("password=hunter2")),
		"selection/get_selection":   does(func(struct{}) (string, error) { panic("password=hunter2") }),
	}))
	h.start(t, func(c *server.Config) { c.Log = logger })
	for path, id := range map[string]string{"/api/v1/selections": "an-error", "/api/v1/selections/" + here: "a-panic"} {
		a := h.ask(t, http.MethodGet, path, "", "", "X-Request-Id", id)
		if p := a.problem(t); p.Status != http.StatusInternalServerError || p.Code != "internal" ||
			p.RequestID != id || len(p.Errors) > 0 || strings.Contains(a.Body, "hunter2") {
			t.Errorf("%s: %d %s", id, a.Status, a.Body)
		}
		if got := log.with("level=ERROR", "service=selection", "hunter2", "request_id="+id); len(got) != 1 {
			t.Errorf("%s: the service wrote %q", id, got)
		}
		if got := log.with("level=ERROR", "route=", "request_id="+id); len(got) != 1 {
			t.Errorf("%s: the gateway wrote %q", id, got)
		}
		if got := log.with("msg=request", "path="+path, "status=500", "request_id="+id); len(got) != 1 {
			t.Errorf("%s: the gateway's request line is %q", id, got)
		}
	}
}

// TestLog_receipt keeps receipts, which tell how somebody voted, out of the log.
func TestLog_receipt(t *testing.T) {
	var log lines
	logger := slog.New(actor.Log(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	h := bare(t, testkit.Log(t))
	h.serve(t, h.scripted(map[string]bus.Endpoint{"selection/get_selection": says(frozen(t), nil)}))
	h.start(t, func(c *server.Config) { c.Log = logger })
	const receipt = "7K3M9TQX2HFP7K3M9TQX2HFP7K"
	for _, path := range []string{"/api/v1/selections/" + here + "/receipts/" + receipt, "/api/v1/selections/" + here + "/receipts/" + receipt + "?x=1"} {
		h.ask(t, http.MethodGet, path, "", "", "X-Request-Id", "a-receipt")
	}
	if got := log.with("msg=request", "request_id=a-receipt", "/receipts/…"); len(got) != 2 {
		t.Errorf("the requests are not in the log: %q", got)
	}
	if got := log.with(receipt); len(got) != 0 {
		t.Errorf("the receipt is in the log: %q", got)
	}
}
