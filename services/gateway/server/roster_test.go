package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/audit"
	"github.com/laurel-awards/laurel/pkg/blob"
	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/internal/limit"
	"github.com/laurel-awards/laurel/services/gateway/server"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/codelist"
)

const goodCode = "K7M3-9TQX-2HFP"

// The roster of identityRoom has one member, whose code is good in any case.

func (*identityRoom) ImportRoster(_ context.Context, in identity.ImportRoster) (identity.RosterImported, error) {
	return identity.RosterImported{Added: len(in.Constituencies), Differs: []identity.KeptMember{}}, nil
}

func (*identityRoom) GetRoster(_ context.Context, in identity.OfRoster) (identity.Roster, error) {
	return identity.Roster{Slug: in.Slug, Members: 1}, nil
}

func (*identityRoom) MailCodes(_ context.Context, in identity.MailCodes) (identity.CodesMailed, error) {
	if in.Member == "" {
		return identity.CodesMailed{Letters: 2, Left: 1}, nil
	}
	return identity.CodesMailed{Letters: 1}, identity.ErrRosterInvalid.Check(audit.Reason(in.Reason))
}

func (r *identityRoom) ExportCodes(ctx context.Context, in identity.ExportCodes) (identity.CodesExported, error) {
	if in.Form == identity.FormSealed {
		ref, err := r.blobs.In(blob.Uploads).Put(ctx, strings.NewReader("sealed for "+in.Title["en"]), 1<<20)
		return identity.CodesExported{Blob: ref.Hash, Members: 1, Export: 3, Left: 4}, err
	}
	if in.Reason == "too many" {
		return identity.CodesExported{}, identity.ErrCodesTooMany
	}
	sealed, key, err := codelist.Seal([]identity.Coded{{Member: "0017", Name: "<王芳>", Code: goodCode}})
	if err != nil {
		return identity.CodesExported{}, err
	}
	ref, err := r.blobs.In(blob.Uploads).Put(ctx, bytes.NewReader(sealed), 1<<20)
	return identity.CodesExported{Blob: ref.Hash, Key: key, Members: 1, Export: 2}, err
}

func (*identityRoom) ReplaceCode(_ context.Context, in identity.ReplaceCode) (identity.CodeReplaced, error) {
	return identity.CodeReplaced{Coded: identity.Coded{Member: in.Member, Code: goodCode}}, nil
}

// proveRoster knows goodCode and what cannot be a code.
func proveRoster(in identity.ProveVoter) (identity.Credential, error) {
	switch in.Code {
	case goodCode:
		return identity.Credential{Credential: "v1." + in.Slug}, nil
	case "typo":
		return identity.Credential{}, identity.ErrCodeMistyped
	}
	return identity.Credential{}, identity.ErrCode
}

func TestRoster(t *testing.T) {
	h := bare(t, testkit.Log(t))
	now := takes(t, "voters: [roster]\n  constituency: {from: roster, values: [兰州, 天水]}")
	h.serve(t, h.scripted(map[string]bus.Endpoint{
		"selection/get_selection": {Handle: func(context.Context, []byte) (any, error) { return now, nil }},
		"identity/prove_voter":    does(proveRoster),
	}))
	h.start(t, func(c *server.Config) { c.PublicURL = "https://awards.example.org" }, limits(func(l *app.Limits) {
		l.Codes, l.AllCodes = limit.Rate{PerSecond: 0.2, Burst: 3}, limit.Rate{PerSecond: 1, Burst: 5}
	}), func(c *server.Config) { c.TrustedProxies = []string{"127.0.0.0/8"} })
	const roster, voters = "/api/v1/selections/" + here + "/roster", "/api/v1/selections/" + here + "/voters"
	organizer := "organizer@example.org"

	if a := h.ask(t, http.MethodPost, roster+"/import", organizer, "member\n1\n"); !strings.Contains(a.Body, `"added":2`) {
		t.Errorf("the rulebook's constituencies did not reach the room: %d %s", a.Status, a.Body)
	}
	slips := h.ask(t, http.MethodPost, roster+"/codes", organizer, `{"format":"html"}`)
	for _, want := range []string{goodCode, "&lt;王芳&gt;", "https://awards.example.org/s/" + here, `lang="zh-CN"`} {
		if !strings.Contains(slips.Body, want) {
			t.Errorf("the slips lack %s:\n%s", want, slips.Body)
		}
	}
	if got := slips.Header.Get("Content-Disposition"); got != `attachment; filename="`+here+`-codes-2.html"` || slips.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the slips come as %q, and may be kept: %q", got, slips.Header.Get("Cache-Control"))
	}
	if en := h.ask(t, http.MethodPost, roster+"/codes", organizer, `{"format":"html","language":"en"}`); !strings.Contains(en.Body, "Your voter code") {
		t.Errorf("no English slips:\n%s", en.Body)
	}
	sheet := h.ask(t, http.MethodPost, roster+"/codes", organizer, `{"format":"xlsx"}`)
	rows, err := table.ReadAll(strings.NewReader(sheet.Body), table.Limits{})
	if err != nil || len(rows) != 2 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	want := []string{"0017", "<王芳>", "", goodCode, "https://awards.example.org/s/" + here + "#code=" + goodCode}
	if diff := cmp.Diff(want, rows[1].Cells); diff != "" {
		t.Errorf("the spreadsheet (-want +got):\n%s", diff)
	}
	sealed := h.ask(t, http.MethodPost, roster+"/codes", organizer, `{"format":"sealed"}`)
	if sealed.Status != http.StatusOK || !strings.HasPrefix(sealed.Body, "sealed for ") || sealed.Header.Get("Laurel-Codes-Left-Out") != "4" ||
		sealed.Header.Get("Content-Disposition") != `attachment; filename="`+here+`-codes-3.age"` {
		t.Errorf("for the printing office: %d %s %v", sealed.Status, sealed.Body, sealed.Header)
	}
	for body, want := range map[string]string{`{}`: `{"letters":2,"left":1}`, `{"member":"0017","reason":"lost"}`: `{"letters":1,"left":0}`} {
		if a := h.ask(t, http.MethodPost, roster+"/codes/mail", organizer, body); a.Status != http.StatusOK || strings.TrimSpace(a.Body) != want {
			t.Errorf("by mail %s: %d %s", body, a.Status, a.Body)
		}
	}
	if p := h.ask(t, http.MethodPost, roster+"/codes/mail", organizer, `{"member":"0017"}`).problem(t); !cmp.Equal(p.fields(), []string{"reason"}) {
		t.Errorf("a letter without a reason: %+v", p)
	}
	p := h.ask(t, http.MethodPost, roster+"/codes", organizer, `{"format":"html","reason":"too many"}`).problem(t)
	if p.Code != "codes_too_many" || !cmp.Equal(p.fields(), []string{"format"}) {
		t.Errorf("too many slips: %+v", p)
	}
	now = takes(t, "voters: [device]")
	h.clock.Advance(time.Second) // what is kept of the selection is old now
	if p := h.ask(t, http.MethodPost, roster+"/import", organizer, "member\n1\n").problem(t); p.Code != "roster_not_taken" || p.Status != http.StatusConflict {
		t.Errorf("a rulebook without rosters: %+v", p)
	}

	now = takes(t, "voters: [roster]")
	h.clock.Advance(time.Second)
	prove := func(address, code string) answer {
		t.Helper()
		body, err := json.Marshal(map[string]string{"way": "roster", "code": code})
		if err != nil {
			t.Fatal(err)
		}
		return h.ask(t, http.MethodPost, voters, "", string(body), "X-Forwarded-For", address)
	}
	tried := func(address, code, want string) {
		t.Helper()
		a := prove(address, code)
		if want == "" {
			if a.Status != http.StatusCreated {
				t.Errorf("%s from %s: %d %s", code, address, a.Status, a.Body)
			}
			return
		}
		if p := a.problem(t); p.Code != want || want == "too_many_codes" && a.Header.Get("Retry-After") == "" {
			t.Errorf("%s from %s: %s, want %s", code, address, a.Body, want)
		}
	}
	const office, home, third = "203.0.113.7", "198.51.100.9", "192.0.2.4"
	for range 10 {
		tried(office, goodCode, "")
		tried(office, "typo", "code_mistyped")
	}
	for range 3 {
		tried(office, "guess", "code_unknown")
	}
	tried(office, "guess", "too_many_codes")
	tried(office, goodCode, "too_many_codes") // else it could be told from a wrong one
	tried(home, goodCode, "")
	tried(home, "guess", "code_unknown")
	tried(home, "guess", "code_unknown")
	tried(third, goodCode, "too_many_codes") // the selection's five
	h.clock.Advance(5 * time.Second)
	tried(office, goodCode, "") // not for long
	tried(third, goodCode, "")
}
