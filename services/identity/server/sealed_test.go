package server_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/codelist"
	"github.com/laurel-awards/laurel/services/identity/server"
)

// sealed exports slips for the office, and opens them with its key.
func (r room) sealed(t *testing.T, key, reason string) codelist.Slips {
	t.Helper()
	out, err := r.ExportCodes(r.ctx, identity.ExportCodes{
		Slug: "s-1", Reason: reason, Form: identity.FormSealed, Most: 100, Title: map[string]string{"en": "An award"},
	})
	if err != nil || out.Key != nil {
		t.Fatalf("%+v, %v", out, err)
	}
	s, err := codelist.OpenSlips(bytes.NewReader(r.Uploaded(out.Blob)), strings.NewReader(key))
	if err != nil || len(s.Codes) != out.Members || s.Export != out.Export {
		t.Fatalf("%+v, %v", s, err)
	}
	return s
}

// TestPrivate_sealed has the office print codes that nobody else reads. A list
// leaves them out, a replacement makes one readable, and the office prints again.
func TestPrivate_sealed(t *testing.T) {
	r, _, key := withOffice(t)
	if _, err := r.load(t, identity.ImportRoster{Slug: "s-1"}, "member\n17\n18\n19\n"); err != nil {
		t.Fatal(err)
	}
	first := r.sealed(t, key, "")
	if first.Address != "https://laurel.example.org/s/s-1" || first.Title["en"] != "An award" || len(first.Codes) != 3 || first.Slug != "s-1" {
		t.Errorf("%+v", first)
	}
	if _, err := codelist.OpenSlips(strings.NewReader("age-encryption.org/v1\n"), strings.NewReader(key)); err == nil {
		t.Error("what is no sealed list opens")
	}
	other, _, err := codelist.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	out, err := r.ExportCodes(r.ctx, identity.ExportCodes{Slug: "s-1", Reason: "x", Form: identity.FormSealed, Most: 100})
	if err != nil {
		t.Fatal(err)
	}
	body := r.Uploaded(out.Blob)
	if _, err := codelist.OpenSlips(bytes.NewReader(body), strings.NewReader(other)); err == nil {
		t.Error("another's key opens the list")
	}
	second, err := codelist.OpenSlips(bytes.NewReader(body), strings.NewReader(key))
	if err != nil || r.ask(first.Codes[0].Code) != "unknown" {
		t.Fatalf("printed again: %v", err)
	}
	if _, err := r.ExportCodes(r.ctx, identity.ExportCodes{Slug: "s-1", Reason: "all", Form: "xlsx", Most: 100}); !errors.Is(err, identity.ErrCodesExported) {
		t.Errorf("a plain list of sealed codes: %v", err)
	}
	plain, err := r.ReplaceCode(r.ctx, identity.ReplaceCode{Slug: "s-1", Member: "18", Reason: "lost"})
	if err != nil {
		t.Fatal(err)
	}
	roster, err := r.GetRoster(r.ctx, identity.OfRoster{Slug: "s-1"})
	if err != nil || roster.Slips != 2 || roster.Private != 2 || !strings.HasPrefix(roster.Printer, "age1") || !strings.Contains(key, roster.Printer) {
		t.Errorf("%+v, %v", roster, err)
	}
	var recorded int
	if err := r.DB.Get(&recorded, `
		SELECT count(*) FROM audit WHERE act = 'export_codes' AND detail::jsonb ->> 'printer' = $1 AND detail::jsonb ->> 'form' = 'sealed'`,
		roster.Printer); err != nil || recorded != 2 {
		t.Errorf("%d sealed lists are in the log, %v", recorded, err)
	}
	voter, err := r.prove(second.Codes[0].Code)
	if err != nil {
		t.Fatal(err)
	}
	r.over(t, voter)
	for code, want := range map[string]string{
		second.Codes[0].Code: "a ballot", second.Codes[2].Code: "none", second.Codes[1].Code: "unknown", plain.Code: "not private",
	} {
		if got := r.ask(code); got != want {
			t.Errorf("%s: %s, want %s", code, got, want)
		}
	}
}

// TestPrivate_settings refuses what cannot seal.
func TestPrivate_settings(t *testing.T) {
	r := setup(t)
	if _, err := r.load(t, identity.ImportRoster{Slug: "s-1"}, addressed); err != nil {
		t.Fatal(err)
	}
	if _, err := r.ExportCodes(r.ctx, identity.ExportCodes{Slug: "s-1", Form: identity.FormSealed, Most: 9}); !errors.Is(err, identity.ErrNoPrinter) {
		t.Errorf("without an office: %v", err)
	}
	if _, err := r.MailCodes(r.ctx, identity.MailCodes{Slug: "s-1"}); !errors.Is(err, identity.ErrNoMail) {
		t.Errorf("without mail: %v", err)
	}
	_, public, err := codelist.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	for want, key := range map[string]string{"PUBLIC_URL": public, "PRINTING_KEY": "age1nothing"} {
		cfg := config(server.Mail{})
		cfg.PrintingKey = key
		if _, err := server.New(run.Deps{}, cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// TestPrivate_atOnce has an organizer do everything at once, again and again: no
// code that they were shown is one by which anything is told.
func TestPrivate_atOnce(t *testing.T) {
	r, post, key := withOffice(t)
	const members = 6
	var file strings.Builder
	file.WriteString("member,email\n")
	for n := range members {
		fmt.Fprintf(&file, "%d,m%d@example.org\n", n, n)
	}
	if _, err := r.load(t, identity.ImportRoster{Slug: "s-1"}, file.String()); err != nil {
		t.Fatal(err)
	}
	var (
		mu   sync.Mutex
		seen []string
		wg   sync.WaitGroup
	)
	see := func(codes ...string) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, codes...)
	}
	for round := range 6 {
		wg.Go(func() { _, _ = r.MailCodes(r.ctx, identity.MailCodes{Slug: "s-1", Reason: "x"}) })
		wg.Go(func() {
			_, _ = r.MailCodes(r.ctx, identity.MailCodes{Slug: "s-1", Member: fmt.Sprint(round % members), Reason: "x"})
		})
		wg.Go(func() {
			if out, err := r.ReplaceCode(r.ctx, identity.ReplaceCode{Slug: "s-1", Member: fmt.Sprint(round % members), Reason: "x"}); err == nil {
				see(out.Code)
			}
		})
		wg.Go(func() {
			if out, err := r.ExportCodes(r.ctx, identity.ExportCodes{Slug: "s-1", Reason: "x", Form: "xlsx", Most: 99}); err == nil {
				list, err := codelist.Open(r.Uploaded(out.Blob), out.Key)
				if err != nil {
					t.Error(err)
				}
				for _, c := range list {
					see(c.Code)
				}
			}
		})
		wg.Go(func() {
			_, _ = r.ExportCodes(r.ctx, identity.ExportCodes{Slug: "s-1", Reason: "x", Form: identity.FormSealed, Most: 99})
		})
		wg.Wait()
	}
	r.Clock.Advance(time.Hour) // an address gets five letters in an hour
	r.mailCodes(t, identity.MailCodes{Member: "0", Reason: "the last"})
	r.settled(t)
	one, err := r.ReplaceCode(r.ctx, identity.ReplaceCode{Slug: "s-1", Member: "1", Reason: "for the last list"})
	if err != nil {
		t.Fatal(err)
	}
	see(one.Code)
	letters := post.To(t, "m0@example.org", 1)
	last := r.sealed(t, key, "the last")
	r.over(t)
	for _, code := range seen {
		if got := r.ask(code); got != "not private" && got != "unknown" {
			t.Errorf("%s, which an organizer saw, is told %s", code, got)
		}
	}
	if len(seen) == 0 {
		t.Error("nothing was shown")
	}
	for _, c := range last.Codes {
		if got := r.ask(c.Code); got != "none" {
			t.Errorf("a slip of %s: %s", c.Member, got)
		}
	}
	if got := r.ask(coded(t, letters[len(letters)-1])); len(last.Codes) == members-1 && got != "none" {
		t.Errorf("the letter: %s", got)
	}
}
