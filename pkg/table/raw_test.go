package table_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/table"
)

// rawSheet is a sheet of a workbook that is written by its parts, as programs
// other than a library of ours write it.
type rawSheet struct {
	name, state string
	rows        string // of sheetData
	before      string // sheetData: formats and columns
	after       string // sheetData: merged cells, the drawing
	drawing     string // anchors
}

const (
	spreadsheetML = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" ` +
		`xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`
	relationsML   = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`
	relationTypes = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
	drawingML     = `xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" ` +
		`xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" ` +
		`xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`
)

// relation is a part's relation to another; its id is rId and its place.
func relation(i int, kind, target string) string {
	return fmt.Sprintf(`<Relationship Id="rId%d" Type="%s%s" Target="%s"/>`, i, relationTypes, kind, target)
}

// raw writes a workbook. Parts replace or add to what it has.
func raw(t interface{ Fatal(...any) }, parts map[string]string, sheets ...rawSheet) []byte {
	all := map[string]string{"_rels/.rels": relationsML + relation(1, "officeDocument", "xl/workbook.xml") + `</Relationships>`}
	var list, relations strings.Builder
	for i, s := range sheets {
		n := i + 1
		fmt.Fprintf(&list, `<sheet name="%s" sheetId="%d" state="%s" r:id="rId%d"/>`, s.name, n, s.state, n)
		relations.WriteString(relation(n, "worksheet", fmt.Sprintf("worksheets/sheet%d.xml", n)))
		after := s.after
		if s.drawing != "" {
			after += `<drawing r:id="rId1"/>`
			drawing := fmt.Sprintf("drawings/drawing%d.xml", n)
			all[fmt.Sprintf("xl/worksheets/_rels/sheet%d.xml.rels", n)] = relationsML + relation(1, "drawing", "../"+drawing) + `</Relationships>`
			all[fmt.Sprintf("xl/drawings/drawing%d.xml", n)] = `<xdr:wsDr ` + drawingML + `>` + s.drawing + `</xdr:wsDr>`
			all[fmt.Sprintf("xl/drawings/_rels/drawing%d.xml.rels", n)] = relationsML + relation(1, "image", "../media/image1.png") + `</Relationships>`
			all["xl/media/image1.png"] = "picture"
		}
		all[fmt.Sprintf("xl/worksheets/sheet%d.xml", n)] = `<?xml version="1.0" encoding="UTF-8"?><worksheet ` + spreadsheetML + `>` + s.before +
			`<sheetData>` + s.rows + `</sheetData>` + after + `</worksheet>`
	}
	relations.WriteString(relation(100, "styles", "styles.xml") + relation(101, "sharedStrings", "sharedStrings.xml"))
	all["xl/workbook.xml"] = `<workbook ` + spreadsheetML + `><sheets>` + list.String() + `</sheets></workbook>`
	all["xl/_rels/workbook.xml.rels"] = relationsML + relations.String() + `</Relationships>`
	for name, text := range parts {
		all[name] = text
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, text := range all {
		f, err := w.Create(name)
		if err == nil {
			_, err = io.WriteString(f, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// text is a cell with a text in it.
func text(ref, s string) string {
	return fmt.Sprintf(`<c r="%s" t="inlineStr"><is><t xml:space="preserve">%s</t></is></c>`, ref, s)
}

// line is a row of texts from column A on; blank ones are no cells.
func line(n int, attributes string, cells ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<row r="%d" %s>`, n, attributes)
	for i, c := range cells {
		if c != "" {
			b.WriteString(text(fmt.Sprintf("%c%d", 'A'+i, n), c))
		}
	}
	return b.String() + `</row>`
}

// read gives what a file says: its rows, what is told beside them, the pictures.
type read struct {
	table.Header
	sheet    string
	rows     []table.Row
	warnings []table.Warning
	pictures []table.Picture
}

func (r read) codes() []string {
	var out []string
	for _, w := range r.warnings {
		out = append(out, w.Code)
	}
	return out
}

// lines are the rows' cells, with their lines before them.
func (r read) lines() []string {
	var out []string
	for _, row := range r.rows {
		out = append(out, fmt.Sprintf("%d:%s", row.Line, strings.Join(row.Cells, "|")))
	}
	return out
}

func open(ctx context.Context, body []byte, o table.Options) (out read, err error) {
	t, err := table.Open(ctx, bytes.NewReader(body), o)
	if err != nil {
		return out, err
	}
	defer t.Close()
	out.Header, out.sheet = t.Header(), t.Sheet()
	for {
		row, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return out, err
		}
		row.Cells = append([]string{}, row.Cells...)
		out.rows = append(out.rows, row)
	}
	out.warnings = t.Warnings()
	out.pictures, err = t.Pictures()
	return out, err
}

// among makes a function that knows these names of columns.
func among(names ...string) func(string) string {
	return func(s string) string {
		for _, n := range names {
			if n == s {
				return n
			}
		}
		return ""
	}
}

// faultCodes are the codes of a fault's fields.
func faultCodes(err error) string {
	var out []string
	for _, f := range fault.From(err).Fields {
		out = append(out, f.Code)
	}
	return strings.Join(out, " ")
}
