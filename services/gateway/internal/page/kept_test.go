package page_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/limit"
	"github.com/laurel-awards/laurel/services/identity/credential"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

// made is how many pages have been rendered to be kept.
func made(t *testing.T, page string) (n float64) {
	t.Helper()
	all, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range all {
		for _, m := range family.GetMetric() {
			if family.GetName() == "laurel_pages_made_total" && m.GetLabel()[0].GetValue() == page {
				n = m.GetCounter().GetValue()
			}
		}
	}
	return n
}

// person is a visitor by cookies, which no jar keeps.
type person struct {
	handler http.Handler
	header  http.Header
}

func (p person) get(t *testing.T, path string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	for name, values := range p.header {
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	return w
}

// text is the body, unpacked where it is packed.
func text(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	if w.Header().Get("Content-Encoding") != "gzip" {
		return w.Body.String()
	}
	r, err := gzip.NewReader(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

const people = 1000

// crowd has a thousand people come at once; each is told who they are.
func crowd(t *testing.T, visit func(i int)) {
	t.Helper()
	var all sync.WaitGroup
	for i := range people {
		all.Go(func() { visit(i) })
	}
	all.Wait()
}

func seeded(i int) string { return fmt.Sprintf("laurel_order=%016x", i) }

// TestKept_once renders each order of a list once for a thousand visitors, and again
// when a candidate is struck: a second later at the latest, even where no event tells
// of it, none of the orders shows the candidate as standing.
func TestKept_once(t *testing.T) {
	h := newInstallation(t, courierRules(t), 8)
	handler := serve(t, h, "").Config.Handler
	voter := "laurel_voter=" + h.key.Sign(credential.Voter{Slug: slug, Way: rulebook.WayDevice, ID: [16]byte{1}, Expires: h.now.Add(time.Hour)})
	visit := func(i int, path string) string {
		p := person{handler, http.Header{"Cookie": {seeded(i) + "; " + voter}, "Accept-Encoding": {"gzip"}}}
		return text(t, p.get(t, path))
	}
	rounds := func(orders int, check func(list, story string)) {
		t.Helper()
		lists, stories := made(t, "list"), made(t, "story")
		crowd(t, func(i int) { check(visit(i, "/s/"+slug), visit(i, "/s/"+slug+"/c/2")) })
		if n := made(t, "list") - lists; n != float64(orders) {
			t.Errorf("%d orders were rendered %v times for %d visitors", orders, n, people)
		}
		if n := made(t, "story") - stories; n != 1 {
			t.Errorf("a story was rendered %v times", n)
		}
	}
	rounds(8, func(list, story string) {
		if !strings.Contains(list, `name="pick" value="2"`) || !strings.Contains(story, `name="pick" value="2"`) {
			t.Error("who stands cannot be picked")
		}
	})
	h.mu.Lock()
	h.candidates[1].Struck = true
	h.kept += time.Second
	h.mu.Unlock()
	rounds(14, func(list, story string) {
		if strings.Contains(list, `name="pick" value="2"`) || !strings.Contains(list, `card struck" id="c2"`) || strings.Contains(story, `name="pick"`) {
			t.Error("a struck candidate stands")
		}
	})
}

// TestKept_private never mixes what is a visitor's own: a thousand people with
// cookies come at once, to one page.
func TestKept_private(t *testing.T) {
	h := newInstallation(t, courierRules(t), 3)
	handler := serve(t, h, "").Config.Handler
	told := regexp.MustCompile(`您已于 ([^<]*?) 投票`)
	key := regexp.MustCompile(`name="key" value="([^"]+)"`)
	begin := h.now.Add(-time.Hour)
	var keys sync.Map
	crowd(t, func(i int) {
		voter := credential.Voter{Slug: slug, Way: rulebook.WayDevice, Expires: h.now.Add(time.Hour)}
		voter.ID[0], voter.ID[1] = byte(i), byte(i>>8)
		cookies := seeded(0) + "; laurel_voter=" + h.key.Sign(voter)
		has := i%2 == 0
		at := begin.Add(time.Duration(i) * time.Second)
		if has {
			cookies += fmt.Sprintf("; laurel_receipt=%026d.%d", i, at.Unix())
		}
		header := http.Header{"Cookie": {cookies}}
		if i%3 > 0 {
			header.Set("Accept-Encoding", "gzip")
		}
		page := text(t, person{handler, header}.get(t, "/s/"+slug))
		times, forms := told.FindAllStringSubmatch(page, -1), key.FindAllStringSubmatch(page, -1)
		switch {
		case has && (len(times) != 1 || len(forms) != 0 || !strings.HasSuffix(times[0][1], at.UTC().Add(8*time.Hour).Format("15:04:05"))):
			t.Errorf("who voted at %v is told %q, and has %d forms", at, times, len(forms))
		case !has && (len(times) != 0 || len(forms) != 1):
			t.Errorf("who has not voted is told %q, and has %d forms", times, len(forms))
		case !has:
			if _, before := keys.LoadOrStore(forms[0][1], true); before {
				t.Error("two forms have one key")
			}
		}
		if strings.Contains(page, fmt.Sprintf("%026d", i)) {
			t.Error("the page has a receipt")
		}
	})
}

// TestKept_hidden never shows counts that are hidden by now, in any order, also
// where they were shown a moment before.
func TestKept_hidden(t *testing.T) {
	h := newInstallation(t, courierRules(t), 3)
	handler := serve(t, h, "").Config.Handler
	for i := range 37 {
		h.ballots[voting.VoterID{byte(i)}] = counted{picks: []int{1}}
	}
	for _, hidden := range []bool{true, false, true} {
		h.change(func(h *installation) { h.hidden = hidden })
		for i := range 20 {
			for _, path := range []string{"", "/c/1", "?q=1", "?lang=en"} {
				page := text(t, person{handler, http.Header{"Cookie": {seeded(i)}}}.get(t, "/s/"+slug+path))
				if shown := strings.Contains(page, "37 票") || strings.Contains(page, "37 votes"); shown == hidden {
					t.Fatalf("%q: hidden %v, shown %v", path, hidden, shown)
				}
				if hidden && strings.Contains(page, "data-votes") {
					t.Errorf("%q has a place for hidden counts", path)
				}
			}
		}
	}
}

// TestKept_fresh tells who has a page already so, and sends it where anything on it
// is another. A ballot's form is never the same twice, and has no tag.
func TestKept_fresh(t *testing.T) {
	h := newInstallation(t, courierRules(t), 3)
	handler := serve(t, h, "").Config.Handler
	first := person{handler, http.Header{"Cookie": {seeded(1)}}}.get(t, "/s/"+slug)
	again := person{handler, http.Header{"Cookie": {seeded(1)}, "If-None-Match": {"*"}}}.get(t, "/s/"+slug)
	if tag := first.Header().Get("ETag"); tag != "" || again.Code != http.StatusOK || again.Body.String() == first.Body.String() {
		t.Errorf("a ballot has the tag %s, and is answered %d", tag, again.Code)
	}
	h.set(rulebook.PhaseVoting, selection.Closed)
	for _, path := range []string{"/", "/s/" + slug, "/s/" + slug + "/c/1", "/s/" + slug + "/rules", "/s/" + slug + "?q=1"} {
		ask := func(tag string) *httptest.ResponseRecorder {
			return person{handler, http.Header{"Cookie": {seeded(1)}, "If-None-Match": {tag}, "Accept-Encoding": {"gzip"}}}.get(t, path)
		}
		tag := ask("").Header().Get("ETag")
		known := ask(`"other", ` + tag)
		if known.Code != http.StatusNotModified || known.Body.Len() != 0 || known.Header().Get("ETag") != tag || known.Header().Get("Content-Encoding") != "" {
			t.Errorf("%s with %s: %d, %d bytes, %v", path, tag, known.Code, known.Body.Len(), known.Header())
		}
		if cache := known.Header().Get("Cache-Control"); !strings.Contains(cache, "private") {
			t.Errorf("%s: %s", path, cache)
		}
		h.rule(t, strings.Replace(courierRules(t), "max: 10", fmt.Sprint("max: ", len(path)), 1))
		h.change(func(h *installation) {
			h.selections[0].Title = map[string]string{"zh": "另一个题目 " + path}
			h.candidates[0].Name += "二"
			h.now = h.now.Add(2 * time.Second)
		})
		if changed := ask(tag); changed.Code != http.StatusOK {
			t.Errorf("%s has changed: %d", path, changed.Code)
		}
	}
}

// TestKept_host shows nobody the address by which somebody else came.
func TestKept_host(t *testing.T) {
	handler := serve(t, newInstallation(t, courierRules(t), 3), "").Config.Handler
	for _, host := range []string{"evil.example", "awards.example", `"><script>alert(1)</script>`} {
		for _, path := range []string{"", "/c/1"} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/s/"+slug+path, nil)
			r.Host = host
			r.Header.Set("Cookie", seeded(1))
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if page := w.Body.String(); strings.Contains(page, "evil") != (host == "evil.example") || strings.Contains(page, "<script>alert") {
				t.Errorf("%s: the page names another host", host)
			}
		}
	}
}

// TestKept_orders has the page show the order that is kept for a visitor's seed.
func TestKept_orders(t *testing.T) {
	h := newInstallation(t, courierRules(t), 8)
	handler := serve(t, h, "").Config.Handler
	for i := range 16 {
		page := text(t, person{handler, http.Header{"Cookie": {seeded(i)}}}.get(t, "/s/"+slug))
		var got, want []string
		for _, m := range regexp.MustCompile(`name="pick" value="(\d+)"`).FindAllStringSubmatch(page, -1) {
			got = append(got, m[1])
		}
		for _, c := range app.Ordered(h.candidates, "", fmt.Sprintf("%016x", i), slug) {
			want = append(want, fmt.Sprint(c.Number))
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("seed %d: %v, want %v", i, got, want)
		}
	}
}

// TestReading shows who cannot be served a page that loads again by itself, and
// casts the ballot all the same.
func TestReading(t *testing.T) {
	b := newBooth(t)
	gate := limit.NewGate(func() bool { return true })
	b.services.gate = gate
	address := serve(t, b.services, "").URL + "/s/" + slug
	v := visitor(t)
	form := get(t, v, address).ballot(t, "3")
	leave, err := gate.Enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer leave()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for lang, text := range map[string]string{"zh-CN": "您的选择都保留着", "en": "Your picks are kept"} {
		r := httptest.NewRequestWithContext(gone, http.MethodGet, "/s/"+slug+"?lang="+lang+"&pick=3", nil)
		w := httptest.NewRecorder()
		b.services.handler.ServeHTTP(w, r)
		h := w.Header()
		if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), text) || h.Get("Retry-After") == "" ||
			h.Get("Refresh") != h.Get("Retry-After") || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%d, %v:\n%s", w.Code, h, w.Body)
		}
	}
	ask(t, v, http.MethodPost, address+"/vote", form).has(t, http.StatusSeeOther)
	get(t, v, address+"/voted").has(t, http.StatusOK, "投票成功")
}
