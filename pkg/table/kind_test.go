package table_test

import (
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/table"
)

// What is no table is told by what it is, not by an encoding that it has not.
func TestOpen_otherKinds(t *testing.T) {
	for kind, body := range map[string]string{
		"JPEG": "\xff\xd8\xff\xe0\x00\x10JFIF\x00", "PNG": "\x89PNG\r\n\x1a\n\x00\x00", "PDF": "%PDF-1.7\n", "RAR": "Rar!\x1a\x07\x00",
		"gzip": "\x1f\x8b\x08\x00", "HEIC": "\x00\x00\x00\x18ftypheic", "7z": "7z\xbc\xaf\x27\x1c", "GIF": "GIF89a\x01",
	} {
		_, err := table.Open(t.Context(), strings.NewReader(body), table.Options{})
		f := fault.From(err)
		if f.Code != "table_unreadable" || len(f.Fields) != 1 || f.Fields[0].Code != "other_kind" || f.Fields[0].Params["kind"] != kind {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// Spaces between the words of a heading do not count, however many.
func TestHeader_spaces(t *testing.T) {
	field := func(name string) string {
		return map[string]string{"full name": "name", "recommended by": "by"}[strings.ToLower(name)]
	}
	r, err := table.Open(t.Context(), strings.NewReader("Full   name,Recommended \t by\n王强,总工会\n"), table.Options{Field: field, Least: 2})
	if err != nil || !r.Header().Found {
		t.Errorf("%+v, %v", r, err)
	}
}
