package table_test

import (
	"bytes"
	"encoding/csv"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"github.com/laurel-awards/laurel/pkg/table"
)

// hostile is text that spreadsheets would run, and text that only looks so.
func hostile() []string {
	return []string{
		`=HYPERLINK("http://example.org")`, "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u3000=1", "\u200b=1", "\u00a0@x",
		"＝1+1", "＋x", "－x", "＠x", "'=1", "''=1", "'\t=1", "=", "\n=1", "-", "王强", "'t Hart", "O'Neill", "-3.5", "+5", "-3%", "1E5", "a=b", "",
	}
}

// Every cell that is written is guarded, in CSV as in XLSX, and comes back as it
// was; numbers stay numbers.
func TestWrite_guards(t *testing.T) {
	danger := regexp.MustCompile(`^[\s\p{Z}\p{Cf}\p{Cc}]*[=+\-@＝＋－＠]|^[\t\r\n]`)
	number := regexp.MustCompile(`^[+-]?[0-9.]+%?$`)
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.OneOf(rapid.SampledFrom(hostile()), rapid.StringMatching(`['\t \x{3000}\x{200b}]{0,3}[=+@－＝a-]?[a-z0-9王]{0,3}`)).Draw(rt, "text")
		sheet := table.Sheet{Header: []string{"a", "n"}, Numeric: []bool{false, true}, Rows: slices.Values([][]string{{text, "-3.5"}})}
		var c, x bytes.Buffer
		must(t, table.WriteCSV(&c, sheet))
		must(t, table.WriteXLSX(&x, sheet))
		records, err := csv.NewReader(bytes.NewReader(c.Bytes()[3:])).ReadAll()
		must(t, err)
		f, err := excelize.OpenReader(bytes.NewReader(x.Bytes()))
		must(t, err)
		inSheet, err := f.GetCellValue("Sheet1", "A2", excelize.Options{RawCellValue: true})
		must(t, err)
		kind, err := f.GetCellType("Sheet1", "B2")
		must(t, err)
		if kind != excelize.CellTypeUnset && kind != excelize.CellTypeNumber || records[1][1] != "-3.5" {
			rt.Fatalf("the number is a %v, and %q", kind, records[1][1])
		}
		for _, written := range []string{records[1][0], inSheet} {
			if danger.MatchString(written) && !number.MatchString(written) {
				rt.Fatalf("%q is written as %q", text, written)
			}
		}
		for _, body := range [][]byte{c.Bytes(), x.Bytes()} {
			rows, err := table.ReadAll(bytes.NewReader(body), table.Limits{})
			must(t, err)
			// Lines end with \n in CSV, and XLSX keeps \r apart.
			if got := rows[1].Cell(0); got != text && strings.ReplaceAll(text, "\r", "\n") != got {
				rt.Fatalf("%q comes back as %q", text, got)
			}
		}
	})
}

// Nothing but this package writes CSV or XLSX.
func TestWrite_alone(t *testing.T) {
	writer := regexp.MustCompile(`csv\.NewWriter|excelize\.NewFile|NewStreamWriter`)
	var found []string
	root := filepath.Join("..", "..")
	for _, dir := range []string{"services", "pkg"} {
		must(t, filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			body, err := os.ReadFile(path)
			if err == nil && writer.Match(body) {
				found = append(found, filepath.ToSlash(strings.TrimPrefix(path, root+string(filepath.Separator))))
			}
			return err
		}))
	}
	if diff := cmp.Diff([]string{"pkg/table/mark.go", "pkg/table/write.go"}, found); diff != "" {
		t.Errorf("files that write tables (-want +got):\n%s", diff)
	}
}
