package server_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/bus"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/gateway/internal/app"
	"github.com/laurel-awards/laurel/services/gateway/server"
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
func (h *installation) operations(t *testing.T) map[string]operation {
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

// secured tells whether the document says that a route takes a token of a kind.
func (o operation) secured(by string) bool {
	return slices.ContainsFunc(o.Security, func(s map[string][]string) bool { _, ok := s[by]; return ok })
}

// quickly has nobody wait for what scripted rooms never do.
func quickly(c *server.Config) { c.PhaseWait = time.Millisecond }

// TestRoles asks each route of the document that is not everybody's as nobody
// and as an account of each kind: the table says who may.
func TestRoles(t *testing.T) {
	h := bare(t, testkit.Log(t))
	h.serve(t, h.scripted(map[string]bus.Endpoint{"selection/get_selection": says(frozen(t), nil)}))
	h.start(t, quickly)
	people, known, acts, rules := h.people(), examples(), h.acts(t), app.Rules()
	routes := 0
	for route, op := range h.operations(t) {
		e, ok := known[route]
		rule := rules[acts[route]]
		switch {
		case !ok:
			t.Errorf("%s has no example", route)
			continue
		case op.secured("session") != rule.ForStaff() || op.secured("credential") != (rule.Who == app.Voters):
			t.Errorf("%s: the document says security %v, the table %+v", route, op.Security, rule)
		}
		if !rule.ForStaff() && len(rule.Roles) == 0 {
			continue
		}
		routes++
		a := h.ask(t, e.method, e.path, "", e.body)
		switch {
		case !rule.ForStaff():
			if a.Status >= 300 {
				t.Errorf("%s: without a session %d %s", route, a.Status, a.Body)
			}
		case a.problem(t).Code != "session_missing" || a.Header.Get("WWW-Authenticate") != "Bearer":
			t.Errorf("%s: without a session %d %s", route, a.Status, a.Body)
		}
		if a := h.ask(t, e.method, e.path, strings.Repeat("x", 200), e.body); a.Status != http.StatusUnauthorized && rule.Who != app.Holders {
			t.Errorf("%s: with no session's token %d %s", route, a.Status, a.Body)
		}
		for _, p := range people {
			a := h.ask(t, e.method, e.path, p.email, e.body)
			if p.may(rule) {
				if a.Status >= 300 {
					t.Errorf("%s: %s may, and got %d %s", route, p.name, a.Status, a.Body)
				}
			} else if a.Status != http.StatusForbidden || a.problem(t).Code != "role_missing" {
				t.Errorf("%s: %s may not, and got %d %s", route, p.name, a.Status, a.Body)
			}
		}
		h.clock.Advance(10 * time.Second) // the address's limit
	}
	if routes < 48 {
		t.Errorf("only %d routes were tried", routes)
	}
}

// acts are those of all routes, pages too, by "GET /api/v1/selections/{slug}":
// each has one that is in the table, and each in the table has a route.
func (h *installation) acts(t *testing.T) map[string]app.Act {
	t.Helper()
	rules := app.Rules()
	acts, routed := map[string]app.Act{}, map[app.Act]bool{}
	for _, r := range h.server.Handler().(*echo.Echo).Routes() {
		if r.Method == echo.RouteNotFound {
			continue
		}
		act := app.Act(r.Name)
		if _, ok := rules[act]; !ok {
			t.Errorf("%s %s has no act: name it, and say in the table who may", r.Method, r.Path)
		}
		acts[r.Method+" "+braced(r.Path)], routed[act] = act, true
	}
	for act := range rules {
		if !routed[act] {
			t.Errorf("there is no route to %s", act)
		}
	}
	return acts
}

// TestRoles_document holds docs/roles.md and docs/desks.md to the table and the
// routes.
func TestRoles_document(t *testing.T) {
	h := bare(t, testkit.Log(t))
	h.start(t)
	acts := h.acts(t)
	for file, says := range map[string]struct {
		desks bool
		head  string
	}{
		"roles": {false, "# Who may do what\n\nEvery route of the API and of the public pages, the act that it is, and who may do it in the route's selection;\n" +
			"[the desks](desks.md) have a page of their own."},
		"desks": {true, "# The desks\n\nEvery page of staff, and every form on it, the act that it is, and who may do it in the page's selection."},
	} {
		var b strings.Builder
		b.WriteString(says.head + " `make docs` writes this page\nfrom the table in `services/gateway/internal/app/act.go`.\n\n| route | act |")
		for _, role := range identity.Roles() {
			b.WriteString(" " + string(role) + " |")
		}
		b.WriteString(" others |\n|---|---|" + strings.Repeat("---|", len(identity.Roles())+1) + "\n")
		for _, route := range slices.SortedFunc(maps.Keys(acts), byPath) {
			if strings.HasPrefix(route, http.MethodHead) { // as GET
				continue
			}
			if _, path, _ := strings.Cut(route, " "); isDesk(path) == says.desks {
				b.WriteString(row(route, acts[route]))
			}
		}
		testkit.Golden(t, "../../../docs/"+file+".md", b.String())
	}
}

// row is a route's in the table of who may.
func row(route string, act app.Act) string {
	var b strings.Builder
	rule := app.Rules()[act]
	fmt.Fprintf(&b, "| `%s` | %s |", route, act)
	for _, role := range identity.Roles() {
		cell := ""
		if slices.Contains(rule.Roles, role) {
			if cell = string(rule.In); cell == "" {
				cell = "yes"
			}
		}
		fmt.Fprintf(&b, " %s |", cell)
	}
	fmt.Fprintf(&b, " %s |\n", rule.Who)
	return b.String()
}

// isDesk tells whether a path is that of a page of staff.
func isDesk(path string) bool { return path == "/desk" || strings.HasPrefix(path, "/desk/") }

// byPath sorts routes by path, then by method.
func byPath(a, b string) int {
	methodA, pathA, _ := strings.Cut(a, " ")
	methodB, pathB, _ := strings.Cut(b, " ")
	return cmp.Or(cmp.Compare(pathA, pathB), cmp.Compare(methodA, methodB))
}

// TestOpenAPI_operations holds each route to what its description must have,
// and to its answer.
func TestOpenAPI_operations(t *testing.T) {
	h := bare(t, testkit.Log(t))
	leaves, err := h.blobs.In(voting.Name).Put(t.Context(), strings.NewReader("leaf\n"), 5)
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := h.blobs.In(selection.Name).Put(t.Context(), strings.NewReader("PK"), 2)
	if err != nil {
		t.Fatal(err)
	}
	h.serve(t, h.scripted(map[string]bus.Endpoint{
		"selection/get_selection": says(frozen(t), nil),
		"selection/export_bundle": says(selection.Bundle{Blob: bundle.Hash}, nil),
		"voting/export_leaves":    says(voting.Exported{Blob: leaves.Hash}, nil),
		"voting/get_tally":        says(voting.Tally{State: voting.Sealed}, nil), // a stream that ends
		"voting/cast_ballots":     says(json.RawMessage(`{"outcomes":[{"receipt":"A7K2","at":"2026-05-04T02:30:00Z"}]}`), nil),
	}))
	h.start(t, quickly)
	people, known, acts, rules := h.people(), examples(), h.acts(t), app.Rules()
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
		token := h.tokenFor(rules[acts[route]], people)
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
			h := bare(t, testkit.Log(t))
			rooms := h.scripted(map[string]bus.Endpoint{"selection/get_selection": says(frozen(t), nil)})
			for room := range rooms {
				if !slices.Contains(up, room) {
					delete(rooms, room)
				}
			}
			h.serve(t, rooms)
			h.start(t, quickly)
			people, acts, rules := h.people(), h.acts(t), app.Rules()
			answered := 0
			for route, e := range examples() {
				token := h.tokenFor(rules[acts[route]], people)
				a := h.ask(t, e.method, e.path, token, e.body)
				if a.Status < 300 && len(up) > 0 {
					answered++
					continue
				}
				if p := a.problem(t); a.Status != http.StatusServiceUnavailable || p.Code != "service_down" || a.Header.Get("Retry-After") != "1" {
					t.Errorf("%s: %d %s", route, a.Status, a.Body)
				}
			}
			if (answered > 0) != (len(up) > 0) || answered > 80 {
				t.Errorf("%d routes answered", answered)
			}
		})
	}
}
