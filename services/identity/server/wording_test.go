package server_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/laurel-awards/laurel/pkg/actor"
	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
)

var ofInvitation = identity.OfWording{Slug: "s-1", Kind: identity.WordInvitation}

// TestWording words an invitation: letters that are made from then on say so, those
// that wait say what they did, other selections' too, and it goes back to the
// standard.
func TestWording(t *testing.T) {
	r, post := withMail(t)
	post.Refuse(func(int) error { return &smtp.SMTPError{Code: 451, Message: "later"} })
	const before, between, after = "before@example.org", "between@example.org", "after@example.org"
	r.invite(t, before, sits, false)
	ctx := actor.With(r.ctx, actor.Actor{Kind: actor.Staff, ID: "li", Name: "李娜"})
	words := identity.Words{Subject: " 请加入 {{.Slug}} · Join us, {{.Address}} ", ZH: "王先生：\r\n{{.Link}}", EN: "<b>Dear</b> {{- .Address }}\n{{.Link}}\n{{.By}}"}
	saved, err := r.SaveWording(ctx, identity.SaveWording{OfWording: ofInvitation, Words: words})
	if err != nil || !saved.Own || saved.Version != 1 || saved.SavedBy != "李娜" || saved.Subject != strings.TrimSpace(words.Subject) {
		t.Fatalf("%+v, %v", saved, err)
	}
	r.invite(t, between, sits, false)
	r.invite(t, "elsewhere@example.org", decides, false)
	if _, err := r.SaveWording(ctx, identity.SaveWording{OfWording: ofInvitation, Words: words}); !errors.Is(err, identity.ErrWordingChanged) {
		t.Errorf("the second of two: %v", err)
	}
	if w, err := r.SaveWording(ctx, identity.SaveWording{OfWording: ofInvitation, Words: saved.Words, Version: 1}); err != nil || w.Version != 1 {
		t.Errorf("the same again: %+v, %v", w, err)
	}
	reset, err := r.SaveWording(ctx, identity.SaveWording{OfWording: ofInvitation, Version: 1, Reset: true})
	if err != nil || reset.Own || reset.Words != reset.Standard || reset.Version != 2 {
		t.Errorf("%+v, %v", reset, err)
	}
	r.invite(t, after, sits, false)
	l := r.fate(t, "s-1", between, identity.LetterDeferred)
	if read, err := r.ReadLetter(r.ctx, identity.OfLetter{Slug: "s-1", Letter: l.ID}); err != nil || read.Texts[0].Subject != "请加入 s-1 · Join us, "+between ||
		!strings.Contains(read.Texts[1].Text, "You have an account") {
		t.Errorf("%+v, %v", read, err)
	}
	for _, address := range []string{before, after} {
		r.fate(t, "s-1", address, identity.LetterDeferred)
	}
	post.Refuse(nil)
	r.changeMail(t, identity.ChangeMail{Slug: "s-1", Do: identity.HoldMail}, 3)
	r.changeMail(t, identity.ChangeMail{Slug: "s-1", Do: identity.ReleaseMail}, 3)
	got := post.To(t, between, 1)[0]
	want := "王先生：\n" + got.Link() + "\n\n—\n\n<b>Dear</b>" + between + "\n" + got.Link() + "\nLaurel"
	if text := strings.TrimSpace(strings.ReplaceAll(got.Text, "\r", "")); got.Subject != "请加入 s-1 · Join us, "+between || text != want || got.Link() == "" {
		t.Errorf("%q\n%q", text, want)
	}
	for _, address := range []string{before, after} {
		if l := post.To(t, address, 1)[0]; !strings.Contains(l.Text, "Open this link within 7 days") {
			t.Errorf("%s: %+v", address, l)
		}
	}
	if n := r.Count(`SELECT count(*) FROM audit WHERE act = 'word_letter' AND slug = 's-1'`); n != 2 {
		t.Errorf("%d changes are in the log", n)
	}
}

// TestWording_wrong refuses what is no letter, naming field and line, and writes
// nothing.
func TestWording_wrong(t *testing.T) {
	r := setup(t)
	ofCode := identity.OfWording{Slug: "s-1", Kind: identity.WordCode}
	good := "{{.Link}}"
	for name, c := range map[string]struct {
		of    identity.OfWording
		words identity.Words
		want  string // field, code and line of each
	}{
		"empty":             {ofInvitation, identity.Words{}, "subject required 0, zh letter_empty 0"},
		"no link":           {ofInvitation, identity.Words{Subject: "x", ZH: good, EN: "hello"}, "en letter_field_missing 0"},
		"no code":           {ofCode, identity.Words{Subject: "x", ZH: "{{.Link}}"}, "zh letter_field_missing 0"},
		"unknown":           {ofInvitation, identity.Words{Subject: "x", ZH: good + "\n\n{{.Password}}"}, "zh letter_field_unknown 3"},
		"of another letter": {ofInvitation, identity.Words{Subject: "x", ZH: good + "{{.Code}}"}, "zh letter_field_unknown 1"},
		"nested":            {ofInvitation, identity.Words{Subject: "x", ZH: good + "{{.By.Len}}"}, "zh letter_field_unknown 1"},
		"call":              {ofInvitation, identity.Words{Subject: "x", ZH: good + "\n{{printf \"%s\" .By}}"}, "zh letter_syntax 2"},
		"condition":         {ofInvitation, identity.Words{Subject: "x", EN: "a\n{{if .By}}{{.Link}}{{end}}"}, "en letter_field_unknown 2"},
		"loop":              {ofInvitation, identity.Words{Subject: "x", EN: good + "{{range .By}}x{{end}}"}, "en letter_field_unknown 1"},
		"definition":        {ofInvitation, identity.Words{Subject: "x", EN: good + "{{define \"x\"}}{{.Link}}{{end}}"}, "en letter_field_unknown 1"},
		"whole":             {ofInvitation, identity.Words{Subject: "x", EN: good + "{{.}}"}, "en letter_field_unknown 1"},
		"variable":          {ofInvitation, identity.Words{Subject: "x", EN: good + "{{$x := .By}}"}, "en letter_field_unknown 1"},
		"open":              {ofInvitation, identity.Words{Subject: "x", EN: "a\nb {{.Link"}, "en letter_syntax 2"},
		"header":            {ofInvitation, identity.Words{Subject: "x\r\nBcc: everybody@example.org", ZH: good}, "subject control_character 0"},
		"secret in subject": {ofCode, identity.Words{Subject: "{{.Code}}", ZH: "{{.Code}}"}, "subject letter_field_subject 1"},
		"long subject":      {ofInvitation, identity.Words{Subject: strings.Repeat("题", 201), ZH: good}, "subject too_long 0"},
		"long":              {ofInvitation, identity.Words{Subject: "x", ZH: good + strings.Repeat("文", 4000)}, "zh too_long 0"},
		"control":           {ofInvitation, identity.Words{Subject: "x", ZH: good + "\x1b[2J"}, "zh control_character 0"},
		"no letter":         {identity.OfWording{Slug: "s-1", Kind: "claimed"}, identity.Words{Subject: "x", ZH: good}, "kind not_one_of 0"},
		"no selection":      {identity.OfWording{Slug: "*", Kind: identity.WordCode}, identity.Words{Subject: "x", ZH: "{{.Code}}"}, "slug not_a_slug 0"},
	} {
		for way, try := range map[string]func() error{
			"save": func() error {
				_, err := r.SaveWording(r.ctx, identity.SaveWording{OfWording: c.of, Words: c.words})
				return err
			},
			"try": func() error {
				_, err := r.TryWording(r.ctx, identity.TryWording{OfWording: c.of, Words: c.words})
				return err
			},
		} {
			err := try()
			if got := said(err); !errors.Is(err, identity.ErrMail) || got != c.want {
				t.Errorf("%s, %s: %q, want %q", name, way, got, c.want)
			}
		}
	}
	if n := r.Count(`SELECT count(*) FROM wording`); n != 0 {
		t.Errorf("%d wordings", n)
	}
	for _, k := range identity.WordingKinds() {
		w, err := r.ReadWording(r.ctx, identity.OfWording{Slug: "s-1", Kind: k})
		if err != nil || w.Own || w.Words != w.Standard {
			t.Errorf("%s: %+v, %v", k, w, err)
		}
		preview, err := r.TryWording(r.ctx, identity.TryWording{OfWording: identity.OfWording{Slug: "s-1", Kind: k}, Words: w.Standard})
		if err != nil || strings.Contains(preview.Text, "{{") || !strings.Contains(preview.Text, "wang.fang@example.org") || codePattern.MatchString(preview.Text) {
			t.Errorf("the standard text of %s: %+v, %v", k, preview, err)
		}
	}
}

// said is what a fault says of fields: each with its code and line.
func said(err error) string {
	var all []string
	for _, f := range fault.From(err).Fields {
		all = append(all, f.Name+" "+f.Code+" "+string(rune('0'+f.Line)))
	}
	return strings.Join(all, ", ")
}

// TestWording_code fills a code into a letter that a selection worded.
func TestWording_code(t *testing.T) {
	r, post, _ := withOffice(t)
	if _, err := r.load(t, identity.ImportRoster{Slug: "s-1"}, "member,email\n17,wang@example.org\n"); err != nil {
		t.Fatal(err)
	}
	words := identity.Words{Subject: "票", ZH: "投票码\n{{.Code}}\n{{.Link}}", EN: "code\n{{.Code}}\n{{.Link}}"}
	if _, err := r.SaveWording(r.ctx, identity.SaveWording{OfWording: identity.OfWording{Slug: "s-1", Kind: identity.WordCode}, Words: words}); err != nil {
		t.Fatal(err)
	}
	r.mailCodes(t, identity.MailCodes{})
	if l := post.To(t, "wang@example.org", 1)[0]; l.Subject != "票" || coded(t, l) == "" || strings.Contains(l.Text, "您好") {
		t.Errorf("%+v", l)
	}
	testkit.Eventually(t, testkit.Patience, func() error {
		if r.settled(t).Mailed.Sent != 1 {
			return errors.New("it is not sent")
		}
		return nil
	})
}
