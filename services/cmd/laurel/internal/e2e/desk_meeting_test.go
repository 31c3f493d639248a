package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
	"github.com/laurel-awards/laurel/services/identity"
)

// sees waits until a page shows a text.
func sees(t *testing.T, ctx context.Context, text string) { //nolint:revive // t comes first in tests
	t.Helper()
	testkit.Eventually(t, testkit.Patience, func() error {
		if shown := browser.Read[string](t, ctx, `document.body ? document.body.innerText : ""`); !strings.Contains(shown, text) {
			return fmt.Errorf("no %q in %s", text, shown)
		}
		return nil
	})
}

// tabTo presses Tab until what a condition is true of has the focus.
func tabTo(t *testing.T, ctx context.Context, condition string) { //nolint:revive // as above
	t.Helper()
	for range 60 {
		if browser.Read[bool](t, ctx, `(e => `+condition+`)(document.activeElement)`) {
			return
		}
		browser.Run(t, ctx, "Tab", chromedp.KeyEvent("\t"))
	}
	t.Fatalf("Tab never leads to where %s", condition)
}

// TestDesk_meeting is a meeting of two members and a wall in three browsers: one
// member uses the keyboard alone, the other has no JavaScript, and the wall shows
// both. Two organizers close the vote, and a member loses their role.
func TestDesk_meeting(t *testing.T) {
	t.Parallel()
	h := together(t)
	h.run(t, h.Create, h.Nominate, h.Vet, h.Vote, h.Score)
	var emails []string
	for _, m := range h.Input.With(identity.Committee) {
		emails = append(emails, m.Email)
	}
	if _, err := h.Organizer().SeatCommittee(t.Context(), slug, emails); err != nil {
		t.Fatal(err)
	}
	if err := h.Open(t.Context(), rulebook.PhaseDecision); err != nil {
		t.Fatal(err)
	}
	site := "http://" + h.Listen
	room := site + "/desk/s/" + slug + "/meeting?lang=en"
	sit := func(role identity.Role, n int, address string) context.Context {
		ctx := browser.Open(t)
		browser.Run(t, ctx, "a session", chromedp.Navigate(site+"/static/none"),
			chromedp.Evaluate[chromedp.Void](`document.cookie = "laurel_session=`+h.token(t, role, n)+`; path=/"`), chromedp.Navigate(address))
		return ctx
	}
	wall := sit(identity.Auditor, 1, site+"/desk/s/"+slug+"/meeting/wall?lang=en")
	sees(t, wall, "0 of 3 present")

	keys := browser.Open(t)
	browser.Run(t, keys, "sign in", chromedp.Navigate(site+"/desk/sign-in?lang=en&to=/desk/s/"+slug+"/meeting"))
	tabTo(t, keys, `e.id === "email"`)
	browser.Run(t, keys, "address", chromedp.KeyEvent(emails[0]))
	tabTo(t, keys, `e.id === "password"`)
	browser.Run(t, keys, "password", chromedp.KeyEvent(script.Password+"\r"))
	sees(t, keys, "No motion has been put")
	sees(t, wall, "1 of 3 present")
	plain := sit(identity.Committee, 2, site+"/desk")
	browser.Run(t, plain, "no scripts", browser.Scripts(false), chromedp.Navigate(room))
	sees(t, wall, "2 of 3 present")
	sees(t, keys, "2 of 3 present")

	const motion = `We adopt <b>it</b> & "all"`
	if _, err := h.Organizer().Move(t.Context(), slug, motion); err != nil {
		t.Fatal(err)
	}
	sees(t, wall, motion)
	sees(t, keys, "You have not voted on this motion yet.")
	by := &seated{h, t, keys, ""}
	by.shortcuts("v")
	browser.Run(t, keys, "to the vote", chromedp.KeyEvent("v"))
	sees(t, keys, "Your vote is final")
	tabTo(t, keys, `e.name === "choice"`)
	by.seen()
	browser.Run(t, keys, "for", chromedp.KeyEvent(" "))
	tabTo(t, keys, `e.type === "submit" && e.textContent === "Cast my vote"`)
	browser.Run(t, keys, "cast", chromedp.KeyEvent("\r"))
	sees(t, keys, "Your vote is counted.")
	sees(t, wall, "1 of 3 have voted")

	browser.Run(t, plain, "without scripts", chromedp.Navigate(room), chromedp.Click(chromedp.CSS("#act-vote")),
		chromedp.WaitVisible(chromedp.CSS(`input[value="for"]`)), chromedp.Click(chromedp.CSS(`input[value="for"]`)),
		chromedp.Click(chromedp.CSS(`form.ask button`)), chromedp.WaitVisible(chromedp.CSS("#note")))
	sees(t, wall, "2 of 3 have voted")
	for _, page := range []context.Context{wall, keys} {
		text := browser.Read[string](t, page, `document.getElementById("room").innerText`)
		if strings.Contains(text, "Against") || strings.Contains(text, "Adopted") {
			t.Errorf("before the close a page tells how: %s", text)
		}
	}

	var closing sync.WaitGroup
	failed := make([]error, 2)
	for i := range failed {
		closing.Go(func() { _, failed[i] = h.Organizer().CloseMotion(t.Context(), slug) })
	}
	closing.Wait()
	if err := errors.Join(failed...); err != nil {
		t.Errorf("two close the vote: %v", err)
	}
	sees(t, wall, "Adopted")
	sees(t, keys, "Adopted")

	if _, err := h.Organizer().RevokeRole(t.Context(), slug, emails[0], identity.Committee, ""); err != nil {
		t.Fatal(err)
	}
	sees(t, keys, "your role was taken back")
	browser.Run(t, keys, "the next act", chromedp.Navigate(room))
	sees(t, keys, "Nothing was changed")
}
