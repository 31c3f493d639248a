package server_test

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/pkg/testkit/browser"
)

// TestOpenAPI_told says of every operation what it is for, under a tag, and gives
// an example of every body and answer. The bodies are requests that the routes
// take.
func TestOpenAPI_told(t *testing.T) {
	h := bare(t, testkit.Log(t))
	h.serve(t, h.scripted(map[string]bus.Endpoint{"selection/get_selection": says(frozen(t), nil)}))
	h.start(t, quickly)
	type media map[string]struct{ Schema, Example json.RawMessage }
	var doc struct {
		Tags  []struct{ Name, Description string }
		Paths map[string]map[string]struct {
			Summary, Description string
			Tags                 []string
			RequestBody          struct{ Content media }
			Responses            map[string]struct{ Content media }
		}
	}
	if err := json.Unmarshal([]byte(h.ask(t, http.MethodGet, "/api/openapi.json", "", "").Body), &doc); err != nil {
		t.Fatal(err)
	}
	tags := map[string]bool{}
	for _, tag := range doc.Tags {
		tags[tag.Name] = tag.Description != ""
	}
	known, bodies := examples(), 0
	for path, methods := range doc.Paths {
		for method, op := range methods {
			at := strings.ToUpper(method) + " " + path
			about, who, _ := strings.Cut(op.Description, "Who may: ")
			if len(op.Tags) != 1 || !tags[op.Tags[0]] || op.Summary == "" || about == "" || who == "" {
				t.Errorf("%s is not told: tags %v, summary %q, description %q", at, op.Tags, op.Summary, op.Description)
			}
			for status, r := range op.Responses {
				if j, ok := r.Content["application/json"]; ok && len(j.Schema) > 2 && len(j.Example) == 0 {
					t.Errorf("%s: its answer %s has no example", at, status)
				}
			}
			j, ok := op.RequestBody.Content["application/json"]
			if !ok {
				continue
			}
			bodies++
			if len(j.Example) == 0 {
				t.Errorf("%s: its body has no example", at)
				continue
			}
			var compact bytes.Buffer
			if err := json.Compact(&compact, j.Example); err != nil {
				t.Fatal(err)
			}
			a := h.ask(t, known[at].method, known[at].path, organizer, compact.String())
			if a.Status == http.StatusUnprocessableEntity || a.Status == http.StatusBadRequest {
				for _, e := range a.problem(t).Errors {
					if e.Code != "account_unknown" && e.Code != "not_one_of" { // the test's people are others
						t.Errorf("%s: %s: %+v", at, compact.String(), e)
					}
				}
			}
			h.clock.Advance(testkit.Patience) // the address's limit
		}
	}
	if bodies < 40 {
		t.Errorf("only %d bodies were looked at", bodies)
	}
}

// TestUpload takes each file as it is and as the file of a form, and refuses other
// forms.
func TestUpload(t *testing.T) {
	h := bare(t, testkit.Log(t))
	h.serve(t, h.scripted(map[string]bus.Endpoint{"selection/get_selection": says(frozen(t), nil)}))
	h.start(t, quickly)
	form := func(names ...string) (media, body string) {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		for _, name := range names {
			part, err := w.CreateFormFile(name, "x.xlsx")
			if err == nil {
				_, err = part.Write([]byte("member\n0017\n"))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return w.FormDataContentType(), b.String()
	}
	routes := 0
	for route, op := range h.operations(t) {
		if op.RequestBody == nil {
			continue
		}
		if _, ok := op.RequestBody.Content["application/octet-stream"]; !ok {
			continue
		}
		routes++
		if _, ok := op.RequestBody.Content["multipart/form-data"]; !ok {
			t.Errorf("%s takes no form, as the document has it", route)
		}
		e := examples()[route]
		try := func(media, body string) answer {
			h.clock.Advance(testkit.Patience)
			return h.ask(t, e.method, e.path, organizer, body, "Content-Type", media)
		}
		media, body := form("file")
		if a := try(media, body); a.Status >= 300 {
			t.Errorf("%s: a form: %d %s", route, a.Status, a.Body)
		}
		if a := try("application/octet-stream", e.body); a.Status >= 300 {
			t.Errorf("%s: a file: %d %s", route, a.Status, a.Body)
		}
		for want, names := range map[string][]string{"required": {}, "field_unknown": {"sheet"}, "list_too_long": {"file", "file"}} {
			media, body := form(names...)
			if a := try(media, body); a.Status != http.StatusUnprocessableEntity || a.problem(t).Errors[0].Code != want {
				t.Errorf("%s: a form of %v: %d %s", route, names, a.Status, a.Body)
			}
		}
		if a := try(media, body[:strings.Index(body, "0017")]); a.Status != http.StatusBadRequest {
			t.Errorf("%s: half a form: %d %s", route, a.Status, a.Body)
		}
	}
	if routes < 4 {
		t.Errorf("only %d routes take files", routes)
	}
}

// TestProblem_language says a problem in the language that is asked for, whoever
// answers: huma, a plain handler, or Echo. Codes stay.
func TestProblem_language(t *testing.T) {
	h := open(t)
	han := regexp.MustCompile(`\p{Han}`)
	for name, c := range map[string]struct{ method, path, body string }{
		"schema":        {http.MethodPost, "/api/v1/sessions", `{"password":"b"}`},
		"fault":         {http.MethodGet, "/api/v1/selections/" + nowhere, ""},
		"no session":    {http.MethodGet, "/api/v1/accounts/me", ""},
		"plain handler": {http.MethodPost, "/api/v1/selections/" + here + "/ballots", `{"picks":[1]}`},
		"route":         {http.MethodGet, "/api/v1/nothing", ""},
	} {
		for header, lang := range map[string]string{
			"": "en", "*": "en", "de": "en", "en-GB,en;q=0.9,zh;q=0.1": "en", "zh-CN,zh;q=0.9,en;q=0.5": "zh-CN", strings.Repeat("zh,", 300): "en",
		} {
			a := h.ask(t, c.method, c.path, "", c.body, "Accept-Language", header)
			p := a.problem(t)
			said := p.Title + p.Detail
			for _, e := range p.Errors {
				said += e.Message
				if han.MatchString(e.Message) != (lang == "zh-CN") {
					t.Errorf("%s, %.30q: the field says %q", name, header, e.Message)
				}
			}
			if han.MatchString(p.Title) != (lang == "zh-CN") || han.MatchString(p.Detail) != (lang == "zh-CN") {
				t.Errorf("%s, %.30q: %s", name, header, said)
			}
			if got := a.Header.Get("Content-Language"); got != lang || !strings.Contains(strings.Join(a.Header.Values("Vary"), ","), "Accept-Language") {
				t.Errorf("%s, %.30q: Content-Language %q, Vary %q", name, header, got, a.Header.Values("Vary"))
			}
		}
	}
}

// TestManual shows every operation on the pages of /api/docs, in both languages,
// and takes nothing from elsewhere.
func TestManual(t *testing.T) {
	h := open(t)
	for _, lang := range []string{"en", "zh-CN"} {
		contents := h.ask(t, http.MethodGet, "/api/docs?lang="+lang, "", "")
		chapters := map[string]string{}
		for _, m := range regexp.MustCompile(`href="(/api/docs/[a-z-]+)"`).FindAllStringSubmatch(contents.Body, -1) {
			chapters[m[1]] = h.ask(t, http.MethodGet, m[1]+"?lang="+lang, "", "").Body
		}
		all := ""
		for _, body := range chapters {
			all += body
		}
		for route := range h.operations(t) {
			method, path, _ := strings.Cut(route, " ")
			line := "<b>" + method + "</b> " + path + "</code>"
			if !strings.Contains(all, line) || !strings.Contains(contents.Body, line) {
				t.Errorf("%s: %s is missing", lang, route)
			}
		}
		if regexp.MustCompile(`[">]manual\.`).MatchString(contents.Body + all) {
			t.Errorf("%s: a text is missing", lang)
		}
		for _, m := range regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(contents.Body+all, -1) {
			if !strings.HasPrefix(m[1], "/") && !strings.HasPrefix(m[1], "#") {
				t.Errorf("%s: it takes %s", lang, m[1])
			}
		}
		if policy := contents.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'self'") {
			t.Errorf("its policy is %q", policy)
		}
	}
	if a := h.ask(t, http.MethodGet, "/api/docs/nothing", "", ""); a.Status != http.StatusNotFound {
		t.Errorf("an unknown part: %d", a.Status)
	}
}

func TestManual_look(t *testing.T) {
	h := open(t)
	ctx := browser.Open(t)
	for name, path := range map[string]string{"manual": "/api/docs", "manual-voting": "/api/docs/voting"} {
		browser.Look(t, ctx, name, h.url+path)
	}
}
