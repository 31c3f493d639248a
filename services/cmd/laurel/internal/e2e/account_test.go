package e2e_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/script"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/gateway/client"
	"github.com/laurel-awards/laurel/services/identity"
)

// mailing is an installation in one process that sends mail, with further
// settings. No role takes a second factor: its people come by the API.
func mailing(t *testing.T, env ...string) (*harness, *testkit.Post) {
	t.Helper()
	post := testkit.NewPost(t)
	h := build(t, testkit.URL(t), nil)
	h.Env = append(h.Env, "SMTP_URL="+post.URL, "MAIL_FROM=Laurel <laurel@example.org>", "PUBLIC_URL=http://"+h.Listen, "SECOND_FACTOR_ROLES=none")
	h.Env = append(h.Env, env...)
	h.add(all, nil)
	h.open(t, all)
	return h, post
}

// as signs in.
func (h *harness) as(t *testing.T, email, password string) *client.Client {
	t.Helper()
	s, err := h.API.SignIn(t.Context(), email, password)
	if err != nil {
		t.Fatal(err)
	}
	return h.API.WithToken(s.Token)
}

// roles are the ones that count, as selection/role.
func roles(t *testing.T, c *client.Client) []string {
	t.Helper()
	me, err := c.Me(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	list := []string{}
	for _, g := range me.Grants {
		list = append(list, g.Slug+"/"+string(g.Role))
	}
	return list
}

// TestAccount has an organizer of one selection claim another's address by a
// link that they asked for, after which others give that address roles, by the
// command too; then the address's holder comes by mail. No page and no step of
// it but is the real one.
func TestAccount(t *testing.T) {
	t.Parallel()
	h, post := mailing(t)
	ctx := t.Context()
	operator := h.as(t, h.Input.With(identity.Organizer)[0].Email, script.Password)
	for _, s := range []string{slug, "another-selection"} {
		if _, err := operator.CreateSelection(ctx, s, h.Rules); err != nil {
			t.Fatal(err)
		}
	}

	// An organizer of one selection, invited by mail, who claims on the page.
	given, err := operator.GiveRole(ctx, slug, gateway.GiveRole{Email: "mallory@example.org", Name: "Mallory", Role: identity.Organizer})
	if err != nil || !given.Invitation.Mailed || given.Invitation.Link != "" || given.State != identity.StateInvited {
		t.Fatalf("%+v, %v", given, err)
	}
	const own = "mallory-has-her-own-words"
	claimOnPage(t, post.To(t, "mallory@example.org", 1)[0].Link(), "Mallory", own)
	mallory := h.as(t, "mallory@example.org", own)

	const director, squatted = "new.director@example.org", "a-password-of-a-squatter"
	given, err = mallory.GiveRole(ctx, slug, gateway.GiveRole{Email: director, Name: "Director", Role: identity.Auditor, HandOver: true})
	if err != nil || given.Invitation.Mailed || !strings.HasPrefix(given.Invitation.Link, "http://"+h.Listen+"/claim?token=") {
		t.Fatalf("%+v, %v", given, err)
	}
	if _, err := h.API.Claim(ctx, given.Invitation.Link, "", squatted); err != nil {
		t.Fatal(err)
	}
	squatter := h.as(t, director, squatted)
	if _, err := operator.GiveRole(ctx, "another-selection", gateway.GiveRole{Email: director, Role: identity.Organizer}); err != nil {
		t.Fatal(err)
	}
	if _, err := operator.GiveOperator(ctx, gateway.GiveRole{Email: director, Role: identity.Organizer}); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{nil, {"--existing"}} {
		args = append([]string{"admin", "create-user", "--email", director, "--role", "organizer"}, args...)
		err := h.Run(ctx, strings.NewReader("the operator's own choice\n"), args...)
		if err == nil || !strings.Contains(err.Error(), "unproved") {
			t.Errorf("laurel %s: %v", strings.Join(args, " "), err)
		}
	}
	if diff := cmp.Diff([]string{slug + "/auditor"}, roles(t, squatter)); diff != "" {
		t.Errorf("the squatter may (-want +got):\n%s", diff)
	}
	for name, act := range map[string]func() error{
		"create a selection": func() error { _, err := squatter.CreateSelection(ctx, "third-selection", h.Rules); return err },
		"see its staff":      func() error { _, err := squatter.Staff(ctx, "another-selection"); return err },
		"disable accounts": func() error {
			_, err := squatter.DisableAccount(ctx, "mallory@example.org", "x")
			return err
		},
	} {
		if err := act(); !fault.Is(err, fault.Forbidden) {
			t.Errorf("the squatter may %s: %v", name, err)
		}
	}
	if err := h.API.Forgot(ctx, director); err != nil {
		t.Fatal(err)
	}
	if err := h.API.Forgot(ctx, "nobody@example.org"); err != nil {
		t.Fatal(err)
	}
	letters := post.To(t, director, 4) // claimed, two invitations, the reset
	claimOnPage(t, letters[3].Link(), "The Director", "these words are the director's")
	if _, err := h.API.SignIn(ctx, director, squatted); !errors.Is(err, identity.ErrSignIn) {
		t.Errorf("the squatter signs in: %v", err)
	}
	testkit.Eventually(t, wait, func() error {
		_, err := squatter.Me(ctx)
		if errors.Is(err, identity.ErrSession) {
			return nil
		}
		return errors.Join(errors.New("the squatter's session lives"), err)
	})
	holder := h.as(t, director, "these words are the director's")
	if diff := cmp.Diff([]string{"*/organizer", "another-selection/organizer", slug + "/auditor"}, roles(t, holder)); diff != "" {
		t.Errorf("the holder may (-want +got):\n%s", diff)
	}
	for _, l := range letters { // all links are used up with the first
		if l.Link() == "" {
			continue
		}
		if _, err := h.API.Claim(ctx, l.Link(), "", squatted); !errors.Is(err, identity.ErrLink) {
			t.Errorf("a link is used again: %v", err)
		}
	}

	// The holder's own acts, and the operator's.
	if _, err := holder.ChangePassword(ctx, "these words are the director's", "newer words of the same person"); err != nil {
		t.Fatal(err)
	}
	second := h.as(t, director, "newer words of the same person")
	if left, err := second.EndSessions(ctx, ""); err != nil || len(left) != 1 {
		t.Errorf("%+v, %v", left, err)
	}
	if _, err := operator.DisableAccount(ctx, director, "has left"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.API.SignIn(ctx, director, "newer words of the same person"); !errors.Is(err, identity.ErrDisabled) {
		t.Errorf("disabled: %v", err)
	}
	run := func(args ...string) {
		if err := h.Run(ctx, strings.NewReader("words that the operator types\n"), append([]string{"admin"}, args...)...); err != nil {
			t.Error(err)
		}
	}
	run("enable-user", "--email", director, "--reason", "is back")
	run("set-password", "--email", director)
	run("revoke-role", "--email", director, "--role", "organizer")
	run("create-user", "--email", director, "--role", "auditor", "--existing")
	run("list-users", "--unproved")
	run("mail", "--retry")
	run("mail")
	after := roles(t, h.as(t, director, "words that the operator types"))
	if diff := cmp.Diff([]string{"*/auditor", "another-selection/organizer", slug + "/auditor"}, after); diff != "" {
		t.Errorf("after the command (-want +got):\n%s", diff)
	}
	for _, l := range post.Letters() {
		if l.To == "nobody@example.org" {
			t.Errorf("a letter to nobody: %+v", l)
		}
	}
}

// claimOnPage opens a link as a browser does, and sends its form.
func claimOnPage(t *testing.T, link, name, password string) {
	t.Helper()
	if page := fetch(t, http.MethodGet, link, nil); !strings.Contains(page, `action="/claim/set"`) {
		t.Fatalf("%s shows %s", link, page)
	}
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"token": {u.Query().Get("token")}, "name": {name}, "password": {password}}
	u.Path, u.RawQuery = "/claim/set", ""
	if page := fetch(t, http.MethodPost, u.String(), strings.NewReader(form.Encode())); !strings.Contains(page, "您的账户已就绪") {
		t.Fatalf("claiming shows %s", page)
	}
}

// fetch gives the page that a browser ends at.
func fetch(t *testing.T, method, address string, form io.Reader) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, address, form)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
