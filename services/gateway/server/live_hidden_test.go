package server_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/services/voting"
)

// chance takes out what differs by chance alone: times, signatures and salted
// hashes, receipts, tokens of forms, the port.
func chance(text string) string {
	for _, c := range []struct{ pattern, word string }{
		{`\d{4}-\d\d-\d\dT[\d:.]+Z`, "TIME"},
		{`— laurel [0-9A-Za-z+/=]+`, "SIGNATURE"},
		{`[0-9A-Za-z+/]{43}=`, "HASH"},
		{`"index":[0-9]+`, `"index":N`}, // in the log, where the hash of a random salt puts it; so many hashes has the path
		{`\b[0-9a-f]{32,64}\b`, "HEX"},
		{`("HEX",?){2,}`, "PATH"},
		{`\b[0-9A-Z]{24,26}\b`, "RECEIPT"},
		{`name="key" value="[^"]*"`, "FORM"},
		{`http://127\.0\.0\.1:\d+`, "HERE"},
	} {
		text = regexp.MustCompile(c.pattern).ReplaceAllString(text, c.word)
	}
	return text
}

// seen is all that somebody sees of a hidden vote before its close, and its
// staff too: by name, without what differs by chance.
func seen(t *testing.T, picks string) map[string]string {
	t.Helper()
	h := openVote(t, "hidden")
	var mu sync.Mutex
	passed := []string{}
	stop, err := h.bus.Listen("live.>", func(_ string, data []byte) {
		mu.Lock()
		defer mu.Unlock()
		passed = append(passed, string(data))
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	l := h.listen()
	// The first voter votes alike in every installation: what is behind a receipt is its
	// holder's.
	mine := h.cast(0, 1, func(int) string { return "[5]" })[0]
	const n = 41
	h.cast(1, n-1, func(int) string { return picks })
	h.stands(func(tally voting.Tally) bool { return tally.Ballots == n })
	all := map[string]string{}
	frames := l.until(t, func(f frame) bool { return f.tally.Ballots == n })
	all["stream"] = chance(frames[len(frames)-1].data + " " + frames[len(frames)-1].id)
	for _, f := range frames {
		if strings.Contains(f.data, "votes") {
			t.Errorf("an event tells votes: %s", f.data)
		}
	}
	first := h.listen().until(t, func(frame) bool { return true })
	all["stream of a newcomer"] = chance(first[0].data + " " + first[0].id)

	const path = "/api/v1/selections/" + here
	voter := h.voter("voter 000001", here, time.Hour) // has voted
	fresh := h.voter("voter 999999", here, time.Hour)
	for name, q := range map[string]struct{ method, path, token, body string }{
		"tally":            {path: path + "/tally"},
		"tally, organizer": {path: path + "/tally", token: organizer},
		"candidates":       {path: path + "/candidates"},
		"by number":        {path: path + "/candidates?order=number"},
		"by votes":         {path: path + "/candidates?order=votes"},
		"for a voter":      {path: path + "/candidates", token: voter},
		"votes":            {path: path + "/exports/votes", token: organizer},
		"ballots":          {path: path + "/exports/ballots", token: organizer},
		"leaves":           {path: path + "/log/leaves"},
		"receipt":          {path: path + "/receipts/" + mine},
		"no receipt":       {path: path + "/receipts/" + strings.Repeat("0", len(mine))},
		"results":          {path: path + "/results"},
		"second ballot":    {http.MethodPost, path + "/ballots", voter, `{"picks":[1]}`},
		"no candidate":     {http.MethodPost, path + "/ballots", fresh, `{"picks":[13]}`},
		"one twice":        {http.MethodPost, path + "/ballots", fresh, `{"picks":[7,7]}`},
		"too many":         {http.MethodPost, path + "/ballots", fresh, `{"picks":[1,2,3,4]}`},
		"page":             {path: "/s/" + here},
		"page by votes":    {path: "/s/" + here + "?sort=votes"},
		"page of one":      {path: "/s/" + here + "/c/7"},
	} {
		if q.method == "" {
			q.method = http.MethodGet
		}
		a := h.ask(t, q.method, q.path, q.token, q.body, "X-Request-Id", "r-1", "Cookie", "laurel_order="+strings.Repeat("5", 16))
		headers := ""
		for _, name := range slices.Sorted(maps.Keys(a.Header)) {
			// A tag is a hash of what the body says before chance is taken out of it.
			if name != "Date" && name != "Set-Cookie" && name != "Content-Length" && name != "Etag" {
				headers += name + ": " + strings.Join(a.Header[name], ", ") + "\n"
			}
		}
		body := chance(a.Body)
		all[name] = fmt.Sprintf("%d, %d bytes\n%s\n%s", a.Status, len(body), headers, body)
	}
	// Hashes say nothing; how many there are is the turnout.
	tile := h.ask(t, http.MethodGet, fmt.Sprintf("%s/log/tile/0/000.p/%d", path, n), "", "")
	all["tile"] = fmt.Sprint(tile.Status, len(tile.Body))

	tally := h.stands(func(voting.Tally) bool { return true })
	text, err := json.Marshal(tally)
	if err != nil {
		t.Fatal(err)
	}
	all["tally on the bus"] = chance(string(text))
	mu.Lock()
	all["last on the bus"] = chance(passed[len(passed)-1])
	for _, text := range passed {
		if strings.Contains(text, "votes") {
			t.Errorf("a snapshot tells votes: %s", text)
		}
	}
	mu.Unlock()

	h.phase(event.Close)
	sealed := l.until(t, func(f frame) bool { return f.name == "sealed" })
	if last := sealed[len(sealed)-1].tally; last.Hidden || last.Votes[5] != 1 || len(last.Votes) != runners {
		t.Errorf("sealed: %+v", last)
	}
	return all
}

// TestLive_hidden holds two votes that differ in the picks alone: until the
// close nothing that anybody sees of them differs.
func TestLive_hidden(t *testing.T) {
	var one, other map[string]string
	t.Run("vote", func(t *testing.T) {
		for picks, all := range map[string]*map[string]string{"[7]": &one, "[12]": &other} {
			t.Run(picks, func(t *testing.T) {
				t.Parallel()
				*all = seen(t, picks)
			})
		}
	})
	if diff := cmp.Diff(one, other); diff != "" {
		t.Errorf("it shows who is ahead:\n%s", diff)
	}
	for name, text := range one {
		if strings.HasPrefix(text, "500") || text == "" {
			t.Errorf("%s: %s", name, text)
		}
	}
	if !strings.Contains(one["tally"], `"ballots":41`) || !strings.Contains(one["votes"], "tally_unsealed") || !strings.Contains(one["leaves"], "tally_unsealed") {
		t.Errorf("it is not what is meant: %q", one)
	}
}
