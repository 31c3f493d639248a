package table_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/laurel-awards/laurel/pkg/table"
)

// part is something in a generated workbook: a text, an error, a picture.
type part struct {
	kind      string // text, error, picture
	text, ref string
	sheet     string
	line, col int
}

// in tells whether a warning with one of these codes names something.
func (r read) in(name string, codes ...string) bool {
	return slices.ContainsFunc(r.warnings, func(w table.Warning) bool {
		if !slices.Contains(codes, w.Code) {
			return false
		}
		for _, v := range w.Params {
			for _, item := range strings.FieldsFunc(v, func(r rune) bool { return r == ',' }) {
				item = strings.TrimSpace(item)
				from, to, isRange := strings.Cut(item, "–")
				a, errA := strconv.Atoi(from)
				b, errB := strconv.Atoi(to)
				n, errN := strconv.Atoi(name)
				if item == name || isRange && errA == nil && errB == nil && errN == nil && a <= n && n <= b ||
					isRange && errA != nil && len(name) == 1 && from <= name && name <= to || strings.HasSuffix(item, " "+name) {
					return true
				}
			}
		}
		return false
	})
}

// Whatever is hidden, merged, floating, erroneous or surplus in a workbook: every
// part of it is either in the result or in the answer.
func TestReader_nothingInSilence(t *testing.T) {
	const columns, rows = 6, 8
	rapid.Check(t, func(rt *rapid.T) {
		var parts []part
		var sheets []rawSheet
		names := []string{"甲", "乙", "丙"}[:rapid.IntRange(1, 3).Draw(rt, "sheets")]
		for _, name := range names {
			s := rawSheet{name: name, state: rapid.SampledFrom([]string{"visible", "visible", "hidden", "veryHidden"}).Draw(rt, "state")}
			headed := name == "甲"
			if headed {
				s.state = "visible"
			}
			top := 1
			if headed {
				s.rows = line(1, "", "姓名", "单位", "多余")
				top = 2
			}
			for r := top; r <= rows; r++ {
				s.rows += fmt.Sprintf(`<row r="%d" ht="20" %s>`, r, rapid.SampledFrom([]string{"", "", `hidden="1"`}).Draw(rt, "row"))
				for c := range columns {
					ref := fmt.Sprintf("%c%d", 'A'+c, r)
					p := part{kind: rapid.SampledFrom([]string{"", "text", "text", "error"}).Draw(rt, "cell"), ref: ref, sheet: name, line: r, col: c, text: name + ref}
					switch p.kind {
					case "text":
						s.rows += text(ref, p.text)
					case "error":
						s.rows += `<c r="` + ref + `" t="e"><v>#N/A</v></c>`
					default:
						continue
					}
					parts = append(parts, p)
				}
				s.rows += "</row>"
			}
			for c := range columns {
				if rapid.IntRange(0, 5).Draw(rt, "hide") == 0 {
					s.before += fmt.Sprintf(`<col min="%d" max="%d" hidden="1"/>`, c+1, c+1)
				}
			}
			if s.before != "" {
				s.before = "<cols>" + s.before + "</cols>"
			}
			for range rapid.IntRange(0, 2).Draw(rt, "merged") {
				r, c := rapid.IntRange(top, rows-1).Draw(rt, "top"), rapid.IntRange(0, columns-2).Draw(rt, "left")
				s.after += fmt.Sprintf(`<mergeCell ref="%c%d:%c%d"/>`, 'A'+c, r, 'A'+c+rapid.IntRange(0, 1).Draw(rt, "width"), r+rapid.IntRange(0, 1).Draw(rt, "height"))
			}
			if s.after != "" {
				s.after = "<mergeCells>" + s.after + "</mergeCells>"
			}
			for range rapid.IntRange(0, 2).Draw(rt, "pictures") {
				r, c := rapid.IntRange(1, rows+3).Draw(rt, "at"), rapid.IntRange(0, columns).Draw(rt, "in")
				s.drawing += oneCell(point("from", c, 0, r-1, 0), 1000, 1000)
				parts = append(parts, part{kind: "picture", ref: fmt.Sprintf("%c%d", 'A'+c, r), sheet: name, line: r, col: c})
			}
			sheets = append(sheets, s)
		}
		got, err := open(rt.Context(), raw(rt, nil, sheets...), table.Options{Field: among("姓名", "单位"), Least: 2})
		if err != nil {
			rt.Fatal(err)
		}
		shown := make(map[string]bool)
		for _, row := range append(got.rows, got.Row) {
			for _, c := range row.Cells {
				shown[c] = true
			}
			for _, p := range row.Problems {
				shown[fmt.Sprintf("%d:%d", p.Line, p.Column)] = true
			}
		}
		for _, p := range parts {
			told := got.in(p.sheet, "sheets_hidden", "sheets_unread") || got.in(fmt.Sprint(p.line), "rows_hidden") || got.in(p.ref[:1], "columns_hidden")
			switch p.kind {
			case "text":
				told = told || shown[p.text] || got.in(p.ref, "cells_covered")
			case "error":
				told = told || shown[fmt.Sprintf("%d:%d", p.line, p.col+1)]
			case "picture":
				told = told || got.in(p.ref, "pictures_unread")
			}
			if !told {
				rt.Fatalf("nobody hears of %+v\nrows %v\nwarnings %+v", p, got.lines(), got.warnings)
			}
		}
	})
}
