package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/event"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/config"
	"github.com/laurel-awards/laurel/services/gateway"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/credential"
	"github.com/laurel-awards/laurel/services/selection"
)

const example = "../../../../../deploy/examples/most-beautiful-courier/"

// TestBadInput hands in each kind of bad input through the gateway, at every
// stage of a selection.
func TestBadInput(t *testing.T) {
	t.Parallel()
	h := together(t)
	organizer := h.token(t, identity.Organizer, 1)

	h.refused(t, "rulebook", h.badRulebooks(organizer)...)
	h.refused(t, "request", h.badRequests(organizer)...)

	h.run(t, h.Create)
	juror := h.token(t, identity.Juror, 1)
	h.run(t, h.Nominate)
	h.refused(t, "nomination", h.badEntries(t, organizer, juror)...)
	h.refused(t, "import", h.badImport(t, organizer))

	h.refused(t, "before opening",
		mistake("voter", post(of("/voters"), "", map[string]string{"way": "device"}), http.StatusConflict, "voting_not_open"),
		mistake("ballot", h.cast(h.device(t), 1, 2), http.StatusConflict, "voting_not_open"),
		bad{
			name: "phase", request: post(of("/phases/voting/open"), organizer, reason()), status: http.StatusConflict, code: "phase_out_of_order",
			fields: []string{"phase"}, params: map[string]string{"phase": "voting", "blocked_by": "nomination,vetting"},
		})
	h.run(t, h.Vet, func(ctx context.Context) error { return h.Open(ctx, rulebook.PhaseVoting) })
	h.badBallots(t)
	h.run(t, func(ctx context.Context) error { return h.Close(ctx, rulebook.PhaseVoting) })
	h.refused(t, "after closing",
		mistake("voter", post(of("/voters"), "", map[string]string{"way": "device"}), http.StatusConflict, "voting_closed"),
		mistake("ballot", h.cast(h.device(t), 1, 2), http.StatusConflict, "voting_closed"),
		mistake("reopening", post(of("/phases/voting/open"), organizer, reason()), http.StatusConflict, "phase_out_of_order", "phase"))

	h.badSheets(t, organizer, juror)
	h.outsideHours(t)
}

func reason() map[string]string { return map[string]string{"reason": "按方案进行"} }

func (h *harness) badRulebooks(organizer string) []bad {
	create := func(name, rules string, fields ...string) bad {
		return bad{
			name: name, request: post("/api/v1/selections", organizer, selection.CreateSelection{Slug: "another", Rulebook: rules}),
			status: http.StatusUnprocessableEntity, code: "rulebook_invalid", fields: fields,
		}
	}
	// exchanged spoils the rulebook; each of the words is a mistake, whose line
	// must be named.
	exchanged := func(name, old, spoilt string, mistakes map[string]string) bad {
		rules := strings.Replace(h.Rules, old, spoilt, 1)
		b := create(name, rules)
		for word, field := range mistakes {
			b.lines = append(b.lines, 1+strings.Count(rules[:strings.Index(rules, word)], "\n"))
			if field != "" {
				b.fields = append(b.fields, field)
			}
		}
		return b
	}
	return []bad{
		exchanged("unknown field", "  counts: live", "  counts: live\n  base_votes: 5", map[string]string{"base_votes": "voting.base_votes"}),
		exchanged("malformed", "nominee: person", "nominee: [person", map[string]string{"awards:": ""}), // seen where the list should have ended
		exchanged("wrong value", "frequency: once", "frequency: hourly", map[string]string{"hourly": "voting.frequency"}),
		exchanged("two mistakes", "picks: {min: 2, max: 5}", "picks: {min: 2, max: many}\n  way: device", map[string]string{
			"many": "voting.picks.max", "way:": "voting.way",
		}),
		create("empty", ""),
		{
			name: "slug", request: post("/api/v1/selections", organizer, selection.CreateSelection{Slug: "Not A Slug", Rulebook: h.Rules}),
			status: http.StatusUnprocessableEntity, code: "selection_invalid", fields: []string{"slug"},
		},
	}
}

func (h *harness) badRequests(organizer string) []bad {
	const selections = "/api/v1/selections"
	return []bad{
		mistake("unknown route", request{method: http.MethodGet, path: "/api/v1/nothing"}, http.StatusNotFound, "route_unknown"),
		{
			name: "unknown method", request: request{method: http.MethodPut, path: selections},
			status: http.StatusMethodNotAllowed, code: "method_not_allowed", allow: "OPTIONS, GET, POST",
		},
		mistake("unknown selection", request{method: http.MethodGet, path: selections + "/nowhere"}, http.StatusNotFound, "selection_unknown"),
		mistake("unknown member", post(selections, organizer, map[string]any{"slug": "another", "rulebook": h.Rules, "votes": 7}),
			http.StatusUnprocessableEntity, "input_invalid", "votes"),
		mistake("missing member", post(selections, organizer, map[string]any{"slug": "another"}), http.StatusUnprocessableEntity, "input_invalid", "rulebook"),
		mistake("not JSON", post(selections, organizer, []byte("{")).with("Content-Type", "application/json"), http.StatusBadRequest, "request_malformed", "body"),
		mistake("media type", post(selections, organizer, []byte("a=b")).with("Content-Type", "application/x-www-form-urlencoded"),
			http.StatusUnsupportedMediaType, "media_type", "Content-Type"),
		mistake("too large", post(selections, organizer, selection.CreateSelection{Slug: "another", Rulebook: strings.Repeat("#", 600<<10)}),
			http.StatusRequestEntityTooLarge, "body_too_large", "body"),
		mistake("nobody", post(selections, "", selection.CreateSelection{Slug: "another", Rulebook: h.Rules}), http.StatusUnauthorized, "session_missing"),
		mistake("invented session", post(selections, "invented", selection.CreateSelection{Slug: "another", Rulebook: h.Rules}),
			http.StatusUnauthorized, "session_invalid"),
	}
}

func (h *harness) badEntries(t *testing.T, organizer, juror string) []bad {
	t.Helper()
	taken, err := h.Organizer().Entries(t.Context(), slug)
	if err != nil || len(taken) == 0 {
		t.Fatalf("%d entries, %v", len(taken), err)
	}
	photo := of("/entries/" + taken[0].ID + "/photo")
	good := map[string]any{"name": "陈可信", "employer": "第一营业部", "region": "兰州", "deeds": "风雨无阻。"}
	entry := func(name, field string, value any) bad {
		e := map[string]any{field: value}
		for k, v := range good {
			if k != field {
				e[k] = v
			}
		}
		return mistake(name, post(of("/entries"), organizer, e), http.StatusUnprocessableEntity, "entry_invalid", field)
	}
	return []bad{
		entry("no name", "name", "　"),
		entry("formula", "name", `=HYPERLINK("x")`),
		entry("years", "years", 200),
		entry("gender", "gender", "x"),
		mistake("not a picture", put(photo, organizer, []byte("MZ this is a program")), http.StatusUnprocessableEntity, "photo_invalid", "body"),
		mistake("large picture", put(photo, organizer, make([]byte, 10<<20+1)), http.StatusRequestEntityTooLarge, "body_too_large", "body"),
		mistake("not a table", post(of("/entries/import"), organizer, []byte{0, 1, 2, 3}), http.StatusUnprocessableEntity, "import_invalid", "header"),
		mistake("juror imports", post(of("/entries/import"), juror, h.Input.Entries), http.StatusForbidden, "role_missing"),
		mistake("slug taken", post("/api/v1/selections", organizer, selection.CreateSelection{Slug: slug, Rulebook: h.Rules}), http.StatusConflict, "slug_taken"),
		mistake("no reason", post(of("/phases/nomination/close"), organizer, map[string]string{"reason": " "}),
			http.StatusUnprocessableEntity, "selection_invalid", "reason"),
		mistake("unknown phase", post(of("/phases/party/open"), organizer, reason()), http.StatusNotFound, "phase_unknown"),
	}
}

// badImport imports the example's spreadsheet of mistakes; its README lists each.
func (h *harness) badImport(t *testing.T, organizer string) bad {
	t.Helper()
	const courier = "courier"
	rules, err := os.ReadFile(example + "rulebook.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(example + "entries-bad.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Organizer().CreateSelection(t.Context(), courier, string(rules)); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Organizer().ChangePhase(t.Context(), courier, rulebook.PhaseNomination, event.Open, "征集"); err != nil {
		t.Fatal(err)
	}
	path := "/api/v1/selections/" + courier + "/entries/import"
	readme, err := os.ReadFile(example + "README.md")
	if err != nil {
		t.Fatal(err)
	}
	a := h.ask(t, post(path, organizer, file))
	mistakes := regexp.MustCompile(`(?m)^\| (\d+) \| (\S+|the whole row) \|`).FindAllStringSubmatch(string(readme), -1)
	if len(mistakes) < 10 || len(mistakes) != len(a.Errors) {
		t.Errorf("the README lists %d mistakes, %d are found", len(mistakes), len(a.Errors))
	}
	for _, m := range mistakes {
		line, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(a.Errors, func(e fieldError) bool { return e.Line == line && (e.Field == m[2] || m[2] == "the whole row") }) {
			t.Errorf("row %d, %s is not named: %s", line, m[2], a.body)
		}
	}
	return mistake("rows", post(path, organizer, file), http.StatusUnprocessableEntity, "import_invalid", "姓名", "照片")
}

// badBallots are cast while voting is open.
func (h *harness) badBallots(t *testing.T) {
	t.Helper()
	struck, err := h.Organizer().Strike(t.Context(), slug, h.Candidates[entries-1].Number, "本人退出")
	if err != nil {
		t.Fatal(err)
	}
	h.Candidates = h.Candidates[:entries-1]
	voter := h.voter(t)
	counted, err := h.API.Bearer(slug, voter).CastWith(t.Context(), "first", []int{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	again, err := h.API.Bearer(slug, voter).CastWith(t.Context(), "first", []int{2, 1})
	if err != nil || again != counted {
		t.Errorf("a retry of the same ballot: %+v, %v, want %+v", again, err, counted)
	}
	picks := func(name string, picks any, fields ...string) bad {
		return mistake(name, post(of("/ballots"), h.voter(t), map[string]any{"picks": picks}), http.StatusUnprocessableEntity, "ballot_invalid", fields...)
	}
	refusedCredential := func(name, credential, code string, status int) bad {
		return mistake(name, h.cast(credential, 1, 2), status, code, "Authorization")
	}
	key := h.key(t)
	sign := func(slug string, expires time.Duration) string {
		return key.Sign(credential.Voter{Slug: slug, Way: "device", ID: [16]byte{1}, Expires: time.Now().Add(expires)})
	}
	h.refused(t, "ballot",
		picks("too many", []int{1, 2, 3, 4, 5, 6}, "picks"),
		picks("too few", []int{1}, "picks"),
		picks("none", []int{}, "picks"),
		picks("repeated", []int{1, 2, 1}, "picks[2]"),
		picks("unknown", []int{1, 999}, "picks[1]"),
		picks("withdrawn", []int{struck.Number, 1}, "picks[0]"),
		picks("no numbers", []string{"1", "2"}, "picks[0]"),
		mistake("unknown member", post(of("/ballots"), h.voter(t), map[string]any{"picks": []int{1, 2}, "weight": 9}),
			http.StatusUnprocessableEntity, "ballot_invalid", "weight"),
		mistake("not JSON", post(of("/ballots"), h.voter(t), []byte(`{"picks": [1, 2`)).with("Content-Type", "application/json"),
			http.StatusBadRequest, "ballot_malformed", "body"),
		mistake("too large", h.cast(h.voter(t), make([]int, 100_000)...), http.StatusRequestEntityTooLarge, "body_too_large", "body"),
		mistake("media type", post(of("/ballots"), h.voter(t), []byte("1,2")), http.StatusUnsupportedMediaType, "media_type", "Content-Type"),
		mistake("long key", h.cast(h.voter(t), 1, 2).with("Idempotency-Key", strings.Repeat("k", 200)),
			http.StatusUnprocessableEntity, "ballot_invalid", "Idempotency-Key"),
		mistake("key reused", h.cast(voter, 1, 3).with("Idempotency-Key", "first"), http.StatusUnprocessableEntity, "idempotency_key_reused", "Idempotency-Key"),
		bad{
			name: "second", request: h.cast(voter, 1, 3), status: http.StatusConflict, code: "ballot_duplicate",
			params: map[string]string{"first": counted.At.Format(time.RFC3339Nano)},
		},
		refusedCredential("no credential", "", "credential_missing", http.StatusUnauthorized),
		refusedCredential("forged credential", forge(h.voter(t)), "credential_invalid", http.StatusUnauthorized),
		refusedCredential("expired credential", sign(slug, -time.Second), "credential_expired", http.StatusUnauthorized),
		refusedCredential("foreign credential", sign("courier", time.Hour), "credential_foreign", http.StatusForbidden),
		mistake("way", post(of("/voters"), "", map[string]string{"way": "birth"}), http.StatusUnprocessableEntity, "account_invalid", "way"),
	)
}

// badSheets are a juror's.
func (h *harness) badSheets(t *testing.T, organizer, juror string) {
	t.Helper()
	var jurors []string
	for _, m := range h.Input.Staff {
		if m.Role == identity.Juror {
			jurors = append(jurors, m.Email)
		}
	}
	h.run(t, func(ctx context.Context) error {
		_, err := h.Organizer().SeatPanel(ctx, slug, "experts", jurors)
		return err
	}, func(ctx context.Context) error { return h.Open(ctx, rulebook.PhaseReview) })

	path := func(candidate int) string { return of(fmt.Sprintf("/panels/experts/sheets/%d", candidate)) }
	sheet := func(deeds, service, skill string) gateway.SaveSheet {
		return gateway.SaveSheet{Scores: map[string]string{"deeds": deeds, "service": service, "skill": skill}, Submit: true}
	}
	scored := func(name string, s gateway.SaveSheet, fields ...string) bad {
		return mistake(name, put(path(1), juror, s), http.StatusUnprocessableEntity, "review_invalid", fields...)
	}
	looks := sheet("80", "80", "80")
	looks.Scores["looks"] = "99"
	struck := entries
	h.refused(t, "sheet",
		scored("off the scale", sheet("100.5", "-1", "80"), "scores.deeds", "scores.service"),
		scored("off the step", sheet("80", "80.3", "80"), "scores.service"),
		scored("no number", sheet("80", "80", "good"), "scores.skill"),
		scored("missing", gateway.SaveSheet{Scores: map[string]string{"deeds": "80"}, Submit: true}, "scores.service", "scores.skill"),
		scored("unknown criterion", looks, "scores.looks"),
		mistake("not assigned", put(path(struck), juror, sheet("80", "80", "80")), http.StatusForbidden, "candidate_not_assigned"),
		mistake("unknown candidate", put(path(99), juror, sheet("80", "80", "80")), http.StatusForbidden, "candidate_not_assigned"),
		mistake("not a juror", put(path(1), organizer, sheet("80", "80", "80")), http.StatusForbidden, "role_missing"),
		mistake("close with gaps", post(of("/phases/review/close"), organizer, reason()), http.StatusConflict, "phase_incomplete", "review"),
	)
	h.run(t, h.Score)
	h.refused(t, "sheet after closing",
		bad{
			name: "sheet", request: put(path(1), juror, sheet("80", "80", "80")), status: http.StatusConflict, code: "phase_not_open",
			params: map[string]string{"phase": "review"},
		},
		mistake("published early", post(of("/publication"), organizer, reason()), http.StatusConflict, "phase_out_of_order", "phase", "phase"),
		mistake("notice early", post(of("/phases/notice/open"), organizer, reason()), http.StatusConflict, "phase_out_of_order", "phase"),
	)
}

// outsideHours votes in a selection whose voting hours are at another time of
// the day.
func (h *harness) outsideHours(t *testing.T) {
	t.Helper()
	rules, zone := h.Rules, time.FixedZone("Asia/Shanghai", 8*60*60)
	hours := "01:00-03:00"
	if time.Now().In(zone).Hour() < 12 {
		hours = "20:00-22:00"
	}
	rules = strings.Replace(rules, "frequency: once", "frequency: once\n  hours: \""+hours+"\"", 1)
	night := *h
	night.Script = smallScript(t, h.API)
	night.Slug, night.Rules = "night", rules
	night.run(t, night.Create, night.Nominate, night.Vet, func(ctx context.Context) error { return night.Open(ctx, rulebook.PhaseVoting) })
	voter := h.ask(t, post("/api/v1/selections/night/voters", "", map[string]string{"way": "device"}))
	var c identity.Credential
	if err := json.Unmarshal(voter.body, &c); err != nil {
		t.Fatal(err)
	}
	h.refused(t, "hours", bad{
		name: "ballot", request: post("/api/v1/selections/night/ballots", c.Credential, map[string][]int{"picks": {1, 2}}),
		status: http.StatusConflict, code: "outside_voting_hours", params: map[string]string{"hours": hours, "timezone": "Asia/Shanghai"},
	})
}

// cast is a ballot.
func (h *harness) cast(credential string, picks ...int) request {
	return post(of("/ballots"), credential, map[string][]int{"picks": picks})
}

// key is what the installation signs credentials with.
func (h *harness) key(t *testing.T) credential.Key {
	t.Helper()
	key, err := config.Server{}.Key(filepath.Join(h.Dir, "keys", "credential"), "credential")
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// forge exchanges a character in the middle of a credential.
func forge(credential string) string {
	i := len(credential) / 2
	c := byte('A')
	if credential[i] == c {
		c = 'B'
	}
	return credential[:i] + string(c) + credential[i+1:]
}
