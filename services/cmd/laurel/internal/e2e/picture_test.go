//go:build pictures

package e2e_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/review"
)

const (
	picturesDir = "../../../../../docs/pictures"
	maxPicture  = 150_000 // bytes
)

// TestPictures takes the pictures that the README shows, of the demo's selection:
// a voter's page, a juror's, the organizer's and the result, in both languages.
// `make pictures` asks for them.
func TestPictures(t *testing.T) {
	if err := os.MkdirAll(picturesDir, 0o755); err != nil {
		t.Fatal(err)
	}
	in, err := script.ReadInput(filepath.Clean(example))
	if err != nil {
		t.Fatal(err)
	}
	h := together(t)
	host := in.With(identity.Organizer)[0]
	if err := h.CreateOrganizer(t.Context(), host.Email, host.Name, script.Password); err != nil {
		t.Fatal(err)
	}
	h.Script = &script.Script{
		API: h.API, Input: in, Slug: slug, Rules: in.Rulebook, Seed: 4, Voters: 800,
		Progress: func(string, int) func() { return func() {} },
	}
	s := &seated{h, t, browser.Open(t), ""}
	s.do("screen", chromedp.EmulateViewport(1200, 800))
	s.visit("/") // cookies are a site's
	h.run(t, h.Create, h.Nominate, h.Vet, func(ctx context.Context) error { return h.Open(ctx, rulebook.PhaseVoting) },
		func(ctx context.Context) error {
			return h.Crowd(ctx, h.Voters, func(ctx context.Context, i int) error {
				voter, err := h.Voter(ctx, i)
				if err == nil {
					err = h.Cast(ctx, voter, h.Picks())
				}
				return err
			})
		})
	s.taken("voter", "/s/"+slug+"?sort=number", `(() => {
		for (const n of [3, 5, 6]) document.querySelector("#c" + n + " .pick").click();
		document.querySelector("#candidates").scrollIntoView();
	})()`)

	h.run(t, func(ctx context.Context) error { return h.Close(ctx, rulebook.PhaseVoting) }, h.OpenReview)
	jurors := in.With(identity.Juror)
	for k := range jurors {
		s.marks(jurors[k], k, 60-5*k)
	}
	s.enter(jurors[6].Email, at("/sheets/experts"))
	s.taken("juror", browser.Read[string](t, s.ctx, `document.querySelector("[data-key=n]").pathname`), `(() => {
		const put = (name, value) => { const e = document.querySelector("[name='scores." + name + "']"); e.value = value; };
		put("deeds", "92.5"); put("service", "88");
	})()`)
	s.enter(host.Email, at(""))
	s.taken("organizer", at(""), ``)

	for k := range jurors {
		s.marks(jurors[k], k, len(h.Candidates))
	}
	h.run(t, func(ctx context.Context) error { return h.Close(ctx, rulebook.PhaseReview) }, h.Decide, h.Notice, h.Publish)
	s.taken("result", "/s/"+slug+"/results", ``)
}

// marks has a juror score so many of their candidates.
func (s *seated) marks(juror script.Member, strict, many int) {
	s.t.Helper()
	c := s.as(s.t, juror.Email, script.Password)
	mine, err := c.Assignments(s.t.Context(), slug, juror.Scope)
	if err != nil {
		s.t.Fatal(err)
	}
	for i, a := range mine[:min(many, len(mine))] {
		if a.Sheet != nil {
			continue
		}
		if _, err := c.SaveSheet(s.t.Context(), slug, juror.Scope, a.Candidate, gateway.SaveSheet{Submit: true, Scores: marked(a, i, strict)}); err != nil {
			s.t.Fatal(err)
		}
	}
}

// marked are a juror's scores, by what the story has of letters.
func marked(a review.Assignment, i, strict int) map[string]string {
	merit := 0
	for _, r := range a.Deeds {
		merit += int(r)
	}
	score := func(n int) string {
		return fmt.Sprint(66 + (merit/(n+3)+7*n*i)%30 - strict%3)
	}
	return map[string]string{"deeds": score(0), "service": score(1), "skill": score(2)}
}

// taken takes a picture of a page in both languages, after a change of it.
func (s *seated) taken(name, path, change string) {
	s.t.Helper()
	type format struct {
		Format  string `json:"format"`
		Quality int    `json:"quality"`
	}
	type picture struct {
		Data []byte `json:"data"`
	}
	shot := cdp.Command[format, picture]{Method: "Page.captureScreenshot"}
	for _, lang := range []string{"zh-CN", "en"} {
		s.do("language", chromedp.Evaluate[chromedp.Void](`document.cookie = "laurel_language=`+lang+`; path=/"`))
		s.visit(path)
		s.until(`document.fonts.status === "loaded" && [...document.images].every((i) => i.complete || i.loading === "lazy")`)
		if change != "" {
			s.do("change", chromedp.Evaluate[chromedp.Void](change))
		}
		s.until(`[...document.images].every((i) => i.complete || i.getBoundingClientRect().top > innerHeight)`)
		var seen picture
		s.do("picture", chromedp.Func(func(ctx context.Context, target *chromedp.Target) (err error) {
			seen, err = cdp.Call(ctx, target, shot, format{"webp", 84})
			return err
		}))
		if len(seen.Data) > maxPicture {
			s.t.Errorf("%s in %s has %d bytes", name, lang, len(seen.Data))
		}
		if err := os.WriteFile(filepath.Join(picturesDir, name+"."+lang+".webp"), seen.Data, 0o644); err != nil {
			s.t.Fatal(err)
		}
	}
}
