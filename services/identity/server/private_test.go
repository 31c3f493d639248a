package server_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/codelist"
	"github.com/laurel-awards/laurel/services/identity/server"
)

// withOffice is a room that sends letters, and seals slips for a printing office;
// key is the file of the office.
func withOffice(t *testing.T) (r room, post *testkit.Post, key string) {
	t.Helper()
	post = testkit.NewPost(t)
	key, public, err := codelist.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return in(t, testkit.NewRoom(t, identity.Name, server.Migrations(), func(deps run.Deps) (run.Room, error) {
		cfg := config(server.Mail{URL: post.URL, From: "Laurel <laurel@example.org>", PublicURL: "https://laurel.example.org/"})
		cfg.PrintingKey = public
		return server.New(deps, cfg)
	})), post, key
}

var codePattern = regexp.MustCompile(`(?m)^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$`)

// coded is the code in a letter.
func coded(t *testing.T, l testkit.Letter) string {
	t.Helper()
	code := codePattern.FindString(strings.ReplaceAll(l.Text, "\r", ""))
	if code == "" || strings.Count(l.Text, "https://laurel.example.org/s/s-1#code="+code) != 2 {
		t.Fatalf("no code: %+v", l)
	}
	return code
}

func (r room) mailCodes(t *testing.T, in identity.MailCodes) identity.CodesMailed {
	t.Helper()
	in.Slug = "s-1"
	out, err := r.MailCodes(r.ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// ask asks by code whether a ballot is counted.
func (r room) ask(code string) string {
	used, err := r.ReadCode(r.ctx, identity.CodeOf{Slug: "s-1", Code: code})
	for name, fault := range map[string]error{"not private": identity.ErrCodeRead, "unknown": identity.ErrCode, "early": identity.ErrNotOver} {
		if errors.Is(err, fault) {
			return name
		}
	}
	switch {
	case err != nil:
		return err.Error()
	case used.Ballot:
		return "a ballot"
	}
	return "none"
}

// over ends the vote of s-1, in which the voters of some ids have a ballot.
func (r room) over(t *testing.T, voted ...string) {
	t.Helper()
	sel := r.Selection("s-1")
	sel.Tell(event.Voting, "seal", event.TallySealed{})
	asked := testkit.Published[event.RosterClosed](t, r.DB)
	voters := r.Blob(asked[0].Voters)
	bits := make([]byte, (len(voters)/16+7)/8)
	for _, id := range voted {
		raw, err := hex.DecodeString(id)
		if err != nil {
			t.Fatal(err)
		}
		at := bytes.Index(voters, raw)
		bits[at/16/8] |= 1 << (at / 16 % 8)
	}
	sel.Tell(event.Voting, "roster", event.VotersCounted{Voters: asked[0].Voters, Voted: bits})
}

// settled waits until no letter is under way.
func (r room) settled(t *testing.T) identity.Roster {
	t.Helper()
	var roster identity.Roster
	testkit.Eventually(t, testkit.Patience, func() (err error) {
		if roster, err = r.GetRoster(r.ctx, identity.OfRoster{Slug: "s-1"}); err != nil || roster.Mailed.Waiting > 0 {
			return fmt.Errorf("%+v, %w", roster, err)
		}
		return nil
	})
	return roster
}

const addressed = "编号,姓名,电子邮箱\n17,王芳,Wang@example.org\n18,李娜,li@example.org\n19,赵强,\n"

// TestPrivate_mail sends codes that stand nowhere but in their letters, and tells
// by them after the vote whether a ballot is counted; by a code from a list it
// does not.
func TestPrivate_mail(t *testing.T) {
	r, post, _ := withOffice(t)
	if _, err := r.load(t, identity.ImportRoster{Slug: "s-1"}, addressed); err != nil {
		t.Fatal(err)
	}
	post.Refuse(func(int) error { return &smtp.SMTPError{Code: 451, Message: "later"} })
	if out := r.mailCodes(t, identity.MailCodes{}); out.Letters != 2 || out.Left != 1 {
		t.Errorf("%+v", out)
	}
	testkit.Eventually(t, testkit.Patience, func() error {
		if post.Tries() < 2 {
			return errors.New("no try")
		}
		return nil
	})
	if _, err := r.MailCodes(r.ctx, identity.MailCodes{Slug: "s-1"}); !errors.Is(err, identity.ErrNoneToMail) {
		t.Errorf("while they wait: %v", err)
	}
	post.Refuse(nil)
	r.Clock.Advance(time.Minute)
	wang, li := coded(t, post.To(t, "wang@example.org", 1)[0]), coded(t, post.To(t, "li@example.org", 1)[0])
	list := r.codes(t, "s-1", "")
	if len(list) != 1 || list[0].Member != "19" {
		t.Errorf("the list has %+v", list)
	}
	out, err := r.ExportCodes(r.ctx, identity.ExportCodes{Slug: "s-1", Reason: "lost", Form: "xlsx", Most: 9})
	if err != nil || out.Members != 1 || out.Left != 2 {
		t.Errorf("a list of all has %+v, %v", out, err)
	}
	roster := r.settled(t)
	want := identity.Roster{Slug: "s-1", Members: 3, Coded: 3, Exports: 2, Addressed: 2, Mailed: identity.Mailed{Sent: 2}, Private: 2, Failed: []identity.Failed{}}
	if diff := cmp.Diff(want, roster, cmpopts.IgnoreFields(identity.Roster{}, "Lists")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(roster.Lists) != 2 {
		t.Errorf("lists that were handed out: %+v", roster.Lists)
	}
	for _, table := range []string{"mail", "roster_member", "roster", "audit", "outbox", "audit_chain"} {
		var rows []string
		if err := r.DB.Select(&rows, `SELECT t::text FROM `+table+` t`); err != nil {
			t.Fatal(err)
		}
		for _, code := range []string{wang, li} {
			if all := strings.Join(rows, "\n"); strings.Contains(all, code) || strings.Contains(all, strings.ReplaceAll(code, "-", "")) {
				t.Errorf("%s holds a code:\n%s", table, all)
			}
		}
	}
	voter, err := r.prove(wang)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.ask(wang); got != "early" {
		t.Errorf("during the vote: %s", got)
	}
	r.over(t, voter)
	for code, want := range map[string]string{
		wang: "a ballot", li: "none", strings.ToLower(wang): "a ballot", list[0].Code: "unknown", "0000-0000-0000": "unknown",
	} {
		if got := r.ask(code); got != want {
			t.Errorf("after the vote %s: %s, want %s", code, got, want)
		}
	}
	if n := r.Count(`SELECT count(*) FROM roster_member WHERE email IS NOT NULL OR letter IS NOT NULL`); n != 0 {
		t.Errorf("%d addresses are kept", n)
	}
	if _, err := r.MailCodes(r.ctx, identity.MailCodes{Slug: "s-1", Member: "17", Reason: "x"}); !errors.Is(err, identity.ErrVoteOver) {
		t.Errorf("a letter after the vote: %v", err)
	}
}

// TestPrivate_readable is an organizer who gets hold of a member's code by
// everything that an organizer can do: none is told by it who voted.
func TestPrivate_readable(t *testing.T) {
	r, post, _ := withOffice(t)
	if _, err := r.load(t, identity.ImportRoster{Slug: "s-1"}, addressed+"20,,\n21,,u@example.org\n"); err != nil {
		t.Fatal(err)
	}
	r.mailCodes(t, identity.MailCodes{})
	first := coded(t, post.To(t, "wang@example.org", 1)[0])
	coded(t, post.To(t, "li@example.org", 1)[0])
	r.settled(t)
	list := r.codes(t, "s-1", "") // 19 and 20

	// A replacement is read by who asks for it. Another letter takes it out of force.
	fresh, err := r.ReplaceCode(r.ctx, identity.ReplaceCode{Slug: "s-1", Member: "17", Reason: "lost"})
	if err != nil || r.ask(fresh.Code) != "not private" || r.ask(first) != "unknown" {
		t.Errorf("replaced: %v, %s, %s", err, r.ask(fresh.Code), r.ask(first))
	}
	if _, err := r.MailCodes(r.ctx, identity.MailCodes{Slug: "s-1", Member: "17"}); !cmp.Equal(testkit.Fields(err), []string{"reason"}) {
		t.Errorf("another letter without a reason: %v", err)
	}
	r.mailCodes(t, identity.MailCodes{Member: "17", Reason: "lost"})
	again := coded(t, post.To(t, "wang@example.org", 2)[1])
	if r.ask(fresh.Code) != "unknown" || r.ask(again) != "early" {
		t.Errorf("mailed again: %s, %s", r.ask(fresh.Code), r.ask(again))
	}
	if v, err := r.credential(again); err != nil || v.Generation != 2 {
		t.Errorf("generation %d, %v", v.Generation, err)
	}
	// The organizer's own address, in a file or in the act, once there is a code.
	out, err := r.load(t, identity.ImportRoster{Slug: "s-1"}, "member,email\n18,other@example.org\n20,mine@example.org\n")
	if err != nil || len(out.Differs) != 1 || out.Differs[0].Email != "li@example.org" {
		t.Errorf("imported again: %+v, %v", out, err)
	}
	if _, err := r.load(t, identity.ImportRoster{Slug: "s-1"}, "member,email\n22,li@example.org\n"); err == nil || codes(err)[0] != "email_taken" {
		t.Errorf("another's address: %v", err)
	}
	r.mailCodes(t, identity.MailCodes{Member: "20", Reason: "x"})
	r.mailCodes(t, identity.MailCodes{Member: "18", Email: "also.mine@example.org", Reason: "x"})
	r.mailCodes(t, identity.MailCodes{Member: "19", Email: "nineteen@example.org", Reason: "x"})
	mine := []string{
		coded(t, post.To(t, "mine@example.org", 1)[0]), coded(t, post.To(t, "also.mine@example.org", 1)[0]),
		coded(t, post.To(t, "nineteen@example.org", 1)[0]),
	}
	r.mailCodes(t, identity.MailCodes{Member: "18", Email: "li@example.org", Reason: "back to where it was"})
	back := coded(t, post.To(t, "li@example.org", 2)[1])
	for _, code := range append(mine, list[0].Code, list[1].Code, back) {
		if got := r.ask(code); got != "not private" && got != "unknown" {
			t.Errorf("%s is told %s", code, got)
		}
	}
	for name, c := range map[string]struct {
		in   identity.MailCodes
		want []string
	}{
		"no address":      {identity.MailCodes{Email: "x", Member: "17"}, []string{"email"}},
		"nobody's":        {identity.MailCodes{Email: "x@example.org"}, []string{"member"}},
		"another's":       {identity.MailCodes{Email: "u@example.org", Member: "17", Reason: "x"}, []string{"email"}},
		"a longer reason": {identity.MailCodes{Reason: strings.Repeat("x", 1001)}, []string{"reason"}},
	} {
		c.in.Slug = "s-1"
		if _, err := r.MailCodes(r.ctx, c.in); !cmp.Equal(testkit.Fields(err), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r.settled(t)
	r.over(t)
	for _, code := range append(mine, list[0].Code, list[1].Code, fresh.Code, back) {
		if got := r.ask(code); got != "not private" && got != "unknown" {
			t.Errorf("after the vote %s is told %s", code, got)
		}
	}
	if got := r.ask(again); got != "none" {
		t.Errorf("the member's own: %s", got)
	}
	want := []string{
		"import_roster", "mail_codes", "export_codes", "replace_code", "mail_code", "import_roster", "mail_code", "mail_code", "mail_code", "mail_code",
	}
	var acts []string
	for _, a := range r.acts(t, "s-1") {
		acts = append(acts, strings.TrimSuffix(a, " s-1"))
	}
	if diff := cmp.Diff(want, acts); diff != "" {
		t.Errorf("log of acts (-want +got):\n%s", diff)
	}
}

// TestPrivate_letters draws a code for each try, of which the last is good, and
// gives a member up whose server refuses: they are named, and can be given
// another code in every way.
func TestPrivate_letters(t *testing.T) {
	r, post, _ := withOffice(t)
	if _, err := r.load(t, identity.ImportRoster{Slug: "s-1"}, "member,email\n17,wang@example.org\n"); err != nil {
		t.Fatal(err)
	}
	lost := r.loseNote(t) // as a kill after the letter went
	r.mailCodes(t, identity.MailCodes{})
	lost()
	r.Clock.Advance(time.Minute)
	letters := post.To(t, "wang@example.org", 2)
	first, second := coded(t, letters[0]), coded(t, letters[1])
	if r.settled(t); letters[0].ID == letters[1].ID || first == second || r.ask(first) != "unknown" || r.ask(second) != "early" {
		t.Errorf("two tries: %+v", letters)
	}
	if v, err := r.credential(second); err != nil || v.Generation != 1 {
		t.Errorf("generation %d, %v", v.Generation, err)
	}
	if told := testkit.Published[event.CodesReplaced](t, r.DB); len(told) != 1 {
		t.Errorf("voting hears %d times of a replacement", len(told))
	}

	post.Behave(testkit.Manners{Rcpt: func(string) error {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	}})
	r.mailCodes(t, identity.MailCodes{Member: "17", Reason: "did not come"})
	roster := r.settled(t)
	if len(roster.Failed) != 1 || roster.Failed[0].Member != "17" || !strings.Contains(roster.Failed[0].Error, "no such user") || roster.Mailed.Failed != 1 {
		t.Errorf("%+v", roster)
	}
	if acts := r.acts(t, "s-1"); acts[len(acts)-1] != "code_not_delivered s-1" {
		t.Errorf("log of acts: %q", acts)
	}
	post.Behave(testkit.Manners{})
	if out := r.mailCodes(t, identity.MailCodes{}); out.Letters != 1 {
		t.Errorf("who failed gets %+v", out)
	}
	third := coded(t, post.To(t, "wang@example.org", 3)[2])
	if roster := r.settled(t); r.ask(third) != "early" || roster.Mailed.Sent != 1 || roster.Private != 1 {
		t.Errorf("%s, %+v", r.ask(third), roster)
	}

	// A letter that an organizer's replacement overtakes is not sent any more.
	post.Refuse(func(int) error { return &smtp.SMTPError{Code: 451, Message: "later"} })
	r.mailCodes(t, identity.MailCodes{Member: "17", Reason: "x"})
	testkit.Eventually(t, testkit.Patience, func() error {
		if r.Count(`SELECT count(*) FROM mail WHERE state = 'queued' AND error <> ''`) == 0 {
			return errors.New("no try")
		}
		return nil
	})
	plain, err := r.ReplaceCode(r.ctx, identity.ReplaceCode{Slug: "s-1", Member: "17", Reason: "x"})
	if err != nil {
		t.Fatal(err)
	}
	post.Refuse(nil)
	r.Clock.Advance(time.Hour)
	testkit.Eventually(t, testkit.Patience, func() error {
		if n := r.Count(`SELECT count(*) FROM mail WHERE state = 'dropped'`); n != 1 {
			return fmt.Errorf("%d dropped", n)
		}
		return nil
	})
	if _, err := r.prove(plain.Code); err != nil || r.ask(plain.Code) != "not private" || len(post.Letters()) != 3 {
		t.Errorf("the replacement: %v, %s, %d letters", err, r.ask(plain.Code), len(post.Letters()))
	}
	for range 5 {
		if _, err = r.MailCodes(r.ctx, identity.MailCodes{Slug: "s-1", Member: "17", Reason: "x"}); err != nil {
			break
		}
	}
	for range 5 {
		_, err = r.MailCodes(r.ctx, identity.MailCodes{Slug: "s-1", Member: "17", Reason: "x"})
	}
	if !errors.Is(err, identity.ErrLetters) {
		t.Errorf("letters without end: %v", err)
	}
}

// TestPrivate_waiting ends the vote while letters wait: none goes any more, and the
// figures say so.
func TestPrivate_waiting(t *testing.T) {
	r, post, _ := withOffice(t)
	if _, err := r.load(t, identity.ImportRoster{Slug: "s-1"}, addressed); err != nil {
		t.Fatal(err)
	}
	post.Refuse(func(int) error { return &smtp.SMTPError{Code: 451, Message: "later"} })
	r.mailCodes(t, identity.MailCodes{})
	r.over(t)
	post.Refuse(nil)
	r.Clock.Advance(time.Hour)
	testkit.Eventually(t, testkit.Patience, func() error {
		if n := r.Count(`SELECT count(*) FROM mail WHERE state = 'dropped'`); n != 2 {
			return fmt.Errorf("%d dropped", n)
		}
		return nil
	})
	if roster := r.settled(t); roster.Mailed.Failed != 2 || len(roster.Failed) != 2 || len(post.Letters()) != 0 {
		t.Errorf("%+v, %d letters", roster, len(post.Letters()))
	}
}
