package table_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/pkg/testkit"
)

// small are limits as of an import.
func small() table.Options {
	return table.Options{
		Limits: table.Limits{Bytes: 20 << 20, Unzipped: 128 << 20, Rows: 5050, Columns: 64, Cells: 5050 * 64}, Field: among("姓名", "单位"), Least: 2,
	}
}

// times repeats rows from the second on; %[1]d is their number.
func times(n int, row string) string {
	var b strings.Builder
	b.WriteString(line(1, "", "姓名", "单位"))
	for i := range n {
		fmt.Fprintf(&b, row, i+2)
	}
	return b.String()
}

// drain reads to the end and gives the error, how many rows there were, and how
// many cells were looked at.
func drain(ctx context.Context, body []byte, o table.Options) (rows, cells int, err error) {
	t, err := table.Open(ctx, bytes.NewReader(body), o)
	if err != nil {
		return 0, 0, err
	}
	defer t.Close()
	for ; ; rows++ {
		if _, err := t.Next(); err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return rows, t.Cells(), err
		}
	}
}

// What a workbook costs is bounded, whatever is in it. The limits are a tenth of an
// import's, so that what is beyond them is soon read.
func TestReader_bounds(t *testing.T) {
	o := small()
	o.Rows, o.Cells, o.Unzipped = o.Rows/10, o.Cells/10, o.Unzipped/10
	const one = `<row r="%[1]d"><c><v>1</v></c></row>`
	sixteen := `<row r="%[1]d">` + strings.Repeat(`<c t="s"><v>0</v></c>`, 16) + `</row>`
	entity := map[string]string{"xl/sharedStrings.xml": `<!DOCTYPE s [<!ENTITY a "aaaa">]><sst><si><t>&a;</t></si></sst>`}
	blank := ` t="inlineStr"><is><t> </t></is></c>`
	var wide, columns strings.Builder
	for i := range 16384 {
		fmt.Fprintf(&wide, `<c t="s"><v>0</v></c>`)
		fmt.Fprintf(&columns, `<mergeCell ref="A%d:C%d"/>`, i+2, i+1_000_000)
	}
	spaces := map[string]string{"xl/sharedStrings.xml": `<sst><si><t xml:space="preserve"> </t></si></sst>`}
	long := map[string]string{"xl/sharedStrings.xml": `<sst><si><t>` + strings.Repeat("长", 10_000) + `</t></si></sst>`}
	for name, c := range map[string]struct {
		parts map[string]string
		sheet rawSheet
		code  string
	}{
		"blank cells in rows without end": {spaces, rawSheet{rows: times(6000, sixteen)}, "table_too_large"},
		"blank texts":                     {nil, rawSheet{rows: times(40_000, `<row r="%[1]d"><c r="A%[1]d"`+blank+`</row>`)}, "table_too_large"},
		"all columns":                     {spaces, rawSheet{rows: times(5, `<row r="%[1]d">`+wide.String()+`</row>`)}, "table_too_large"},
		"a column beyond":                 {nil, rawSheet{rows: times(1, `<row r="%[1]d">`+text("XFD2", "x")+`</row>`)}, "table_too_large"},
		"rows":                            {nil, rawSheet{rows: times(600, `<row r="%[1]d"><c><v>1</v></c></row>`)}, "table_too_large"},
		"merged over all rows": {
			nil, rawSheet{rows: times(6000, one), after: "<mergeCells>" + columns.String() + "</mergeCells>"}, "table_too_large",
		},
		"deep":                            {nil, rawSheet{rows: strings.Repeat("<x>", 5000) + strings.Repeat("</x>", 5000)}, "table_too_large"},
		"a tag without end":               {nil, rawSheet{rows: `<row r="1" x="` + strings.Repeat("a", 3<<20) + `"/>`}, "table_too_large"},
		"a text without end":              {nil, rawSheet{rows: line(1, "", strings.Repeat("a", 3<<20))}, "table_too_large"},
		"one long text in many cells":     {long, rawSheet{rows: times(400, sixteen)}, "table_too_large"},
		"entities":                        {entity, rawSheet{rows: times(1, sixteen)}, "table_unreadable"},
		"cut off":                         {nil, rawSheet{rows: `<row r="1"><c r="A1"`}, "table_unreadable"},
		"rows that go back":               {nil, rawSheet{rows: line(1, "", "姓名", "单位") + line(9, "", "a") + line(3, "", "b")}, "table_unreadable"},
		"cells that go back":              {nil, rawSheet{rows: `<row r="1">` + text("B1", "姓名") + text("A1", "单位") + `</row>`}, "table_unreadable"},
		"many rows that have but a style": {nil, rawSheet{rows: times(30_000, `<row r="%[1]d"><c r="A%[1]d" s="1"/><c r="B%[1]d" s="1"/></row>`)}, ""},
	} {
		c.sheet.name = "S"
		body := raw(t, c.parts, c.sheet)
		_, cells, err := drain(t.Context(), body, o)
		code := ""
		if err != nil {
			code = fault.From(err).Code
		}
		if code != c.code || cells > o.Cells+o.Columns {
			t.Errorf("%s: %d cells, error %v, want %q", name, cells, err, c.code)
		}
	}
}

// Cells without content cost neither memory nor the count of cells.
func TestReader_styledCells(t *testing.T) {
	work := func(rows int) uint64 {
		body := raw(t, nil, rawSheet{name: "S", rows: times(rows, `<row r="%[1]d" spans="1:16">`+strings.Repeat(`<c s="1"/>`, 16)+`</row>`)})
		return testkit.Allocated(func() {
			if n, cells, err := drain(t.Context(), body, small()); n != 0 || cells != 2 || err != nil {
				t.Fatalf("%d rows, %d cells, %v", n, cells, err)
			}
		})
	}
	few, many := work(1000), work(20_000)
	if each := (many - few) / 19_000; each > 200 {
		t.Errorf("a row of 16 cells without content takes %d bytes", each)
	}
}

// patient is a context that ends after it was asked so many times.
type patient struct {
	context.Context //nolint:containedctx // a context is what it is

	left int
}

func (p *patient) Err() error {
	if p.left--; p.left < 0 {
		return context.Canceled
	}
	return nil
}

// Reading ends within a few rows of the context, be they blank, hidden or full.
func TestReader_canceled(t *testing.T) {
	for name, row := range map[string]string{
		"full":   `<row r="%[1]d"><c r="A%[1]d"><v>1</v></c></row>`,
		"blank":  `<row r="%[1]d"><c r="A%[1]d" t="inlineStr"><is><t> </t></is></c></row>`,
		"hidden": `<row r="%[1]d" hidden="1"><c r="A%[1]d"><v>1</v></c></row>`,
		"styled": `<row r="%[1]d"><c r="A%[1]d" s="1"/></row>`,
	} {
		body := raw(t, nil, rawSheet{name: "S", rows: times(300_000, row)})
		o := small()
		o.Rows, o.Cells = 1_000_000, 1_000_000
		counted := &patient{context.Background(), 1 << 30}
		if _, _, err := drain(counted, body, o); err != nil {
			t.Fatal(err)
		}
		asked := 1<<30 - counted.left
		_, cells, err := drain(&patient{context.Background(), asked / 2}, body, o)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %d cells, error %v", name, cells, err)
		}
		// It is asked at least once in 64 rows, or in 64 KB of them.
		if asked < 300_000/2000 {
			t.Errorf("%s: asked %d times in 300,000 rows", name, asked)
		}
	}
	// A part that the workbook names again and again is not unpacked each time.
	sheets := []rawSheet{{name: "S", rows: times(20_000, `<row r="%[1]d"><c><v>1</v></c></row>`)}}
	var list, relations strings.Builder
	for i := range 300 {
		fmt.Fprintf(&list, `<sheet name="S%d" sheetId="%d" r:id="rId%d"/>`, i, i+1, i+1)
		relations.WriteString(relation(i+1, "worksheet", "worksheets/sheet1.xml"))
	}
	body := raw(t, map[string]string{
		"xl/workbook.xml":            `<workbook ` + spreadsheetML + `><sheets>` + list.String() + `</sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": relationsML + relations.String() + `</Relationships>`,
	}, sheets...)
	o := small()
	o.Unzipped = 2 << 20
	if _, _, err := drain(t.Context(), body, o); !fault.HasCode(err, "table_too_large") {
		t.Errorf("a part named 300 times: %v", err)
	}
}
