package server_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/server"
	"github.com/laurel-awards/laurel/services/voting"
)

// notText are texts that are none, as a program writes them.
func notText() []string { return []string{"a\x00b", "\x1b[2J", "a\u0085b", "a\u202eb"} }

// listening are scripted rooms that hear whether what is no text gets to them.
func (h *installation) listening(t *testing.T, heard *atomic.Int64) {
	t.Helper()
	rooms := h.scripted(map[string]bus.Endpoint{
		"selection/get_selection": says(frozen(t), nil), "voting/get_tally": says(voting.Tally{State: voting.Sealed}, nil), // a stream that ends
	})
	for room, endpoints := range rooms {
		for i, e := range endpoints {
			endpoints[i].Handle = func(ctx context.Context, data []byte) (any, error) {
				for _, bad := range []string{`\u0000`, "\x00", `\u001b`, "\u0085", "\u202e"} {
					if bytes.Contains(data, []byte(bad)) {
						heard.Add(1)
						t.Errorf("%s %s heard %q", room, e.Name, data)
					}
				}
				return e.Handle(ctx, data)
			}
		}
	}
	h.serve(t, rooms)
	h.start(t, quickly, limits(func(l *app.Limits) {
		l.Requests.Burst, l.Requests.PerSecond = 1e6, 1e6
		l.Ballots, l.SignIns, l.Entries, l.Codes, l.AllCodes = l.Requests, l.Requests, l.Requests, l.Requests, l.Requests
		l.Credentials.Network, l.Credentials.All, l.Credentials.Strained = l.Requests, l.Requests, l.Requests
	}), func(c *server.Config) { c.WorkNumbers = 0 })
}

// schemas are the document's, by name.
type schemas map[string]map[string]any

// texts gives every body with which one text of a schema is bad, made of a good
// one.
func (s schemas) texts(schema map[string]any, good any, bad string) (bodies []any) {
	if ref, ok := schema["$ref"].(string); ok {
		schema = s[ref[strings.LastIndexByte(ref, '/')+1:]]
	}
	switch {
	case has(schema["type"], "object"):
		fields, _ := good.(map[string]any)
		properties, _ := schema["properties"].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(properties)) {
			for _, inner := range s.texts(properties[name].(map[string]any), fields[name], bad) {
				body := maps.Clone(fields)
				if body == nil {
					body = map[string]any{}
				}
				body[name] = inner
				bodies = append(bodies, body)
			}
		}
		if more, ok := schema["additionalProperties"].(map[string]any); ok {
			for _, inner := range s.texts(more, nil, bad) {
				bodies = append(bodies, map[string]any{"deeds": inner})
			}
			bodies = append(bodies, map[string]any{bad: "70"})
		}
	case has(schema["type"], "array"):
		for _, inner := range s.texts(schema["items"].(map[string]any), nil, bad) {
			bodies = append(bodies, []any{inner})
		}
	case has(schema["type"], "string"):
		bodies = append(bodies, bad)
	}
	return bodies
}

// has tells whether a schema's type is, or may be, a certain one.
func has(types any, one string) bool {
	if list, ok := types.([]any); ok {
		return slices.Contains(list, any(one))
	}
	return types == one
}

// refused fails unless an answer refuses the request and names a field.
func (a answer) refused(t *testing.T, what string) {
	t.Helper()
	if a.Status != http.StatusUnprocessableEntity && a.Status != http.StatusBadRequest {
		t.Errorf("%s: %d %.200s", what, a.Status, a.Body)
		return
	}
	if p := a.problem(t); len(p.Errors) == 0 {
		t.Errorf("%s: no field is named: %s", what, a.Body)
	}
}

// TestPlain_api puts what is no text into each text of each route of the
// document: it is refused, the field is named, and no room hears of it.
func TestPlain_api(t *testing.T) {
	var heard atomic.Int64
	h := bare(t, testkit.Log(t))
	h.listening(t, &heard)
	var doc struct{ Components struct{ Schemas schemas } }
	if err := json.Unmarshal([]byte(h.ask(t, http.MethodGet, "/api/openapi.json", "", "").Body), &doc); err != nil {
		t.Fatal(err)
	}
	people, known, acts, rules := h.people(), examples(), h.acts(t), app.Rules()
	places := 0
	for route, op := range h.operations(t) {
		e := known[route]
		token := h.tokenFor(rules[acts[route]], people)
		if e.method == http.MethodDelete && strings.HasSuffix(e.path, "/sessions/current") {
			continue // it takes no text
		}
		for _, bad := range notText() {
			for i, part := range strings.Split(route[strings.IndexByte(route, ' ')+1:], "/") {
				if !strings.HasPrefix(part, "{") {
					continue
				}
				path, query, _ := strings.Cut(e.path, "?")
				parts := strings.Split(path, "/")
				parts[i] = url.PathEscape(bad)
				places++
				h.ask(t, e.method, strings.Join(parts, "/")+"?"+query, token, e.body).refused(t, route+", "+part)
			}
			for _, p := range op.Parameters {
				switch p.In {
				case "query":
					path, query, _ := strings.Cut(e.path, "?")
					values, err := url.ParseQuery(query)
					if err != nil {
						t.Fatal(err)
					}
					values.Set(p.Name, bad)
					places++
					h.ask(t, e.method, path+"?"+values.Encode(), token, e.body).refused(t, route+"?"+p.Name)
				case "header":
					if bad[1] != 0 && bad[0] != 0x1b { // the rest never comes through HTTP
						places++
						h.ask(t, e.method, e.path, token, e.body, p.Name, bad).refused(t, route+", "+p.Name)
					}
				}
			}
			if op.RequestBody == nil {
				continue
			}
			content, ok := op.RequestBody.Content["application/json"]
			if !ok {
				continue // a file
			}
			var good any
			if err := json.Unmarshal([]byte(e.body), &good); err != nil {
				t.Fatal(err)
			}
			for _, body := range doc.Components.Schemas.texts(content.Schema, good, bad) {
				text, err := json.Marshal(body)
				if err != nil {
					t.Fatal(err)
				}
				places++
				h.ask(t, e.method, e.path, token, string(text)).refused(t, fmt.Sprintf("%s, %q", route, text))
			}
		}
	}
	if places < 700 {
		t.Errorf("only %d places were tried", places)
	}
	h.clock.Advance(time.Second)
	form := examples()["POST /api/v1/selections/{slug}/entries"]
	if a := h.ask(t, form.method, form.path, organizer, strings.Replace(form.body, "…", `first line\n\tsecond\r\n`, 1)); a.Status != http.StatusCreated {
		t.Errorf("a story of several lines: %d %s", a.Status, a.Body)
	}
}

// formFields are those of all forms of pages.
func formFields(t *testing.T) (names []string) {
	t.Helper()
	field := regexp.MustCompile(`<(?:input|textarea|select)[^>]* name="([^"]+)"`)
	for _, pattern := range []string{"../internal/page/template/*.html", "../internal/page/template/shared/*.html"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range field.FindAllStringSubmatch(string(text), -1) {
				names = append(names, found[1])
			}
		}
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) < 7 || !slices.Contains(names, "receipt") {
		t.Fatalf("fields of forms: %v", names)
	}
	return names
}

// TestPlain_pages puts what is no text into the address of each page and into
// fields: each page has a turn of some, and each field on some pages, since all
// read forms in one way.
func TestPlain_pages(t *testing.T) {
	var heard atomic.Int64
	h := bare(t, testkit.Log(t))
	h.listening(t, &heard)
	fill := strings.NewReplacer(":slug", here, ":number", "7", ":hash", strings.Repeat("a", 64), ":file", "app.css")
	fields := append(formFields(t), "lang")
	places := 0
	check := func(what string, a answer) {
		t.Helper()
		places++
		if a.Status < 400 || a.Status >= 500 {
			t.Errorf("%s: %d %.200s", what, a.Status, a.Body)
		}
	}
	routes := h.server.Handler().(*echo.Echo).Routes()
	slices.SortFunc(routes, func(a, b *echo.Route) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Method, b.Method))
	})
	tried := map[string]bool{}
	for turn, r := range routes {
		if strings.HasPrefix(r.Path, "/api/") || r.Method != http.MethodGet && r.Method != http.MethodPost {
			continue
		}
		for i, bad := range notText() {
			for _, part := range strings.Split(r.Path, "/") {
				if strings.HasPrefix(part, ":") {
					path := fill.Replace(strings.Replace(r.Path, part, url.PathEscape(bad), 1))
					check(r.Method+" "+r.Path+", "+part, h.ask(t, r.Method, path, "", ""))
				}
			}
			for _, name := range []string{fields[(turn+i)%len(fields)], bad} {
				tried[name] = true
				values := url.Values{name: {bad}}
				what := fmt.Sprintf("%s %s, %q", r.Method, r.Path, name)
				check(what+" in the query", h.ask(t, r.Method, fill.Replace(r.Path)+"?"+values.Encode(), "", ""))
				if r.Method != http.MethodPost {
					continue
				}
				check(what, h.ask(t, r.Method, fill.Replace(r.Path), "", values.Encode(), "Content-Type", "application/x-www-form-urlencoded"))
				var parts bytes.Buffer
				w := multipart.NewWriter(&parts)
				if err := w.WriteField(name, bad); err != nil {
					t.Fatal(err)
				}
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
				check(what+" in parts", h.ask(t, r.Method, fill.Replace(r.Path), "", parts.String(), "Content-Type", w.FormDataContentType()))
			}
		}
	}
	if places < 300 || len(tried) < len(fields)+len(notText()) {
		t.Errorf("only %d places were tried, with %d fields of %d", places, len(tried), len(fields))
	}
}
