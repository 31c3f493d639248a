package server_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
)

const checkable = "/s/" + here + "/exports/"

// checkedBy is an installation whose selection has a result of three candidates and,
// where it is not empty, a rule of what is published.
func checkedBy(t *testing.T, results string, public bool) (*installation, selection.Results) {
	t.Helper()
	p := &publishing{}
	h, _ := ending(t, p)
	keep := func(text string) string {
		ref, err := h.blobs.In(review.Name).Put(t.Context(), strings.NewReader(text), int64(len(text)))
		if err != nil {
			t.Fatal(err)
		}
		return ref.Hash
	}
	found := outcomeOf(3)
	found.ResultHash, found.VotesHash = keep(`{"slug":"x"}`), keep("candidate,votes\n")
	found.ScoresHash, found.CandidatesHash = keep("panel\n"), keep("candidate,name\n")
	p.set(func() {
		var doc map[string]any
		if err := json.Unmarshal(p.now.Rulebook, &doc); err != nil {
			t.Fatal(err)
		}
		if results != "" {
			doc["results"] = json.RawMessage(results)
		}
		text, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		rb, err := rulebook.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if p.now.Rulebook, err = rb.Canonical(); err != nil {
			t.Fatal(err)
		}
		p.now.RulebookHash, found.RulebookHash, p.preview.Results = rb.Hash(), rb.Hash(), &found
		if public {
			p.now.PublishedAt = &h0
		}
	})
	return h, found
}

// TestCheckable has everybody take the files that a published result is checked by.
func TestCheckable(t *testing.T) {
	h, _ := checkedBy(t, "", false)
	for _, name := range []string{"votes.csv", "result.json", "scores.csv", "SHA256SUMS"} {
		if a := h.ask(t, http.MethodGet, checkable+name, "", ""); a.Status == http.StatusOK {
			t.Errorf("%s is everybody's before the result is public", name)
		}
	}
	h, found := checkedBy(t, "", true)
	for name, want := range map[string]string{
		"votes.csv": "candidate,votes\n", "scores.csv": "panel\n", "candidates.csv": "candidate,name\n", "result.json": `{"slug":"x"}`,
	} {
		a := h.ask(t, http.MethodGet, checkable+name, "", "")
		if a.Status != http.StatusOK || a.Body != want || a.Header.Get("Content-Disposition") != "attachment; filename="+name {
			t.Errorf("%s: %d %s %v", name, a.Status, a.Body, a.Header)
		}
	}
	a := h.ask(t, http.MethodGet, checkable+"rulebook.json", "", "")
	if rb, err := rulebook.Parse([]byte(a.Body)); err != nil || rb.Hash() != found.RulebookHash {
		t.Errorf("the rulebook: %v, %s", err, a.Body)
	}
	if a := h.ask(t, http.MethodGet, checkable+"SHA256SUMS", "", ""); strings.Count(a.Body, "\n") != 5 ||
		!strings.Contains(a.Body, found.ResultHash+"  result.json\n") {
		t.Errorf("sums: %s", a.Body)
	}
	if a := h.ask(t, http.MethodGet, checkable+"passwd", "", ""); a.Status != http.StatusNotFound {
		t.Errorf("a file of another name: %d", a.Status)
	}
}

// TestCheckable_kept has a rulebook that does not have all of the result published:
// the files with everybody's scores stay with who oversees the selection, on pages
// and in the API alike.
func TestCheckable_kept(t *testing.T) {
	h, found := checkedBy(t, `{"show":"awarded","scores":"total"}`, true)
	const exported = "/api/v1/selections/" + here + "/exports/scores"
	for _, path := range []string{checkable + "scores.csv", checkable + "result.json", exported} {
		for _, who := range []string{"", "stranger@example.org"} {
			if a := h.ask(t, http.MethodGet, path, who, ""); a.Status != http.StatusForbidden || strings.Contains(a.Body, "panel\n") {
				t.Errorf("%s for %q: %d %s", path, who, a.Status, a.Body)
			}
		}
	}
	if a := h.ask(t, http.MethodGet, exported, organizer, ""); a.Status != http.StatusOK || a.Body != "panel\n" {
		t.Errorf("an organizer: %d %s", a.Status, a.Body)
	}
	if a := h.ask(t, http.MethodGet, checkable+"votes.csv", "", ""); a.Status != http.StatusOK {
		t.Errorf("votes: %d %s", a.Status, a.Body)
	}
	if a := h.ask(t, http.MethodGet, checkable+"SHA256SUMS", "", ""); strings.Contains(a.Body, "result.json") || !strings.Contains(a.Body, "votes.csv") {
		t.Errorf("sums: %s", a.Body)
	}
	page := h.ask(t, http.MethodGet, "/s/"+here+"/results?lang=en", "", "")
	for text, want := range map[string]bool{
		`exports/result.json"`: false, "laurel compute": false, found.ResultHash: true, "anybody can recount the vote": true, "Winners</h2>": true,
	} {
		if strings.Contains(page.Body, text) != want {
			t.Errorf("the page has %q: %v\n%s", text, !want, page.Body)
		}
	}
	printed := h.ask(t, http.MethodGet, "/s/"+here+"/results/print?lang=en", "", "")
	if printed.Status != http.StatusOK || !strings.Contains(printed.Body, `<p class="sheet-head">`) || strings.Contains(printed.Body, "exports/") {
		t.Errorf("printed: %d %s", printed.Status, printed.Body)
	}
}
