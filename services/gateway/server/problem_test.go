package server_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestProblem(t *testing.T) {
	h := open(t)
	const huge, nobody = `99999999999999999999,"reason":"kin"}`, `"juror":"nobody@example.org"`
	const pin = `,"candidate":1,"conflicted":true,"reason":"kin"}`
	const successor = `{"juror":"a@example.org","successor":{"email":"nobody@example.org"},"sheets":"keep","reason":"ill"}`
	large := `{"slug":"x","rulebook":"` + strings.Repeat("x", 600<<10) + `"}`
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		code, fields       string
	}{
		"route":             {http.MethodGet, "/api/v1/nothing", "", 404, "route_unknown", ""},
		"route under slug":  {http.MethodGet, "/api/v1/selections/" + here + "/nothing", "", 404, "route_unknown", ""},
		"method":            {http.MethodDelete, "/api/v1/selections", "", 405, "method_not_allowed", ""},
		"method of casting": {http.MethodGet, "/api/v1/selections/" + here + "/ballots", "", 405, "method_not_allowed", ""},
		"selection":         {http.MethodGet, "/api/v1/selections/" + nowhere, "", 404, "selection_unknown", ""},
		"selection, staff":  {http.MethodGet, "/api/v1/selections/" + nowhere + "/entries", "", 404, "selection_unknown", ""},
		"selection, audit":  {http.MethodGet, "/api/v1/selections/" + nowhere + "/deliveries", "", 404, "selection_unknown", ""},
		"not yet":           {http.MethodGet, "/api/v1/selections/" + here + "/entries", "", 503, "selection_not_yet", ""},
		"slug":              {http.MethodGet, "/api/v1/selections/A_b", "", 422, "input_invalid", "slug"},
		"query":             {http.MethodGet, "/api/v1/selections/" + here + "/entries?stat=vetoed", "", 422, "input_invalid", "stat"},
		"query value":       {http.MethodGet, "/api/v1/selections/" + here + "/entries?state=lost", "", 422, "input_invalid", "state"},
		"path value":        {http.MethodGet, "/api/v1/selections/" + here + "/exports/voters", "", 422, "input_invalid", "what"},
		"uuid":              {http.MethodGet, "/api/v1/selections/" + here + "/entries/7", "", 422, "input_invalid", "entry"},
		"number":            {http.MethodGet, "/api/v1/selections/" + here + "/candidates/seven", "", 422, "input_invalid", "number"},
		"unknown field":     {http.MethodPost, "/api/v1/sessions", `{"email":"a","password":"b","otp":"c"}`, 422, "input_invalid", "otp"},
		"missing":           {http.MethodPost, "/api/v1/sessions", `{"password":"b"}`, 422, "input_invalid", "email"},
		"all missing":       {http.MethodPost, "/api/v1/sessions", `{}`, 422, "input_invalid", "email,password"},
		"no body":           {http.MethodPost, "/api/v1/sessions", ``, 400, "request_malformed", "body"},
		"garbage behind":    {http.MethodPost, "/api/v1/sessions", `{"email":"a","password":"b"}x`, 400, "request_malformed", "body"},
		"huge number":       {http.MethodPost, panel + "/recusals", `{"juror":"a@example.org","candidate":` + huge, 422, "input_invalid", "candidate"},
		"fraction":          {http.MethodPost, panel + "/recusals", `{"juror":"a@example.org","candidate":1.5,"reason":"kin"}`, 422, "input_invalid", "candidate"},
		"unknown scorer":    {http.MethodPut, panel + "/assignments", `{"juror":"nobody@example.org","candidates":[1]}`, 422, "review_invalid", "juror"},
		"unknown leaver":    {http.MethodPost, panel + "/departures", `{` + nobody + `,"sheets":"keep","reason":"ill"}`, 422, "review_invalid", "juror"},
		"unknown successor": {http.MethodPost, panel + "/departures", successor, 422, "review_invalid", "successor.email"},
		"unknown returnee":  {http.MethodPost, panel + "/sheets/1/return", `{"juror":"nobody@example.org","reason":"again"}`, 422, "review_invalid", "juror"},
		"unknown pinned":    {http.MethodPut, panel + "/conflicts", `{` + nobody + pin, 422, "review_invalid", "juror"},
		"unknown juror":     {http.MethodPost, panel + "/recusals", `{"juror":"nobody@example.org","candidate":1,"reason":"kin"}`, 422, "review_invalid", "juror"},
		"public query":      {http.MethodGet, "/api/v1/selections/" + here + "/candidates?sort=votes", "", 422, "input_invalid", "sort"},
		"wrong type":        {http.MethodPost, "/api/v1/sessions", `{"email":5,"password":"b"}`, 422, "input_invalid", "email"},
		"not JSON":          {http.MethodPost, "/api/v1/sessions", `{"email":`, 400, "request_malformed", "body"},
		"no reason":         {http.MethodPost, "/api/v1/selections/" + here + "/phases/voting/open", `{"reason":""}`, 422, "input_invalid", "reason"},
		"too large":         {http.MethodPost, "/api/v1/selections", large, 413, "body_too_large", "body"},
		"too large, small":  {http.MethodPost, "/api/v1/sessions", large[:70<<10], 413, "body_too_large", "body"},
	} {
		t.Run(name, func(t *testing.T) {
			a := h.ask(t, c.method, c.path, organizer, c.body)
			p := a.problem(t)
			if a.Status != c.status || p.Code != c.code || strings.Join(p.fields(), ",") != c.fields {
				t.Errorf("got %d %s %v: %s", a.Status, p.Code, p.fields(), a.Body)
			}
			if c.status == http.StatusMethodNotAllowed && a.Header.Get("Allow") == "" {
				t.Error("no Allow")
			}
			if c.status == http.StatusServiceUnavailable && a.Header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
		})
	}
}

// TestProblem_fields says in a code, and with parameters, what is wrong with each
// field, so that it can be said in other languages.
func TestProblem_fields(t *testing.T) {
	h := open(t)
	const sessions, codes = "/api/v1/sessions", "/api/v1/selections/" + here + "/roster/codes"
	for body, c := range map[string]struct{ path, code, params string }{
		`{"password":"b"}`:                                            {sessions, "email required", ""},
		`{"email":"a","password":"b","otp":"c"}`:                      {sessions, "otp field_unknown", ""},
		`{"email":5,"password":"b"}`:                                  {sessions, "email text_wanted", ""},
		`{"email":"a","password":"` + strings.Repeat("b", 129) + `"}`: {sessions, "password too_long", "max=128"},
		`{"email":`:                         {sessions, "body input_malformed", ""},
		`{"format":"pdf"}`:                  {codes, "format not_one_of", "values=xlsx, html, sealed"},
		`{"reason":""}`:                     {"/api/v1/selections/" + here + "/phases/voting/open", "reason too_short", "min=1"},
		`{"jurors":"a@example.org"}`:        {panel, "jurors list_wanted", ""},
		`{"jurors":["nobody@example.org"]}`: {panel, "jurors[0] account_unknown", ""},
		`{"juror":"a@example.org","candidate":1.5,"reason":"kin"}`: {panel + "/recusals", "candidate integer_wanted", ""},
	} {
		method := http.MethodPost
		if c.path == panel {
			method = http.MethodPut
		}
		p := h.ask(t, method, c.path, organizer, body).problem(t)
		if len(p.Errors) != 1 || p.Errors[0].Field+" "+p.Errors[0].Code != c.code {
			t.Errorf("%.60s: %+v", body, p.Errors)
			continue
		}
		var params []string
		for name, value := range p.Errors[0].Params {
			params = append(params, name+"="+value)
		}
		if strings.Join(params, " ") != c.params {
			t.Errorf("%.60s: parameters %v", body, params)
		}
	}
}

func TestRequestID(t *testing.T) {
	h := open(t)
	for given, kept := range map[string]bool{"a-Sane_id.7": true, "": false, "two words": false, strings.Repeat("x", 65): false} {
		a := h.ask(t, http.MethodGet, "/api/v1/nothing", "", "", "X-Request-Id", given)
		got := a.Header.Get("X-Request-Id")
		if got == "" || (got == given) != kept {
			t.Errorf("%q was answered by %q", given, got)
		}
	}
}

func TestHeaders(t *testing.T) {
	h := open(t)
	for path, wanted := range map[string]map[string]string{
		"/api/v1/selections/" + here: {"Cache-Control": "no-store"},
		"/s/" + here:                 {"X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "Permissions-Policy": "camera=()"},
	} {
		wanted["Content-Security-Policy"], wanted["X-Content-Type-Options"] = "frame-ancestors 'none'", "nosniff"
		header := h.ask(t, http.MethodGet, path, "", "").Header
		for name, want := range wanted {
			if !strings.Contains(header.Get(name), want) {
				t.Errorf("%s: %s is %q", path, name, header.Get(name))
			}
		}
		if header.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: HSTS without https", path)
		}
	}
}

func TestPhoto_unknown(t *testing.T) {
	h := open(t)
	hash := strings.Repeat("a", 64)
	for _, name := range []string{hash, hash + ".jpg", hash + ".png", strings.ToUpper(hash), "..%2F..%2Fkeys%2Fcredential"} {
		a := h.ask(t, http.MethodGet, "/s/"+here+"/c/1/photo/"+name, "", "")
		if a.Status != http.StatusNotFound {
			t.Errorf("%s: %d", name, a.Status)
		}
	}
}

// TestEntry_public does not tell a stranger who else has been nominated.
func TestEntry_public(t *testing.T) {
	h := open(t)
	body := `{"name":"马晓燕","employer":"陇运","region":"兰州","deeds":"…"}`
	a := h.ask(t, http.MethodPost, "/api/v1/selections/"+here+"/entries", "", body)
	if a.Status != http.StatusCreated || strings.Contains(a.Body, "resembles") {
		t.Errorf("a stranger got %d %s", a.Status, a.Body)
	}
	a = h.ask(t, http.MethodPost, "/api/v1/selections/"+here+"/entries", organizer, body)
	if a.Status != http.StatusCreated || !strings.Contains(a.Body, "resembles") {
		t.Errorf("the organizer got %d %s", a.Status, a.Body)
	}
}
