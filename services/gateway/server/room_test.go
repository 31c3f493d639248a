package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/run"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/review"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

// scripted are all rooms as a test writes them: script has what verbs answer,
// by "room/verb"; every other one answers with the zero value. Identity alone
// is whole.
func (h *house) scripted(script map[string]bus.Endpoint) map[string][]bus.Endpoint {
	rooms := map[string][]bus.Endpoint{
		identity.Name:   identity.Endpoints(h.identity),
		selection.Name:  quiet(selection.Endpoints(struct{ selection.Service }{})),
		nomination.Name: quiet(nomination.Endpoints(struct{ nomination.Service }{})),
		review.Name:     quiet(review.Endpoints(struct{ review.Service }{})),
		voting.Name:     quiet(voting.Endpoints(struct{ voting.Service }{})),
	}
	for name, endpoints := range rooms {
		endpoints = append(endpoints, quiet([]bus.Endpoint{{Name: run.ReportDeliveries}, {Name: run.ListAudit}})...)
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
	return selection.Selection{Slug: here, Rulebook: json.RawMessage(canonical), RulebookHash: rb.Hash(), FrozenAt: &at}
}

// example is a request that a route takes.
type example struct {
	method, path string
	query        string // added to the path
	body         string
	may          string // the accounts that may, separated by spaces; "" for a public route
}

// examples has one for each route of the document: a new route must be entered
// here, with who may.
func examples() map[string]example {
	const (
		reason = `{"reason":"as the meeting of 4 May resolved"}`
		role   = `{"email":"new@example.org","role":"juror","scope":"experts"}`
		form   = `{"name":"马晓燕","employer":"陇运快递","region":"兰州市","deeds":"…"}`
	)
	all := map[string]example{}
	for route, e := range map[string]example{
		"POST /accounts":                                                   {body: `{"email":"new@example.org","name":"新","password":"long enough"}`, may: "owner organizer elsewhere"},
		"GET /accounts/me":                                                 {may: "owner organizer elsewhere vetter taxman juror layman member auditor nobody"},
		"POST /sessions":                                                   {body: `{"email":"organizer@example.org","password":"correct horse"}`},
		"DELETE /sessions/current":                                         {may: "owner organizer elsewhere vetter taxman juror layman member auditor nobody"},
		"GET /selections":                                                  {},
		"POST /selections":                                                 {body: `{"slug":"new-one","rulebook":"laurel: 1"}`, may: "owner"},
		"GET /selections/{slug}":                                           {},
		"GET /selections/{slug}/rulebook":                                  {},
		"GET /selections/{slug}/staff":                                     {may: "owner organizer auditor"},
		"PUT /selections/{slug}/staff":                                     {body: role, may: "owner organizer"},
		"DELETE /selections/{slug}/staff":                                  {body: role, may: "owner organizer"},
		"GET /selections/{slug}/audit":                                     {may: "owner organizer auditor"},
		"GET /selections/{slug}/deliveries":                                {may: "owner organizer auditor"},
		"GET /selections/{slug}/check":                                     {may: "owner organizer auditor"},
		"POST /selections/{slug}/phases/{phase}/open":                      {body: reason, may: "owner organizer"},
		"POST /selections/{slug}/phases/{phase}/close":                     {body: reason, may: "owner organizer"},
		"POST /selections/{slug}/publication":                              {body: reason, may: "owner organizer"},
		"GET /selections/{slug}/result":                                    {may: "owner organizer member auditor"},
		"GET /selections/{slug}/results":                                   {},
		"GET /selections/{slug}/exports/{what}":                            {may: "owner organizer auditor"},
		"POST /selections/{slug}/entries":                                  {body: form},
		"POST /selections/{slug}/entries/import":                           {body: "姓名\n马晓燕\n", may: "owner organizer"},
		"GET /selections/{slug}/entries":                                   {may: "owner organizer vetter taxman auditor"},
		"GET /selections/{slug}/entries/{entry}":                           {may: "owner organizer vetter taxman auditor"},
		"PUT /selections/{slug}/entries/{entry}/photo":                     {body: "\xff\xd8\xff", may: "owner organizer"},
		"POST /selections/{slug}/entries/{entry}/opinions":                 {body: `{"department":"hr","verdict":"pass"}`, may: "vetter"},
		"POST /selections/{slug}/entries/{entry}/withdraw":                 {body: reason, may: "owner organizer"},
		"GET /selections/{slug}/vetting":                                   {may: "owner organizer vetter taxman auditor"},
		"POST /selections/{slug}/roster/import":                            {body: "member\n0017\n", may: "owner organizer"},
		"GET /selections/{slug}/roster":                                    {may: "owner organizer auditor"},
		"POST /selections/{slug}/roster/codes":                             {body: `{"format":"html"}`, may: "owner organizer"},
		"POST /selections/{slug}/roster/codes/replace":                     {body: `{"member":"0017","reason":"lost"}`, may: "owner organizer"},
		"GET /selections/{slug}/candidates":                                {},
		"GET /selections/{slug}/candidates/{number}":                       {},
		"POST /selections/{slug}/candidates/{number}/strike":               {body: reason, may: "owner organizer"},
		"POST /selections/{slug}/voters":                                   {body: `{"way":"device"}`},
		"POST /selections/{slug}/ballots":                                  {body: `{"picks":[7]}`},
		"GET /selections/{slug}/log/checkpoint":                            {},
		"GET /selections/{slug}/log/key":                                   {},
		"GET /selections/{slug}/log/consistency":                           {query: "?from=1&to=2"},
		"GET /selections/{slug}/statement":                                 {},
		"GET /selections/{slug}/log/leaves":                                {},
		"GET /selections/{slug}/log/tile/{level}/{n1}":                     {},
		"GET /selections/{slug}/log/tile/{level}/{n1}/{n2}":                {},
		"GET /selections/{slug}/log/tile/{level}/{n1}/{n2}/{n3}":           {},
		"GET /selections/{slug}/log/tile/{level}/{n1}/{n2}/{n3}/{n4}":      {},
		"GET /selections/{slug}/live":                                      {},
		"GET /selections/{slug}/tally":                                     {},
		"GET /selections/{slug}/receipts/{receipt}":                        {},
		"PUT /selections/{slug}/panels/{panel}":                            {body: `{"jurors":["a@example.org"]}`, may: "owner organizer"},
		"GET /selections/{slug}/panels/{panel}":                            {may: "owner organizer auditor"},
		"GET /selections/{slug}/panels/{panel}/sheets":                     {may: "juror"},
		"PUT /selections/{slug}/panels/{panel}/sheets/{candidate}":         {body: `{"scores":{"deeds":"95.5"},"submit":true}`, may: "juror"},
		"POST /selections/{slug}/panels/{panel}/recusals":                  {body: `{"juror":"juror@example.org","candidate":7,"reason":"kin"}`, may: "owner organizer"},
		"PUT /selections/{slug}/panels/{panel}/assignments":                {body: `{"juror":"juror@example.org","candidates":[7]}`, may: "owner organizer"},
		"POST /selections/{slug}/panels/{panel}/departures":                {body: `{"juror":"juror@example.org","sheets":"keep","reason":"ill"}`, may: "owner organizer"},
		"POST /selections/{slug}/panels/{panel}/further":                   {body: `{"juror":{"email":"juror@example.org"},"candidate":7,"reason":"far apart"}`, may: "owner organizer"},
		"GET /selections/{slug}/panels/{panel}/oversight":                  {may: "owner organizer auditor"},
		"GET /selections/{slug}/panels/{panel}/sheets/{candidate}/peers":   {may: "juror"},
		"GET /selections/{slug}/panels/{panel}/sheets/{candidate}/history": {may: "juror"},
		"GET /selections/{slug}/panels/{panel}/history/{candidate}":        {may: "owner organizer auditor"},
		"POST /selections/{slug}/panels/{panel}/sheets/{candidate}/return": {body: `{"juror":"juror@example.org","reason":"look again"}`, may: "owner organizer"},
		"GET /selections/{slug}/panels/{panel}/conflicts":                  {may: "owner organizer auditor"},
		"POST /selections/{slug}/panels/{panel}/conflicts":                 {body: `{"candidate":"K-482","reason":"kin"}`, may: "juror"},
		"PUT /selections/{slug}/panels/{panel}/conflicts":                  {body: `{"juror":"juror@example.org","candidate":7,"conflicted":true,"reason":"kin"}`, may: "owner organizer"},
		"PUT /selections/{slug}/lot":                                       {body: `{"value":"12345","reason":"drawn on 4 May"}`, may: "owner organizer"},
		"GET /selections/{slug}/lot":                                       {may: "owner organizer member auditor"},
		"PUT /selections/{slug}/decision/committee":                        {body: `{"members":["a@example.org"]}`, may: "owner organizer"},
		"POST /selections/{slug}/decision/motion":                          {body: `{"motion":"that the result stand"}`, may: "owner organizer"},
		"POST /selections/{slug}/decision/votes":                           {body: `{"choice":"for"}`, may: "member"},
		"POST /selections/{slug}/decision/close":                           {may: "owner organizer"},
		"GET /selections/{slug}/decision":                                  {may: "owner organizer member auditor"},
	} {
		fill := strings.NewReplacer("{slug}", here, "{phase}", "voting", "{what}", "candidates", "{number}", "7", "{candidate}", "7",
			"{panel}", "experts", "{level}", "0", "{n1}", "x001", "{n2}", "x234", "{n3}", "067.p", "{n4}", "17", "{receipt}", "A7K2", "{entry}", "0192f0c1-2345-7abc-8def-0123456789ab")
		method, path, _ := strings.Cut(route, " ")
		e.method, e.path = method, "/api/v1"+fill.Replace(path)+e.query
		all[method+" /api/v1"+path] = e
	}
	return all
}

// accounts are one of each kind; a session's token is the email.
func (h *house) accounts() map[string]string {
	grants := map[string]identity.Grant{
		"owner":     {Slug: identity.AnySelection, Role: identity.Organizer},
		"organizer": {Slug: here, Role: identity.Organizer},
		"elsewhere": {Slug: "another-selection", Role: identity.Organizer},
		"vetter":    {Slug: here, Role: identity.Vetter, Scope: "hr"},
		"taxman":    {Slug: here, Role: identity.Vetter, Scope: "tax"},
		"juror":     {Slug: here, Role: identity.Juror, Scope: "experts"},
		"layman":    {Slug: here, Role: identity.Juror, Scope: "laymen"},
		"member":    {Slug: here, Role: identity.Committee},
		"auditor":   {Slug: here, Role: identity.Auditor},
	}
	tokens := map[string]string{"nobody": "nobody@example.org"}
	h.identity.mu.Lock()
	defer h.identity.mu.Unlock()
	for name, g := range grants {
		tokens[name] = "the-" + name + "@example.org"
		h.identity.grants[tokens[name]] = []identity.Grant{g}
	}
	return tokens
}
