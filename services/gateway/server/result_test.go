package server_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/services/voting"
)

func TestExport(t *testing.T) {
	h := open(t)
	const votes = "/api/v1/selections/" + here + "/exports/votes"
	if a := h.ask(t, http.MethodGet, votes, "", ""); a.problem(t).Code != "session_missing" {
		t.Errorf("nobody got %d %s", a.Status, a.Body)
	}
	if a := h.ask(t, http.MethodGet, votes, "stranger@example.org", ""); a.problem(t).Code != "role_missing" {
		t.Errorf("a stranger got %d %s", a.Status, a.Body)
	}
	if a := h.ask(t, http.MethodGet, votes, organizer, ""); a.problem(t).Code != "tally_unsealed" {
		t.Errorf("before the seal: %d %s", a.Status, a.Body)
	}
	file := "candidate,votes\n" + strings.Repeat("7,20000\n", 100_000)
	ref, err := h.blobs.In(voting.Name).Put(t.Context(), strings.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	h.voting.mu.Lock()
	h.voting.votes = ref.Hash
	h.voting.mu.Unlock()
	a := h.ask(t, http.MethodGet, votes, organizer, "")
	if a.Status != http.StatusOK || a.Body != file || a.Header.Get("Content-Type") != "text/csv; charset=utf-8" ||
		a.Header.Get("Content-Length") != strconv.Itoa(len(file)) {
		t.Errorf("%d, %d bytes of %d, headers %v", a.Status, len(a.Body), len(file), a.Header)
	}
}
