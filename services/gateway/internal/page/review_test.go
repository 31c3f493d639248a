package page_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/services/voting"
)

// order is the picks of a review, from top to bottom.
func (a answer) order() (numbers []string) {
	for _, m := range regexp.MustCompile(`<input type="hidden" name="pick" value="(\d+)"`).FindAllStringSubmatch(a.body, -1) {
		numbers = append(numbers, m[1])
	}
	return numbers
}

// A ballot is looked over before it is cast, in the voter's order, which buttons
// change; what keeps it from being cast is said.
func TestReview(t *testing.T) {
	h := newInstallation(t, strings.Replace(courierRules(t), "picks: {min: 1, max: 10}", "picks: {min: 2, max: 3}", 1), 12)
	h.candidates[8].Struck = true
	v, address := visitor(t), serve(t, h, "").URL+"/s/"+slug
	key := get(t, v, address).hidden(t, "key")
	review := func(change string, picks ...string) answer {
		t.Helper()
		form := url.Values{"key": {key}, "pick": picks}
		if name, value, ok := strings.Cut(change, "="); ok {
			form.Set(name, value)
		}
		return ask(t, v, http.MethodPost, address+"/review", form)
	}
	for _, test := range []struct {
		change string
		picks  []string
		want   []string
		text   string
		cast   bool
	}{
		{"", []string{"7", "3"}, []string{"7", "3"}, name(6), true},
		{"up=3", []string{"7", "3"}, []string{"3", "7"}, "", true},
		{"up=7", []string{"7", "3"}, []string{"7", "3"}, "", true},
		{"down=7", []string{"7", "3", "5"}, []string{"3", "7", "5"}, "", true},
		{"drop=3", []string{"7", "3", "5"}, []string{"7", "5"}, "", true},
		{"drop=77", []string{"7", "3"}, []string{"7", "3"}, "", true},
		{"up=x", []string{"7", "3", "3"}, []string{"7", "3"}, "", true},
		{"", []string{"7"}, []string{"7"}, "还差 1 位", false},
		{"", []string{"7", "3", "5", "1"}, []string{"7", "3", "5", "1"}, "多选了 1 位", false},
		{"", []string{"7", "9", "99", "3"}, []string{"7", "3"}, "9 号 " + name(8) + " 已取消候选资格", true},
	} {
		page := review(test.change, test.picks...)
		page.has(t, http.StatusOK, test.text)
		if got := page.order(); !slices.Equal(got, test.want) {
			t.Errorf("%v %s: %v, want %v", test.picks, test.change, got, test.want)
		}
		if page.hidden(t, "key") != key {
			t.Error("it has another key")
		}
		if got := strings.Contains(page.body, `formaction="/s/`+slug+`/vote"`); got != test.cast {
			t.Errorf("%v can be cast: %v", test.picks, got)
		}
	}
	if to := review("").Header.Get("Location"); to != "/s/"+slug+"#main" {
		t.Errorf("no picks lead to %q", to)
	}
	if to := review("drop=7", "7").Header.Get("Location"); to != "/s/"+slug+"#main" {
		t.Errorf("without its last pick it leads to %q", to)
	}
	// Enter in the search, without a script, searches; on a box to tick it does not.
	for was, want := range map[string]int{"": http.StatusSeeOther, "陇运": http.StatusOK} {
		form := url.Values{"enter": {"1"}, "was": {was}, "q": {"陇运"}, "pick": {"3", "5"}, "key": {key}}
		ask(t, v, http.MethodPost, address+"/review", form).has(t, want)
	}
	// A link to it works for who was never here; a number leads to its card.
	get(t, visitor(t), address+"/review?pick=3&pick=4").has(t, http.StatusOK, name(2))
	jump := ask(t, v, http.MethodPost, address+"/find", url.Values{"q": {" ７"}, "region": {regions()[1]}, "pick": {"3"}})
	if to := jump.Header.Get("Location"); to != "/s/"+slug+"?pick=3#c7" {
		t.Errorf("the number leads to %q", to)
	}
	ask(t, v, http.MethodPost, address+"/vote", url.Values{"key": {key}, "pick": {"7", "3"}}).has(t, http.StatusSeeOther)
	if to := review("", "1", "2").Header.Get("Location"); !strings.HasPrefix(to, "/s/"+slug+"?") {
		t.Errorf("who has voted is led to %q", to)
	}
}

// The form of an earlier day is told to be one before it is looked over.
func TestReview_earlierDay(t *testing.T) {
	b := dailyBooth(t, "")
	form := b.form.ballot(t, "3", "5")
	b.services.change(func(h *installation) { h.now = h.now.Add(24 * time.Hour) })
	told := ask(t, b.visitor, http.MethodPost, b.address+"/review?lang=en", form)
	told.has(t, http.StatusConflict, "opened on 4 May 2026")
	if got := told.ticked(); !slices.Equal(got, []string{"3", "5"}) {
		t.Errorf("ticked %v", got)
	}
	if order := ask(t, b.visitor, http.MethodPost, b.address+"/review", told.ballot(t, "3", "5")).order(); len(order) != 2 {
		t.Errorf("the second press reviews %v", order)
	}
}

// Who may add to their first picks is not held to the least number again.
func TestReview_adding(t *testing.T) {
	rules := strings.NewReplacer("picks: {min: 1, max: 10}", "picks: {min: 2, max: 3}\n  limits: [{category: courier, min: 2, max: 3}]",
		"change: no", "change: add").Replace(courierRules(t))
	v, address := visitor(t), serve(t, newInstallation(t, rules, 12), "").URL+"/s/"+slug
	const cast = `formaction="/s/` + slug + `/vote"`
	first := get(t, v, address+"/review?pick=7")
	first.has(t, http.StatusOK, "还可以补选其余的")
	if strings.Contains(first.body, cast) {
		t.Error("one pick can be cast first")
	}
	ask(t, v, http.MethodPost, address+"/vote", get(t, v, address).ballot(t, "7", "3")).has(t, http.StatusSeeOther)
	get(t, v, address).has(t, http.StatusOK, `data-min="1"`)
	get(t, v, address+"/review?pick=5").has(t, http.StatusOK, cast)
}

// A ballot that is sent again when somebody else votes in the same browser is not
// cast for them, nor is what it picks shown to them.
func TestReview_otherVoter(t *testing.T) {
	b := rosterBooth(t, "[roster]")
	b.prove(t, goodCode).has(t, http.StatusSeeOther)
	review := get(t, b.visitor, b.address+"/review?pick=3&pick=5")
	form := review.ballot(t, "3", "5")
	form.Set("voter", review.hidden(t, "voter"))
	b.prove(t, otherCode).has(t, http.StatusSeeOther)
	no := b.vote(t, form)
	no.has(t, http.StatusConflict, "这张选票是另一位投票人的", `data-forget`)
	if got := no.ticked(); len(got) > 0 || len(b.services.ballots) > 0 {
		t.Errorf("ticked for the other: %v; %d ballots", got, len(b.services.ballots))
	}
	b.prove(t, goodCode).has(t, http.StatusSeeOther)
	b.services.change(func(h *installation) { h.castErr = voting.ErrUnknownOutcome })
	again := b.vote(t, form)
	again.has(t, http.StatusServiceUnavailable, `data-unknown`)
	if got := again.hidden(t, "voter"); got != form.Get("voter") {
		t.Errorf("the second try is of voter %s", got)
	}
	b.services.change(func(h *installation) { h.castErr = nil })
	b.vote(t, form).has(t, http.StatusSeeOther)
}

// What is missing of a category is said, too, and the list is narrowed by category
// and region; picks stay on it.
func TestReview_categories(t *testing.T) {
	rules := strings.Replace(courierRules(t), "picks: {min: 1, max: 10}", "picks: {min: 1, max: 10}\n  limits: [{category: courier, min: 1, max: 2}]", 1)
	h := newInstallation(t, rules, 12)
	h.change(func(h *installation) {
		for i := range h.candidates[6:] {
			h.candidates[6+i].Category = "sorter"
		}
	})
	v, address := visitor(t), serve(t, h, "").URL+"/s/"+slug
	get(t, v, address+"/review?pick=7").has(t, http.StatusOK, "快递员还差 1 位")
	get(t, v, address+"/review?pick=1&pick=2&pick=3").has(t, http.StatusOK, "快递员多选了 1 位")
	page := get(t, v, address+"?category=sorter&region="+url.QueryEscape(regions()[0])+"&pick=1")
	page.has(t, http.StatusOK, "找到 2 位", `<option value="sorter" selected>`)
	if got := regexp.MustCompile(`id="c(\d+)"`).FindAllStringSubmatch(page.body, -1); len(got) != 2 {
		t.Errorf("shown: %v", got)
	}
}

// Photos are offered in all sizes, those far down wait, and each is served for
// ever by the beginning of its hash.
func TestPhotos(t *testing.T) {
	h := newInstallation(t, courierRules(t), 12)
	h.photographed(t)
	s := serve(t, h, "")
	v, address := visitor(t), s.URL+"/s/"+slug
	page := get(t, v, address)
	sets := regexp.MustCompile(`<img class="photo"[^>]*[ -]srcset="([^"]*)"`).FindAllStringSubmatch(page.body, -1)
	if len(sets) != 12 || strings.Count(page.body, " data-srcset=") != 6 {
		t.Fatalf("%d sets, %d wait", len(sets), strings.Count(page.body, " data-srcset="))
	}
	for i, size := range strings.Split(sets[0][1], ", ") {
		path, width, _ := strings.Cut(size, " ")
		if want := []string{"96w", "192w", "360w", "720w"}[i]; width != want {
			t.Errorf("size %d is %s", i, width)
		}
		photo := get(t, v, s.URL+path)
		photo.has(t, http.StatusOK)
		if cache := photo.Header.Get("Cache-Control"); cache != "public, max-age=31536000, immutable" {
			t.Errorf("it may be kept: %s", cache)
		}
		get(t, v, s.URL+path[:len(path)-1]).has(t, http.StatusNotFound)
	}
	faces := get(t, visitor(t), address+"/faces.css")
	faces.has(t, http.StatusOK, "#c12 .far { background-image: url(")
	if len(faces.Cookies()) > 0 {
		t.Error("the style sheet is of one visitor")
	}
	page.has(t, http.StatusOK, `<noscript><link rel="stylesheet" href="/s/`+slug+`/faces.css"></noscript>`)
}
