package rulebook_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
)

// TestParse_bounds refuses what would take long, by name, in both forms.
func TestParse_bounds(t *testing.T) {
	many := func(n int, item string) string { return strings.TrimSuffix(strings.Repeat(item+",", n), ",") }
	quota := `{"attribute": "region", "max": 1}`
	for name, tt := range map[string]struct{ text, code, field string }{
		"values on one line":    {`{"attributes": [` + many(25_000, "1") + `]}`, "too_many_words", "rulebook"},
		"keys on one line":      {"{" + many(12_000, `"title": 1`) + "}", "too_many_words", "rulebook"},
		"values of YAML":        {"attributes: [" + many(25_000, "1") + "]", "too_many_words", "rulebook"},
		"nested lists":          {`{"awards": ` + strings.Repeat("[", 20) + strings.Repeat("]", 20) + "}", "too_deep", "rulebook"},
		"quotas":                {`{"quotas": [` + many(101, quota) + `]}`, "too_many", "quotas"},
		"items of another list": {`{"attributes": [` + many(1001, `"x"`) + `]}`, "too_many", "attributes"},
		"bytes":                 {`{"title": "` + strings.Repeat("x", rulebook.MaxSize) + `"}`, "document_too_large", "rulebook"},
	} {
		_, err := rulebook.Parse([]byte(tt.text))
		f, ok := errors.AsType[*fault.Error](err)
		if !ok || !slices.ContainsFunc(f.Fields, func(f fault.Field) bool { return f.Code == tt.code && f.Name == tt.field }) {
			t.Errorf("%s: %.300v", name, err)
		}
	}
}

// TestParse_places names the place of a mistake far along a line, and after many
// lines, in characters.
func TestParse_places(t *testing.T) {
	long := strings.Repeat("甲", 50_000)
	for _, tt := range []struct {
		text         string
		line, column int
	}{
		{fmt.Sprintf(`{"title": %q, "edition": -1}`, long), 1, 26 + 50_000},
		{fmt.Sprintf("{%s\"title\": %q,\n  \"edition\": -1}", strings.Repeat("\n", 1000), long), 1002, 14},
	} {
		_, err := rulebook.Parse([]byte(tt.text))
		f, ok := errors.AsType[*fault.Error](err)
		if !ok || len(f.Fields) != 1 || f.Fields[0].Line != tt.line || f.Fields[0].Column != tt.column {
			t.Errorf("want line %d, column %d: %.300v", tt.line, tt.column, err)
		}
	}
}

// TestCanonical_once gives the same bytes each time: they are made when the
// document is parsed.
func TestCanonical_once(t *testing.T) {
	rb, err := rulebook.Parse([]byte("laurel: 1\ntitle: {zh: 评选}\n"))
	if err != nil {
		t.Fatal(err)
	}
	first, err := rb.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = rb.Canonical(); _ = rb.Hash() }); n != 0 {
		t.Errorf("%v allocations for the canonical form", n)
	}
	if again, _ := rb.Canonical(); &again[0] != &first[0] {
		t.Error("the canonical form was made again")
	}
}
