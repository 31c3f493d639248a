package streams_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/streams"
)

// TestOpen counts events, and nothing else, of streams that each come from an
// address of their own.
func TestOpen(t *testing.T) {
	const n, events = 300, 4
	var mu sync.Mutex
	addresses := map[string]bool{}
	more := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		addresses[r.Header.Get("X-Forwarded-For")] = true
		mu.Unlock()
		w.Header().Set("Connection", "close")
		w.Header().Set("Transfer-Encoding", "identity")   // the body ends with the connection
		data := "data: " + strings.Repeat("data: ", 1000) // longer than what is read at a time
		fmt.Fprintf(w, "retry: 2000\nid: 1\n%s\n\n:\n\n", data)
		_ = http.NewResponseController(w).Flush()
		<-more
		for i := range events {
			fmt.Fprintf(w, ":\n\nid: %d\nevent: sealed\n%s\n\n", i+2, data)
		}
	}))
	defer server.Close()
	s, err := streams.Open(t.Context(), server.Listener.Addr().String(), "/live", n)
	if err != nil {
		close(more)
		t.Fatal(err)
	}
	defer s.Close()
	if got := s.Frames(); got != n || len(addresses) != n {
		t.Errorf("%d first events of %d streams, from %d addresses", got, n, len(addresses))
	}
	close(more)
	testkit.Eventually(t, 20*time.Second, func() error {
		if s.Ended() != n {
			return errors.New("not all have ended")
		}
		return nil
	})
	if got := s.Frames(); got != n*(1+events) {
		t.Errorf("%d events, want %d", got, n*(1+events))
	}
}

func TestOpen_refused(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	defer server.Close()
	if _, err := streams.Open(t.Context(), server.Listener.Addr().String(), "/live", 3); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("refused: %v", err)
	}
	if _, err := streams.Open(t.Context(), server.Listener.Addr().String(), "/live", 1<<40); err == nil || !strings.Contains(err.Error(), "open files") {
		t.Errorf("more than there may be files: %v", err)
	}
}
