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
	"github.com/laurel-awards/laurel/services/gateway/client"
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
		bad{name: "ballot", request: h.cast(h.voter(t), 1, 2), status: http.StatusConflict, code: "voting_not_open"},
		bad{
			name: "phase", request: post(of("/phases/voting/open"), organizer, reason()), status: http.StatusConflict, code: "phase_out_of_order",
			fields: []string{"phase"}, params: map[string]string{"phase": "voting", "blocked_by": "nomination,vetting"},
		})
	h.run(t, h.Vet, func(ctx context.Context) error { return h.Open(ctx, rulebook.PhaseVoting) })
	h.badBallots(t)
	h.run(t, func(ctx context.Context) error { return h.Close(ctx, rulebook.PhaseVoting) })
	h.refused(t, "after closing",
		bad{name: "ballot", request: h.cast(h.voter(t), 1, 2), status: http.StatusConflict, code: "voting_closed"},
		bad{name: "reopening", request: post(of("/phases/voting/open"), organizer, reason()), status: http.StatusConflict, code: "phase_out_of_order", fields: []string{"phase"}})

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
		{name: "unknown route", request: request{method: http.MethodGet, path: "/api/v1/nothing"}, status: http.StatusNotFound, code: "route_unknown"},
		{name: "unknown method", request: request{method: http.MethodPut, path: selections}, status: http.StatusMethodNotAllowed, code: "method_not_allowed", allow: "OPTIONS, GET, POST"},
		{name: "unknown selection", request: request{method: http.MethodGet, path: selections + "/nowhere"}, status: http.StatusNotFound, code: "selection_unknown"},
		{name: "unknown member", request: post(selections, organizer, map[string]any{"slug": "another", "rulebook": h.Rules, "votes": 7}), status: http.StatusUnprocessableEntity, code: "input_invalid", fields: []string{"votes"}},
		{name: "missing member", request: post(selections, organizer, map[string]any{"slug": "another"}), status: http.StatusUnprocessableEntity, code: "input_invalid", fields: []string{"rulebook"}},
		{name: "not JSON", request: post(selections, organizer, []byte("{")).with("Content-Type", "application/json"), status: http.StatusBadRequest, code: "request_malformed", fields: []string{"body"}},
		{name: "media type", request: post(selections, organizer, []byte("a=b")).with("Content-Type", "application/x-www-form-urlencoded"), status: http.StatusUnsupportedMediaType, code: "media_type", fields: []string{"Content-Type"}},
		{name: "too large", request: post(selections, organizer, selection.CreateSelection{Slug: "another", Rulebook: strings.Repeat("#", 600<<10)}), status: http.StatusRequestEntityTooLarge, code: "body_too_large", fields: []string{"body"}},
		{name: "nobody", request: post(selections, "", selection.CreateSelection{Slug: "another", Rulebook: h.Rules}), status: http.StatusUnauthorized, code: "session_missing"},
		{name: "invented session", request: post(selections, "invented", selection.CreateSelection{Slug: "another", Rulebook: h.Rules}), status: http.StatusUnauthorized, code: "session_invalid"},
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
		return bad{name: name, request: post(of("/entries"), organizer, e), status: http.StatusUnprocessableEntity, code: "entry_invalid", fields: []string{field}}
	}
	return []bad{
		entry("no name", "name", "　"),
		entry("formula", "name", `=HYPERLINK("x")`),
		entry("years", "years", 200),
		entry("gender", "gender", "x"),
		{name: "not a picture", request: put(photo, organizer, []byte("MZ this is a program")), status: http.StatusUnprocessableEntity, code: "photo_invalid", fields: []string{"body"}},
		{name: "large picture", request: put(photo, organizer, make([]byte, 10<<20+1)), status: http.StatusRequestEntityTooLarge, code: "body_too_large", fields: []string{"body"}},
		{name: "not a table", request: post(of("/entries/import"), organizer, []byte{0, 1, 2, 3}), status: http.StatusUnprocessableEntity, code: "import_invalid", fields: []string{"header"}},
		{name: "juror imports", request: post(of("/entries/import"), juror, h.Input.Entries), status: http.StatusForbidden, code: "role_missing"},
		{name: "slug taken", request: post("/api/v1/selections", organizer, selection.CreateSelection{Slug: slug, Rulebook: h.Rules}), status: http.StatusConflict, code: "slug_taken"},
		{name: "no reason", request: post(of("/phases/nomination/close"), organizer, map[string]string{"reason": " "}), status: http.StatusUnprocessableEntity, code: "selection_invalid", fields: []string{"reason"}},
		{name: "unknown phase", request: post(of("/phases/party/open"), organizer, reason()), status: http.StatusNotFound, code: "phase_unknown"},
	}
}

// badImport imports the example's spreadsheet of mistakes, of which its README
// lists each.
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
	return bad{name: "rows", request: post(path, organizer, file), status: http.StatusUnprocessableEntity, code: "import_invalid", fields: []string{"姓名", "照片"}}
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
		return bad{name: name, request: post(of("/ballots"), h.voter(t), map[string]any{"picks": picks}), status: http.StatusUnprocessableEntity, code: "ballot_invalid", fields: fields}
	}
	refusedCredential := func(name, credential, code string, status int) bad {
		return bad{name: name, request: h.cast(credential, 1, 2), status: status, code: code, fields: []string{"Authorization"}}
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
		bad{name: "unknown member", request: post(of("/ballots"), h.voter(t), map[string]any{"picks": []int{1, 2}, "weight": 9}), status: http.StatusUnprocessableEntity, code: "ballot_invalid", fields: []string{"weight"}},
		bad{name: "not JSON", request: post(of("/ballots"), h.voter(t), []byte(`{"picks": [1, 2`)).with("Content-Type", "application/json"), status: http.StatusBadRequest, code: "ballot_malformed", fields: []string{"body"}},
		bad{name: "too large", request: h.cast(h.voter(t), make([]int, 100_000)...), status: http.StatusRequestEntityTooLarge, code: "body_too_large", fields: []string{"body"}},
		bad{name: "media type", request: post(of("/ballots"), h.voter(t), []byte("1,2")), status: http.StatusUnsupportedMediaType, code: "media_type", fields: []string{"Content-Type"}},
		bad{name: "long key", request: h.cast(h.voter(t), 1, 2).with("Idempotency-Key", strings.Repeat("k", 200)), status: http.StatusUnprocessableEntity, code: "ballot_invalid", fields: []string{"Idempotency-Key"}},
		bad{name: "key reused", request: h.cast(voter, 1, 3).with("Idempotency-Key", "first"), status: http.StatusUnprocessableEntity, code: "idempotency_key_reused", fields: []string{"Idempotency-Key"}},
		bad{name: "second", request: h.cast(voter, 1, 3), status: http.StatusConflict, code: "ballot_duplicate", params: map[string]string{"first": counted.At.Format(time.RFC3339Nano)}},
		refusedCredential("no credential", "", "credential_missing", http.StatusUnauthorized),
		refusedCredential("forged credential", forge(h.voter(t)), "credential_invalid", http.StatusUnauthorized),
		refusedCredential("expired credential", sign(slug, -time.Second), "credential_expired", http.StatusUnauthorized),
		refusedCredential("foreign credential", sign("courier", time.Hour), "credential_foreign", http.StatusForbidden),
		bad{name: "way", request: post(of("/voters"), "", map[string]string{"way": "birth"}), status: http.StatusUnprocessableEntity, code: "account_invalid", fields: []string{"way"}},
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
	sheet := func(deeds, service, skill string) client.Sheet {
		return client.Sheet{Scores: map[string]string{"deeds": deeds, "service": service, "skill": skill}, Submit: true}
	}
	scored := func(name string, s client.Sheet, fields ...string) bad {
		return bad{name: name, request: put(path(1), juror, s), status: http.StatusUnprocessableEntity, code: "review_invalid", fields: fields}
	}
	struck := entries
	h.refused(t, "sheet",
		scored("off the scale", sheet("100.5", "-1", "80"), "scores.deeds", "scores.service"),
		scored("off the step", sheet("80", "80.3", "80"), "scores.service"),
		scored("no number", sheet("80", "80", "good"), "scores.skill"),
		scored("missing", client.Sheet{Scores: map[string]string{"deeds": "80"}, Submit: true}, "scores.service", "scores.skill"),
		scored("unknown criterion", client.Sheet{Scores: map[string]string{"deeds": "80", "service": "80", "skill": "80", "looks": "99"}, Submit: true}, "scores.looks"),
		bad{name: "not assigned", request: put(path(struck), juror, sheet("80", "80", "80")), status: http.StatusForbidden, code: "candidate_not_assigned"},
		bad{name: "unknown candidate", request: put(path(99), juror, sheet("80", "80", "80")), status: http.StatusForbidden, code: "candidate_not_assigned"},
		bad{name: "not a juror", request: put(path(1), organizer, sheet("80", "80", "80")), status: http.StatusForbidden, code: "role_missing"},
		bad{name: "close with gaps", request: post(of("/phases/review/close"), organizer, reason()), status: http.StatusConflict, code: "phase_incomplete", fields: []string{"review"}},
	)
	h.run(t, h.Score)
	h.refused(t, "sheet after closing",
		bad{name: "sheet", request: put(path(1), juror, sheet("80", "80", "80")), status: http.StatusConflict, code: "phase_not_open", params: map[string]string{"phase": "review"}},
		bad{name: "published early", request: post(of("/publication"), organizer, reason()), status: http.StatusConflict, code: "phase_out_of_order", fields: []string{"phase"}},
		bad{name: "notice early", request: post(of("/phases/notice/open"), organizer, reason()), status: http.StatusConflict, code: "phase_out_of_order", fields: []string{"phase"}},
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
