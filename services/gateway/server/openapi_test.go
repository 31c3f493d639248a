package server_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/laurel-awards/laurel/pkg/testkit"
)

// TestOpenAPI holds docs/openapi.json to the code, and the code to it: every
// route of the API is described, casting too.
func TestOpenAPI(t *testing.T) {
	h := open(t)
	a := h.ask(t, http.MethodGet, "/api/openapi.json", "", "")
	var got bytes.Buffer
	if err := json.Indent(&got, []byte(a.Body), "", "  "); err != nil || a.Status != http.StatusOK {
		t.Fatalf("%d %v", a.Status, err)
	}
	got.WriteByte('\n')
	testkit.Golden(t, "../../../docs/openapi.json", got.String())

	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]struct{ OperationID string }
	}
	if err := json.Unmarshal(got.Bytes(), &doc); err != nil || !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Fatalf("version %q, %v", doc.OpenAPI, err)
	}
	described, ids := map[string]bool{}, map[string]string{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			at := strings.ToUpper(method) + " " + path
			described[at] = true
			if other := ids[op.OperationID]; other != "" || op.OperationID == "" {
				t.Errorf("%s has the operation id %q of %q", at, op.OperationID, other)
			}
			ids[op.OperationID] = at
		}
	}
	routes := 0
	for _, r := range h.server.Handler().(*echo.Echo).Routes() {
		if strings.HasPrefix(r.Path, "/api/v1/") && r.Method != echo.RouteNotFound {
			routes++
			if at := r.Method + " " + braced(r.Path); !described[at] {
				t.Errorf("%s is not described", at)
			}
		}
	}
	if routes != len(described) {
		t.Errorf("%d routes, %d described", routes, len(described))
	}
	if !described["POST /api/v1/selections/{slug}/ballots"] {
		t.Error("casting is not described")
	}
}

// braced writes a path's parameters as the document does: {slug} for :slug.
func braced(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if name, ok := strings.CutPrefix(p, ":"); ok {
			parts[i] = "{" + name + "}"
		}
	}
	return strings.Join(parts, "/")
}
