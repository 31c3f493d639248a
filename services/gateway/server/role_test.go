package server_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/selection"
	"github.com/laurel-awards/laurel/services/voting"
)

// operation is what the document says of a route.
type operation struct {
	Summary     string
	Security    []map[string][]string
	Responses   map[string]struct{ Content map[string]any }
	RequestBody *struct {
		Required bool
		Content  map[string]struct{ Schema map[string]any }
	}
	Parameters []struct {
		Name, In string
		Required bool
		Schema   map[string]any
	}
}

// operations are the routes of the document, by "GET /api/v1/selections".
func (h *house) operations(t *testing.T) map[string]operation {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]operation
	}
	if err := json.Unmarshal([]byte(h.ask(t, http.MethodGet, "/api/openapi.json", "", "").Body), &doc); err != nil {
		t.Fatal(err)
	}
	all := map[string]operation{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			all[strings.ToUpper(method)+" "+path] = op
		}
	}
	return all
}

func (o operation) staff() bool {
	return slices.ContainsFunc(o.Security, func(s map[string][]string) bool { _, ok := s["session"]; return ok })
}

// TestRoles asks each staff route of the document as nobody and as an account
// of each kind.
func TestRoles(t *testing.T) {
	h := found(t, testkit.Log(t))
	h.serve(t, h.scripted(map[string]bus.Endpoint{"selection/get_selection": says(frozen(t), nil)}))
	h.start(t)
	tokens, known := h.accounts(), examples()
	routes := 0
	for route, op := range h.operations(t) {
		e, ok := known[route]
		switch {
		case !ok:
			t.Errorf("%s has no example: say who may", route)
			continue
		case op.staff() != (e.may != ""):
			t.Errorf("%s: for staff is %v in the document", route, op.staff())
		}
		if !op.staff() {
			continue
		}
		routes++
		if a := h.ask(t, e.method, e.path, "", e.body); a.problem(t).Code != "session_missing" || a.Header.Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%s: without a session %d %s", route, a.Status, a.Body)
		}
		if a := h.ask(t, e.method, e.path, strings.Repeat("x", 200), e.body); a.Status != http.StatusUnauthorized && route != "DELETE /api/v1/sessions/current" {
			t.Errorf("%s: with no session's token %d %s", route, a.Status, a.Body)
		}
		for name, token := range tokens {
			a := h.ask(t, e.method, e.path, token, e.body)
			if slices.Contains(strings.Fields(e.may), name) {
				if a.Status >= 300 {
					t.Errorf("%s: %s may, and got %d %s", route, name, a.Status, a.Body)
				}
			} else if a.Status != http.StatusForbidden || a.problem(t).Code != "role_missing" {
				t.Errorf("%s: %s may not, and got %d %s", route, name, a.Status, a.Body)
			}
		}
		h.clock.Advance(10 * time.Second) // the address's limit
	}
	if routes < 30 {
		t.Errorf("only %d staff routes were tried", routes)
	}
}

// TestOpenAPI_operations holds each route to what its description must have,
// and to its answer.
func TestOpenAPI_operations(t *testing.T) {
	h := found(t, testkit.Log(t))
	leaves, err := h.blobs.Put(t.Context(), strings.NewReader("leaf\n"), 5)
	if err != nil {
		t.Fatal(err)
	}
	h.serve(t, h.scripted(map[string]bus.Endpoint{
		"selection/get_selection": says(frozen(t), nil),
		"voting/export_leaves":    says(voting.Exported{Blob: leaves.Hash}, nil),
		"voting/get_tally":        says(voting.Tally{State: voting.Sealed}, nil), // a stream that ends
		"voting/cast_ballots":     says(json.RawMessage(`{"outcomes":[{"receipt":"A7K2","at":"2026-05-04T02:30:00Z"}]}`), nil),
	}))
	h.start(t)
	tokens, known := h.accounts(), examples()
	operations := h.operations(t)
	for route := range known {
		if _, ok := operations[route]; !ok {
			t.Errorf("%s is not in the document", route)
		}
	}
	for route, op := range operations {
		e, ok := known[route]
		if !ok {
			continue // TestRoles tells
		}
		if op.Summary == "" || op.Summary[:1] == strings.ToLower(op.Summary[:1]) {
			t.Errorf("%s: summary %q", route, op.Summary)
		}
		if _, ok := op.Responses["default"].Content["application/problem+json"]; !ok {
			t.Errorf("%s: problems are not described", route)
		}
		for _, name := range strings.FieldsFunc(route, func(r rune) bool { return r == '{' || r == '}' })[1:] {
			if !strings.Contains(name, "/") && !slices.ContainsFunc(op.Parameters, func(p struct {
				Name, In string
				Required bool
				Schema   map[string]any
			},
			) bool {
				return p.Name == name && p.In == "path" && p.Required && p.Schema["type"] != nil
			}) {
				t.Errorf("%s: parameter %s is not described", route, name)
			}
		}
		if (op.RequestBody != nil) != (e.body != "") {
			t.Errorf("%s: takes a body is %v in the document", route, op.RequestBody != nil)
		}
		if op.RequestBody != nil {
			if !op.RequestBody.Required {
				t.Errorf("%s: the body is not required", route)
			}
			for media, content := range op.RequestBody.Content {
				if len(content.Schema) == 0 {
					t.Errorf("%s: no schema of %s", route, media)
				}
			}
		}
		token := h.voter("one voter", here, time.Hour)
		if may := strings.Fields(e.may); len(may) > 0 {
			token = tokens[may[0]]
		} else if !strings.HasSuffix(route, "/ballots") && !strings.HasSuffix(route, "/statement") {
			token = ""
		}
		a := h.ask(t, e.method, e.path, token, e.body)
		described, ok := op.Responses[strconv.Itoa(a.Status)]
		if !ok || a.Status >= 300 {
			t.Errorf("%s: answered %d, described are %v: %s", route, a.Status, op.Responses, a.Body)
		}
		media, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";")
		if _, ok := described.Content[media]; !ok && a.Body != "" {
			t.Errorf("%s: answered %s, described is %v", route, media, described.Content)
		}
	}
}

// TestDown asks each route while services are away: it says 503 and when to
// try again, never that something does not exist.
func TestDown(t *testing.T) {
	for name, up := range map[string][]string{"all": nil, "all but identity": {identity.Name}, "rooms": {identity.Name, selection.Name}} {
		t.Run(name, func(t *testing.T) {
			h := found(t, testkit.Log(t))
			rooms := h.scripted(map[string]bus.Endpoint{"selection/get_selection": says(frozen(t), nil)})
			for room := range rooms {
				if !slices.Contains(up, room) {
					delete(rooms, room)
				}
			}
			h.serve(t, rooms)
			h.start(t)
			tokens := h.accounts()
			answered := 0
			for route, e := range examples() {
				token := h.voter("one voter", here, time.Hour)
				if may := strings.Fields(e.may); len(may) > 0 {
					token = tokens[may[0]]
				} else if !strings.HasSuffix(route, "/ballots") && !strings.HasSuffix(route, "/statement") {
					token = ""
				}
				a := h.ask(t, e.method, e.path, token, e.body)
				if a.Status < 300 && len(up) > 0 {
					answered++
					continue
				}
				if p := a.problem(t); a.Status != http.StatusServiceUnavailable || p.Code != "service_down" || a.Header.Get("Retry-After") != "1" {
					t.Errorf("%s: %d %s", route, a.Status, a.Body)
				}
			}
			if (answered > 0) != (len(up) > 0) || answered > 20 {
				t.Errorf("%d routes answered", answered)
			}
		})
	}
}
