package slips_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/services/cmd/laurel/internal/slips"
	"github.com/laurel-awards/laurel/services/identity"
	"github.com/laurel-awards/laurel/services/identity/codelist"
)

// TestSlips goes the printing office's way: its key, a list that is sealed for
// it, the slips and the spreadsheet. A list that was changed prints nothing.
func TestSlips(t *testing.T) {
	at := func(name string) string { return filepath.Join(t.TempDir(), name) }
	key, other := at("key"), at("other")
	for _, file := range []string{key, other} {
		if err := (&slips.Key{File: file}).Run(); err != nil {
			t.Fatal(err)
		}
	}
	if err := (&slips.Key{File: key}).Run(); err == nil {
		t.Error("a key is written over another")
	}
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key may be read: %v, %v", info, err)
	}
	text, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	public := strings.TrimPrefix(strings.SplitN(string(text), "\n", 2)[0], "# public key: ")
	office, err := codelist.NewPrinter(public)
	if err != nil {
		t.Fatal(err)
	}
	const code = "K7M3-9TQX-2HFP"
	body, err := office.Seal(codelist.Slips{
		Slug: "s-1", Export: 1, Title: map[string]string{"en": "Most Beautiful Courier"}, Address: "https://awards.example.org/s/s-1",
		Codes: []identity.Coded{{Member: "0017", Name: "<王芳>", Code: code}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(body), code) || strings.Contains(string(body), "王芳") {
		t.Error("the sealed list is readable")
	}
	write := func(name string, body []byte) string {
		file := at(name)
		if err := os.WriteFile(file, body, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	sealed := write("list.age", body)
	html, xlsx := at("slips.html"), at("slips.xlsx")
	for file, format := range map[string]string{html: "html", xlsx: "xlsx"} {
		if err := (&slips.Open{Sealed: sealed, Key: key, To: file, Format: format, Language: "en"}).Run(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile(html)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{code, "&lt;王芳&gt;", "Most Beautiful Courier", "https://awards.example.org/s/s-1", "Your voter code"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the slips lack %s", want)
		}
	}
	sheet, err := os.Open(xlsx)
	if err != nil {
		t.Fatal(err)
	}
	defer sheet.Close()
	if rows, err := table.ReadAll(sheet, table.Limits{}); err != nil || len(rows) != 2 || rows[1].Cells[3] != code {
		t.Errorf("%v, %v", rows, err)
	}
	changed := append([]byte{}, body...)
	changed[len(changed)-1] ^= 1
	for name, c := range map[string]slips.Open{
		"another's key":       {Sealed: sealed, Key: other},
		"a changed list":      {Sealed: write("changed.age", changed), Key: key},
		"a list cut short":    {Sealed: write("short.age", body[:len(body)-20]), Key: key},
		"a key that is none":  {Sealed: sealed, Key: sealed},
		"a list that is none": {Sealed: key, Key: key},
		"over another file":   {Sealed: sealed, Key: key, To: html},
	} {
		to := c.To
		if to == "" {
			c.To = at("out.html")
		}
		c.Format, c.Language = "html", "en"
		if err := c.Run(t.Context()); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := os.Stat(c.To); to == "" && err == nil {
			t.Errorf("%s: there is a file", name)
		}
	}
}
