package page_test

import (
	"bytes"
	"encoding/json"
	"image/png"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/reason"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/selection"
)

// named is rules with everything that pages and prints name a selection by.
const named = `
description: {zh: 由全省职工推荐和评选。, en: Nominated and chosen by the workers of the province.}
contact: {zh: 甘肃省总工会宣教部}
hosts: [{zh: 甘肃省总工会, en: Gansu Federation of Trade Unions}, {zh: 甘肃省邮政管理局}]
organizers: [{zh: 甘肃工人报社}]
labels: [{attribute: region, values: [{value: 兰州, title: {zh: 兰州市, en: Lanzhou}}]}]
`

// keeping is installation h with rules that have no more published than they say.
func keeping(t *testing.T, results string) *installation {
	t.Helper()
	h := newInstallation(t, courierRules(t)+named+results, 12)
	h.publish()
	h.change(func(h *installation) {
		if strings.Contains(results, "scores: none") { // as the room publishes it
			without := func(all []selection.RankedCandidate) {
				for i := range all {
					all[i].Total, all[i].Components, all[i].Explain = "", nil, nil
				}
			}
			without(h.results.Ranking)
			for _, a := range h.results.Awards {
				without(a.Winners)
			}
		}
	})
	return h
}

// Hosts and organizers, description and contact are on every page of a selection,
// and each sheet that is printed says of what it is.
func TestPages_named(t *testing.T) {
	h := keeping(t, "")
	at := serve(t, h, "").URL + "/s/" + slug
	c := visitor(t)
	for _, path := range []string{"", "/results", "/rules", "/c/1"} {
		get(t, c, at+path).has(t, 200, "由全省职工推荐和评选。", "甘肃省总工会</span>、<span", "甘肃工人报社", "甘肃省总工会宣教部")
	}
	get(t, c, at+"/results").has(t, 200, at[strings.Index(at, "/s/"):]+"/results/print")
	page := get(t, c, at+"/results/print")
	page.has(t, 200, "甘肃省邮政管理局", "公布于", h.results.ResultHash, "陇原最美快递员", h.candidates[11].Name)
	head, _, _ := strings.Cut(page.body, "</thead>")
	if !strings.Contains(head, "甘肃省总工会") || !strings.Contains(head, "第二届") || !strings.Contains(head, "公布于") {
		t.Errorf("what is repeated on each sheet: %s", head[strings.Index(head, "<thead>"):])
	}
}

// Where the rulebook has no scores published, no page shows one.
func TestPages_kept(t *testing.T) {
	h := keeping(t, "results: {show: awarded, scores: none}\n")
	at := serve(t, h, "").URL + "/s/" + slug
	c := visitor(t)
	for _, path := range []string{"/results", "/results/print"} {
		page := get(t, c, at+path)
		page.has(t, 200, h.candidates[0].Name)
		if strings.Contains(page.body, "综合得分") || strings.Contains(page.body, "40.123") {
			t.Errorf("%s shows scores", path)
		}
	}
}

// What was published before reasons had codes is shown as it is: its sentences are
// English in every language, and it names no hash of candidates.
func TestPages_resultsOfFirstForm(t *testing.T) {
	h := keeping(t, "")
	src, err := os.ReadFile("testdata/results-first.json")
	if err != nil {
		t.Fatal(err)
	}
	var first selection.Results
	if err := json.Unmarshal(src, &first); err != nil {
		t.Fatal(err)
	}
	h.change(func(h *installation) { h.results = &first })
	at := serve(t, h, "").URL + "/s/" + slug
	c := visitor(t)
	const sentence = "votes: 6201 in proportion to the highest, which gets 100: 100; × 0.4 = 40</li>"
	get(t, c, at+"/results?lang=zh-CN").has(t, 200, `<li lang="en">`+sentence, first.ResultHash, "没有单独的哈希：重新计算时核对", "--candidates candidates.csv")
	get(t, c, at+"/results?lang=en").has(t, 200, "<li>"+sentence, "It has no hash of its own: computing the result checks it")
	get(t, c, at+"/results/print").has(t, 200, "马晓燕", first.ResultHash)
	get(t, c, at+"/c/1?lang=zh-CN").has(t, 200, "荣获“陇原最美快递员”")
	get(t, c, at+"/exports/candidates.csv").has(t, 200, "candidate,name,gender,")
	if sums := get(t, c, at+"/exports/SHA256SUMS"); strings.Contains(sums.body, "candidates.csv") ||
		!strings.Contains(sums.body, first.ResultHash+"  result.json\n") {
		t.Errorf("sums: %s", sums.body)
	}
}

// The files that a result is checked by are taken at the rate of the API.
func TestPages_filesLimited(t *testing.T) {
	h := keeping(t, "")
	h.requests = 2
	at := serve(t, h, "").URL + "/s/" + slug + "/exports/SHA256SUMS"
	c := visitor(t)
	for _, want := range []int{200, 200, 429} {
		get(t, c, at).has(t, want)
	}
}

// Links to a selection, a candidate and a result have a picture, by an address that
// others can read.
func TestPages_poster(t *testing.T) {
	h := keeping(t, "")
	at := serve(t, h, "https://awards.example.org")
	here := at.URL + "/s/" + slug
	c := visitor(t)
	var drawn [][]byte
	for _, path := range []string{"", "/results", "/c/1"} {
		get(t, c, here+path).has(t, 200, `<meta property="og:image" content="https://awards.example.org/s/`+slug+path+`/poster.png?lang=zh-CN">`)
		answer := ask(t, c, http.MethodGet, here+path+"/poster.png?lang=zh-CN", nil)
		img, err := png.Decode(strings.NewReader(answer.body))
		if err != nil {
			t.Fatalf("%s: %d %v", path, answer.StatusCode, err)
		}
		if img.Bounds().Dx() != 1200 || img.Bounds().Dy() != 630 || answer.Header.Get("Content-Type") != "image/png" {
			t.Errorf("%s: %v, %v", path, img.Bounds(), answer.Header)
		}
		drawn = append(drawn, []byte(answer.body))
	}
	if bytes.Equal(drawn[0], drawn[1]) || bytes.Equal(drawn[1], drawn[2]) {
		t.Error("two pages have one picture")
	}
	if answer := ask(t, c, http.MethodGet, here+"/c/99/poster.png", nil); answer.StatusCode != http.StatusNotFound {
		t.Errorf("of nobody: %d", answer.StatusCode)
	}
}

// TestResults_look looks at the result's pages.
func TestResults_look(t *testing.T) {
	ctx := browser.Open(t)
	h := keeping(t, "")
	address := serve(t, h, "").URL + "/s/" + slug
	for name, path := range map[string]string{"results-named": "/results", "results-print": "/results/print", "winner": "/c/1", "check-bundle": "/check/bundle"} {
		browser.Look(t, ctx, name, address+path)
	}
	address = serve(t, keeping(t, "results: {show: awarded, scores: none}\n"), "").URL + "/s/" + slug
	browser.Look(t, ctx, "results-kept", address+"/results")
}

// fromVotes is why somebody has points of votes.
func fromVotes(votes, points, weighted string) reason.Reason {
	return reason.New("component", reason.Of("source", reason.Source, "votes"),
		reason.Because("of", reason.New("amount", reason.Of("amount", reason.Votes, votes))),
		reason.Because("converted", reason.New("proportional", reason.Of("top", reason.Points, "100"), reason.Of("points", reason.Points, points))),
		reason.Because("weighted", reason.New("weighted", reason.Of("weight", reason.Factor, "0.4"), reason.Of("points", reason.Points, weighted))))
}

// overCap is why somebody of an employer is passed over.
func overCap(employer string) reason.Reason {
	return reason.New("passed_over", reason.Of("award", reason.Award, "winner"), reason.Because("why", reason.New("cap_reached",
		reason.Number("nth", reason.Nth, 1), reason.Of("attribute", reason.Attribute, "employer"), reason.Of("value", reason.Value, employer),
		reason.Number("max", reason.Seats, 2), reason.Because("where", reason.New("over_all")))),
		reason.Of("candidate", reason.Candidate, "3"), reason.Number("place", reason.Place, 4))
}
