package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

// scripted are all rooms as a test writes them: script has what verbs answer,
// by "room/verb"; every other one answers with the zero value. Identity alone
// is whole.
func (h *installation) scripted(script map[string]bus.Endpoint) map[string][]bus.Endpoint {
	rooms := map[string][]bus.Endpoint{
		identity.Name:   identity.Endpoints(h.identity),
		selection.Name:  quiet(selection.Endpoints(struct{ selection.Service }{})),
		nomination.Name: quiet(nomination.Endpoints(struct{ nomination.Service }{})),
		review.Name:     quiet(review.Endpoints(struct{ review.Service }{})),
		voting.Name:     quiet(voting.Endpoints(struct{ voting.Service }{})),
	}
	for name, endpoints := range rooms {
		for _, verb := range []string{run.ReportDeliveries, run.ListAudit, run.CheckAudit, run.GetJob, run.ListErasures} {
			endpoints = append(endpoints, quiet([]bus.Endpoint{{Name: verb}})...)
		}
		for i, e := range endpoints {
			if s, ok := script[name+"/"+e.Name]; ok {
				endpoints[i].Handle = s.Handle
			}
		}
		rooms[name] = endpoints
	}
	return rooms
}

func quiet(endpoints []bus.Endpoint) []bus.Endpoint {
	for i := range endpoints {
		endpoints[i].Handle = func(context.Context, []byte) (any, error) { return nil, nil }
	}
	return endpoints
}

// says is a verb that always answers the same.
func says(answer any, err error) bus.Endpoint {
	return bus.Endpoint{Handle: func(context.Context, []byte) (any, error) { return answer, err }}
}

// does is a verb of the test's own.
func does[In, Out any](fn func(In) (Out, error)) bus.Endpoint {
	return bus.Method("", func(_ context.Context, in In) (Out, error) { return fn(in) })
}

// frozen is a selection with a whole rulebook, which takes the ways device and
// roster.
func frozen(t *testing.T) selection.Selection {
	t.Helper()
	return takes(t, "voters: [device, roster]")
}

// takes is a selection whose rulebook says this of voters.
func takes(t *testing.T, voters string) selection.Selection {
	t.Helper()
	text, err := os.ReadFile("../../../pkg/rulebook/testdata/courier.yaml")
	if err != nil {
		t.Fatal(err)
	}
	rb, err := rulebook.Parse(bytes.Replace(text, []byte("voters: [device]"), []byte(voters), 1))
	if err != nil {
		t.Fatal(err)
	}
	canonical, err := rb.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	return selection.Selection{
		Slug: here, Title: rb.Title, Edition: rb.Edition, Timezone: rb.Timezone, Rulebook: json.RawMessage(canonical), RulebookHash: rb.Hash(), FrozenAt: &at,
		Phases: []selection.Phase{{Name: rulebook.PhaseVoting, State: selection.Opened}},
	}
}

// example is a request that a route takes.
type example struct {
	method, path string
	query        string // added to the path
	body         string
}

// examples has one for each route of the document: a new route must be entered
// here.
func examples() map[string]example {
	const (
		access   = `{"email":"new@example.org","reason":"has left"}`
		operator = `{"email":"new@example.org","role":"organizer"}`
		reason   = `{"reason":"as the meeting of 4 May resolved"}`
		role     = `{"email":"new@example.org","role":"juror","scope":"experts"}`
		form     = `{"name":"马晓燕","employer":"陇运快递","region":"兰州市","deeds":"…"}`
	)
	all := map[string]example{}
	for route, e := range map[string]example{
		"POST /accounts/claim":                                             {body: `{"token":"t0ken","name":"新","password":"four words of mine"}`},
		"POST /accounts/forgot":                                            {body: `{"email":"new@example.org"}`},
		"POST /accounts/disable":                                           {body: access},
		"POST /accounts/enable":                                            {body: access},
		"PUT /accounts/me/password":                                        {body: `{"present":"correct horse","password":"four words of mine"}`},
		"GET /accounts/me/sessions":                                        {},
		"DELETE /accounts/me/sessions":                                     {},
		"DELETE /accounts/me/sessions/{session}":                           {},
		"GET /selections/{slug}/people":                                    {},
		"POST /selections/{slug}/people":                                   {body: `{"role":"auditor","people":[{"name":"新","email":"n@example.org"}]}`},
		"POST /selections/{slug}/people/read":                              {body: "新 <new@example.org>"},
		"POST /setup":                                                      {body: `{"token":"t0ken","email":"new@example.org","password":"four words of mine"}`},
		"POST /sessions/second":                                            {body: `{"challenge":"ch4llenge","code":"123456"}`},
		"POST /sessions/passkey/begin":                                     {},
		"POST /sessions/passkey":                                           {body: `{"ceremony":"t0ken","passkey":{}}`},
		"GET /accounts/me/factors":                                         {},
		"POST /accounts/me/factors":                                        {body: `{"kind":"totp","present":"correct horse"}`},
		"POST /accounts/me/factors/finish":                                 {body: `{"ceremony":"t0ken","code":"123456"}`},
		"DELETE /accounts/me/factors/{factor}":                             {body: `{"present":"correct horse"}`},
		"POST /accounts/me/recovery-codes":                                 {body: `{"present":"correct horse"}`},
		"GET /staff":                                                       {},
		"PUT /staff":                                                       {body: operator},
		"DELETE /staff":                                                    {body: operator},
		"GET /accounts/me":                                                 {},
		"POST /sessions":                                                   {body: `{"email":"organizer@example.org","password":"correct horse"}`},
		"DELETE /sessions/current":                                         {},
		"GET /audit":                                                       {query: "?service=review"},
		"GET /audit/check":                                                 {},
		"GET /erasures":                                                    {},
		"GET /selections":                                                  {},
		"POST /selections":                                                 {body: `{"slug":"new-one","rulebook":"laurel: 1"}`},
		"GET /selections/{slug}":                                           {},
		"GET /selections/{slug}/rulebook":                                  {},
		"GET /selections/{slug}/rulebook/given":                            {},
		"GET /drafts":                                                      {},
		"POST /drafts":                                                     {body: `{"rulebook":"laurel: 1"}`},
		"GET /drafts/{draft}":                                              {},
		"PUT /drafts/{draft}":                                              {body: `{"rulebook":"laurel: 1","version":1}`},
		"DELETE /drafts/{draft}":                                           {body: `{"version":1}`},
		"POST /drafts/{draft}/selection":                                   {body: `{"version":1}`},
		"POST /rulebooks/check":                                            {body: `{"rulebook":"laurel: 1","changes":[{"do":"set","path":"edition","text":"2"}]}`},
		"GET /selections/{slug}/staff":                                     {},
		"PUT /selections/{slug}/staff":                                     {body: role},
		"DELETE /selections/{slug}/staff":                                  {body: role},
		"GET /selections/{slug}/audit":                                     {},
		"GET /selections/{slug}/deliveries":                                {},
		"GET /selections/{slug}/check":                                     {},
		"POST /selections/{slug}/check":                                    {},
		"DELETE /selections/{slug}/check":                                  {},
		"GET /selections/{slug}/erasures":                                  {},
		"GET /selections/{slug}/phases":                                    {},
		"GET /selections/{slug}/turnout":                                   {},
		"GET /selections/{slug}/gaps":                                      {},
		"POST /selections/{slug}/phases/{phase}/open":                      {body: reason},
		"POST /selections/{slug}/phases/{phase}/close":                     {body: reason},
		"POST /selections/{slug}/publication":                              {body: reason},
		"GET /selections/{slug}/publication":                               {},
		"GET /selections/{slug}/result":                                    {},
		"POST /selections/{slug}/result/try":                               {body: `{"weights":{"votes":"10%"},"without":[{"panel":"experts","juror":"J1"}]}`},
		"GET /selections/{slug}/result/sensitivity":                        {},
		"GET /selections/{slug}/results":                                   {},
		"GET /selections/{slug}/notice":                                    {},
		"POST /selections/{slug}/notice/objections":                        {body: `{"candidate":7,"text":"…","name":"李四","contact":"13800000000"}`},
		"POST /selections/{slug}/notice/objections/follow":                 {body: `{"code":"C0DE"}`},
		"GET /selections/{slug}/objections":                                {},
		"POST /selections/{slug}/objections":                               {body: `{"candidate":7,"text":"…","name":"李四","contact":"1","via":"letter"}`},
		"GET /selections/{slug}/objections/{objection}":                    {},
		"POST /selections/{slug}/objections/{objection}/notes":             {body: `{"kind":"hearing","text":"…"}`},
		"POST /selections/{slug}/objections/{objection}/exclude":           {body: `{"email":"new@example.org","reason":"named in it"}`},
		"POST /selections/{slug}/objections/{objection}/outcome":           {body: `{"outcome":"refused","reasons":"as found"}`},
		"GET /selections/{slug}/exports/{what}":                            {},
		"POST /selections/{slug}/entries":                                  {body: form},
		"POST /selections/{slug}/entries/import":                           {body: "姓名\n马晓燕\n"},
		"GET /selections/{slug}/entries":                                   {},
		"GET /selections/{slug}/entries/search":                            {query: "?q=%E9%A9%AC&sort=-name&photo=with"},
		"GET /selections/{slug}/entries/{entry}":                           {},
		"PUT /selections/{slug}/entries/{entry}":                           {body: strings.Replace(form, "{", `{"version":1,"reason":"as announced","key":"k",`, 1)},
		"GET /selections/{slug}/entries/{entry}/versions":                  {},
		"POST /selections/{slug}/entries/{entry}/restore":                  {},
		"PUT /selections/{slug}/entries/{entry}/photo":                     {body: "\xff\xd8\xff"},
		"POST /selections/{slug}/entries/{entry}/opinions":                 {body: `{"department":"hr","verdict":"pass"}`},
		"POST /selections/{slug}/entries/{entry}/withdraw":                 {body: reason},
		"GET /selections/{slug}/vetting":                                   {},
		"GET /selections/{slug}/vetting/seats":                             {},
		"POST /selections/{slug}/roster/import":                            {body: "member\n0017\n"},
		"GET /selections/{slug}/roster":                                    {},
		"POST /selections/{slug}/roster/codes":                             {body: `{"format":"html"}`},
		"POST /selections/{slug}/roster/codes/mail":                        {body: `{}`},
		"POST /selections/{slug}/roster/codes/replace":                     {body: `{"member":"0017","reason":"lost"}`},
		"GET /selections/{slug}/mail":                                      {query: "?state=dead&q=wang"},
		"GET /selections/{slug}/mail/{letter}":                             {},
		"POST /selections/{slug}/mail/change":                              {body: `{"do":"hold"}`},
		"GET /selections/{slug}/wordings/{wording}":                        {},
		"PUT /selections/{slug}/wordings/{wording}":                        {body: `{"subject":"s","zh":"{{.Link}}","version":4}`},
		"POST /selections/{slug}/wordings/{wording}/try":                   {body: `{"subject":"s","zh":"{{.Link}}"}`},
		"GET /selections/{slug}/bundle":                                    {},
		"GET /bundle-key":                                                  {},
		"GET /mail":                                                        {},
		"GET /mail/{letter}":                                               {},
		"POST /mail/change":                                                {body: `{"do":"retry"}`},
		"GET /selections/{slug}/candidates":                                {},
		"GET /selections/{slug}/candidates/{number}":                       {},
		"POST /selections/{slug}/candidates/{number}/strike":               {body: reason},
		"POST /selections/{slug}/voters":                                   {body: `{"way":"device"}`},
		"POST /selections/{slug}/ballots":                                  {body: `{"picks":[7]}`},
		"GET /selections/{slug}/log/checkpoint":                            {},
		"GET /selections/{slug}/log/key":                                   {},
		"GET /selections/{slug}/log/consistency":                           {query: "?from=1&to=2"},
		"POST /selections/{slug}/statement":                                {body: `{"receipt":"00000002V00C5VEV1AHMR0CKJC"}`},
		"GET /selections/{slug}/log/leaves":                                {},
		"GET /selections/{slug}/jobs/{service}/{job}":                      {},
		"GET /selections/{slug}/log/tile/{level}/{n1}":                     {},
		"GET /selections/{slug}/log/tile/{level}/{n1}/{n2}":                {},
		"GET /selections/{slug}/log/tile/{level}/{n1}/{n2}/{n3}":           {},
		"GET /selections/{slug}/log/tile/{level}/{n1}/{n2}/{n3}/{n4}":      {},
		"GET /selections/{slug}/live":                                      {},
		"GET /selections/{slug}/tally":                                     {},
		"GET /selections/{slug}/receipts/{receipt}":                        {},
		"PUT /selections/{slug}/panels/{panel}":                            {body: `{"jurors":["a@example.org"]}`},
		"GET /selections/{slug}/panels/{panel}":                            {},
		"GET /selections/{slug}/panels/{panel}/sheets":                     {},
		"PUT /selections/{slug}/panels/{panel}/sheets/{candidate}":         {body: `{"scores":{"deeds":"95.5"},"submit":true}`},
		"POST /selections/{slug}/panels/{panel}/recusals":                  {body: `{"juror":"juror@example.org","candidate":7,"reason":"kin"}`},
		"PUT /selections/{slug}/panels/{panel}/assignments":                {body: `{"juror":"juror@example.org","candidates":[7]}`},
		"POST /selections/{slug}/panels/{panel}/departures":                {body: `{"juror":"juror@example.org","sheets":"keep","reason":"ill"}`},
		"POST /selections/{slug}/panels/{panel}/further":                   {body: `{"juror":{"email":"juror@example.org"},"candidate":7,"reason":"far apart"}`},
		"GET /selections/{slug}/panels/{panel}/oversight":                  {},
		"GET /selections/{slug}/panels/{panel}/sheets/{candidate}/peers":   {},
		"GET /selections/{slug}/panels/{panel}/sheets/{candidate}/history": {},
		"GET /selections/{slug}/panels/{panel}/history/{candidate}":        {},
		"POST /selections/{slug}/panels/{panel}/sheets/{candidate}/return": {body: `{"juror":"juror@example.org","reason":"look again"}`},
		"GET /selections/{slug}/panels/{panel}/conflicts":                  {},
		"POST /selections/{slug}/panels/{panel}/conflicts":                 {body: `{"candidate":"K-482","reason":"kin"}`},
		"PUT /selections/{slug}/panels/{panel}/conflicts":                  {body: `{"juror":"juror@example.org","candidate":7,"conflicted":true,"reason":"kin"}`},
		"PUT /selections/{slug}/lot":                                       {body: `{"value":"12345","reason":"drawn on 4 May"}`},
		"GET /selections/{slug}/lot":                                       {},
		"POST /selections/{slug}/search":                                   {body: `{"budget":100000000000}`},
		"DELETE /selections/{slug}/search":                                 {},
		"GET /selections/{slug}/search":                                    {},
		"PUT /selections/{slug}/decision/committee":                        {body: `{"members":["a@example.org"]}`},
		"POST /selections/{slug}/decision/motion":                          {body: `{"motion":"that the result stand"}`},
		"POST /selections/{slug}/decision/votes":                           {body: `{"choice":"for"}`},
		"POST /selections/{slug}/decision/recusals":                        {body: `{"reason":"kin"}`},
		"POST /selections/{slug}/decision/close":                           {},
		"GET /selections/{slug}/decision":                                  {},
		"GET /selections/{slug}/decision/meeting":                          {},
		"GET /selections/{slug}/minutes":                                   {},
		"GET /selections/{slug}/decision/signatures":                       {},
		"POST /selections/{slug}/decision/signatures/begin":                {},
		"POST /selections/{slug}/decision/signatures":                      {body: `{"host":"union","result_hash":"9f86","present":"correct horse"}`},
		"POST /selections/{slug}/decision/signatures/refuse":               {body: `{"host":"union","result_hash":"9f86","reason":"against the rules"}`},

		"GET /selections/{slug}/departments/{department}/entries":            {},
		"GET /selections/{slug}/departments/{department}/entries/{entry}":    {},
		"POST /selections/{slug}/departments/{department}/opinions":          {body: `{"entries":["0192f0c1-2345-7abc-8def-0123456789ab"],"verdict":"pass"}`},
		"POST /selections/{slug}/departments/{department}/opinions/withdraw": {body: `{"entries":["0192f0c1-2345-7abc-8def-0123456789ab"]}`},
		"GET /selections/{slug}/panels/{panel}/sheets/{candidate}":           {},
		"POST /selections/{slug}/panels/{panel}/sheets/submit":               {body: `{"sheets":[{"candidate":"K-482","revision":1}]}`},
	} {
		fill := strings.NewReplacer("{slug}", here, "{objection}", "2", "{phase}", "voting", "{what}", "candidates", "{number}", "7", "{candidate}", "7",
			"{panel}", "experts", "{department}", "hr", "{level}", "0", "{n1}", "x001", "{n2}", "x234", "{n3}", "067.p", "{n4}", "17", "{receipt}", "A7K2",
			"{entry}", "0192f0c1-2345-7abc-8def-0123456789ab", "{session}", "0192f0c1-2345-7abc-8def-0123456789ac", "{factor}", "0192f0c1-2345-7abc-8def-0123456789ad",
			"{draft}", "0192f0c1-2345-7abc-8def-0123456789ad", "{letter}", aLetter, "{wording}", "invitation",
			"{service}", "voting", "{job}", "0192f0c1-2345-4abc-8def-0123456789ab")
		method, path, _ := strings.Cut(route, " ")
		e.method, e.path = method, "/api/v1"+fill.Replace(path)+e.query
		all[method+" /api/v1"+path] = e
	}
	return all
}

// person is an account of a test; the token of its session is the email.
type person struct {
	name, email string
	grant       identity.Grant
}

// people are one of each kind, here and in another selection.
func (h *installation) people() []person {
	const elsewhere = "another-selection"
	all := []person{
		{name: "owner", grant: identity.Grant{Slug: identity.AnySelection, Role: identity.Organizer}},
		{name: "inspector", grant: identity.Grant{Slug: identity.AnySelection, Role: identity.Auditor}},
		{name: "organizer", grant: identity.Grant{Slug: here, Role: identity.Organizer}},
		{name: "vetter", grant: identity.Grant{Slug: here, Role: identity.Vetter, Scope: "hr"}},
		{name: "taxman", grant: identity.Grant{Slug: here, Role: identity.Vetter, Scope: "tax"}},
		{name: "juror", grant: identity.Grant{Slug: here, Role: identity.Juror, Scope: "experts"}},
		{name: "layman", grant: identity.Grant{Slug: here, Role: identity.Juror, Scope: "laymen"}},
		{name: "member", grant: identity.Grant{Slug: here, Role: identity.Committee}},
		{name: "signer", grant: identity.Grant{Slug: here, Role: identity.Signer, Scope: "union"}},
		{name: "press", grant: identity.Grant{Slug: here, Role: identity.Signer, Scope: "daily"}},
		{name: "auditor", grant: identity.Grant{Slug: here, Role: identity.Auditor}},
		{name: "organizer elsewhere", grant: identity.Grant{Slug: elsewhere, Role: identity.Organizer}},
		{name: "vetter elsewhere", grant: identity.Grant{Slug: elsewhere, Role: identity.Vetter, Scope: "hr"}},
		{name: "juror elsewhere", grant: identity.Grant{Slug: elsewhere, Role: identity.Juror, Scope: "experts"}},
		{name: "member elsewhere", grant: identity.Grant{Slug: elsewhere, Role: identity.Committee}},
		{name: "signer elsewhere", grant: identity.Grant{Slug: elsewhere, Role: identity.Signer, Scope: "union"}},
		{name: "auditor elsewhere", grant: identity.Grant{Slug: elsewhere, Role: identity.Auditor}},
		{name: "nobody"},
	}
	h.identity.mu.Lock()
	defer h.identity.mu.Unlock()
	for i := range all {
		all[i].email = "the-" + strings.ReplaceAll(all[i].name, " ", "-") + "@example.org"
		if all[i].grant != (identity.Grant{}) {
			h.identity.grants[all[i].email] = []identity.Grant{all[i].grant}
		}
	}
	return all
}

// may tells whether a rule lets somebody do an act in the examples' selection,
// department and panel.
func (p person) may(r app.Rule) bool {
	if r.Who == app.SignedIn || r.Who == app.Holders {
		return true
	}
	if p.grant.Role == "" || !slices.Contains(r.Roles, p.grant.Role) {
		return false
	}
	inSelection := p.grant.Slug == here || p.grant.Slug == identity.AnySelection
	switch r.In {
	case app.Everywhere:
		return p.grant.Slug == identity.AnySelection
	case app.Department:
		return inSelection && p.grant.Scope == "hr"
	case app.Panel:
		return inSelection && p.grant.Scope == "experts"
	case app.Host:
		return inSelection && p.grant.Scope == "union"
	}
	return inSelection
}

// tokenFor is a token of somebody who may, "" where nobody needs one.
func (h *installation) tokenFor(r app.Rule, people []person) string {
	if r.Who == app.Voters {
		return h.voter("one voter", here, time.Hour)
	}
	if i := slices.IndexFunc(people, func(p person) bool { return r.ForStaff() && p.may(r) }); i >= 0 {
		return people[i].email
	}
	return ""
}
