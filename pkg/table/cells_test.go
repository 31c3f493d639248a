package table_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurel-awards/laurel/pkg/table"
)

// Every type of cell comes as it was typed, or is refused by its place.
func TestReader_cells(t *testing.T) {
	parts := map[string]string{
		"xl/sharedStrings.xml": `<sst ` + spreadsheetML + `><si><t>共享</t></si><si><r><t>富</t></r><r><rPr><b/></rPr><t xml:space="preserve"> 文本</t></r>` +
			`<rPh sb="0" eb="1"><t>フ</t></rPh></si><si><t>a_x000D_b_x005F_x</t></si></sst>`,
		"xl/styles.xml": `<styleSheet ` + spreadsheetML + `><numFmts><numFmt numFmtId="164" formatCode="00000"/>` +
			`<numFmt numFmtId="165" formatCode="[$-804]yyyy&quot;年&quot;m&quot;月&quot;"/>` +
			`<numFmt numFmtId="166" formatCode="h:mm"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>` +
			`<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="9"/>` +
			`<xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="166"/><xf numFmtId="22"/></cellXfs></styleSheet>`,
	}
	for _, c := range []struct {
		cell string // its attributes and body
		want string
		code string // of the problem
		lost bool   // no identifier
	}{
		{` t="s"><v>0</v>`, "共享", "", false},
		{` t="s"><v>1</v>`, "富 文本", "", false},
		{` t="s"><v>2</v>`, "a\rb_x", "", false},
		{` t="inlineStr"><is><t>行内</t></is>`, "行内", "", false},
		{` t="inlineStr"><is><r><t>a&amp;</t></r><r><t>&lt;&#x4e2d;&#25991;</t></r></is>`, "a&<中文", "", false},
		{` t="inlineStr"><is><t><![CDATA[<x>]]></t></is>`, "<x>", "", false},
		{` t="str"><f>A1</f><v>公式</v>`, "公式", "", false},
		{` t="str"><f>A1</f><v></v>`, "", "", false},
		{` t="b"><v>1</v>`, "TRUE", "", false},
		{` t="b"><v>0</v>`, "FALSE", "", false},
		{` t="d"><v>2026-05-01T00:00:00</v>`, "2026-05-01", "", false},
		{`><v>7</v>`, "7", "", false},
		{` t="n"><v>7.2999999999999998</v>`, "7.3", "", false},
		{`><v>1.0000000000000001E-5</v>`, "0.00001", "", true},
		{`><v>620102199001011234</v>`, "620102199001011234", "", true},
		{`><v>6.20102199001011E+17</v>`, "620102199001011000", "", true},
		{`><v>123456789012345</v>`, "123456789012345", "", false},
		{`><v>1234567890123456</v>`, "1234567890123456", "", true},
		{` t="inlineStr"><is><t>620102199001011234</t></is>`, "620102199001011234", "", false},
		{` t="inlineStr"><is><t>6.20102E+17</t></is>`, "6.20102E+17", "", true},
		{` s="1"><v>46143</v>`, "2026-05-01", "", false},
		{` s="1"><v>59</v>`, "1900-02-28", "", false},
		{` s="4"><v>46143.5</v>`, "2026-05-01 12:00:00", "", false},
		{` s="5"><v>0.375</v>`, "09:00:00", "", false},
		{` s="6"><v>46143.75</v>`, "2026-05-01 18:00:00", "", false},
		{` s="1"><v>-1</v>`, "-1", "", false},
		{` s="2"><v>0.85</v>`, "85%", "", false},
		{` s="3"><v>42</v>`, "00042", "", false},
		{` t="e"><v>#N/A</v>`, "", "error_cell", false},
		{` t="e"><f>1/0</f><v>#DIV/0!</v>`, "", "error_cell", false},
		{`><f>1+1</f><v>2</v>`, "2", "", false},
		{`><f>1+1</f>`, "", "formula_without_value", false},
		{`><f t="shared" si="0"/>`, "", "formula_without_value", false},
		{` t="q"><v>x</v>`, "", "cell_unknown", false},
		{` t="s"><v></v>`, "", "", false},
		{` s="1">`, "", "", false},
	} {
		rows := `<row r="3">` + text("A3", "x") + `<c r="B3"` + c.cell + `</c></row>`
		got, err := open(t.Context(), raw(t, parts, rawSheet{name: "S", rows: rows}), table.Options{})
		if err != nil || len(got.rows) != 1 {
			t.Errorf("%s: %d rows, error %v", c.cell, len(got.rows), err)
			continue
		}
		row := got.rows[0]
		code := ""
		for _, p := range row.Problems {
			if code = p.Code; p.Line != 3 || p.Column != 2 || p.Name != "B3" {
				t.Errorf("%s: %+v", c.cell, p)
			}
		}
		if _, lost := row.Inexact(1, "n"); row.Cell(1) != c.want || code != c.code || lost != c.lost {
			t.Errorf("%s: %q, problem %q, inexact %v", c.cell, row.Cell(1), code, lost)
		}
	}
}

// A merged cell has its text in all that it covers, names of columns take two
// rows, and what is hidden is told.
func TestReader_shapes(t *testing.T) {
	o := table.Options{Field: among("姓名", "性别", "单位", "地区", "备注"), Least: 2}
	merged := func(refs ...string) string {
		out := "<mergeCells>"
		for _, r := range refs {
			out += `<mergeCell ref="` + r + `"/>`
		}
		return out + "</mergeCells>"
	}
	for name, c := range map[string]struct {
		sheet    rawSheet
		fields   string
		lines    []string
		warnings []string
	}{
		"plain": {
			rawSheet{rows: line(1, "", "姓名", "性别") + line(2, "", "王强", "男")},
			"姓名 性别",
			[]string{"2:王强|男"},
			nil,
		},
		"a title over all columns": {
			rawSheet{rows: line(1, "", "姓名册") + line(2, "") + line(3, "", "姓名", "性别") + line(4, "", "王强", "男"), after: merged("A1:XFD1")},
			"姓名 性别",
			[]string{"4:王强|男"},
			nil,
		},
		"two rows, merged": {
			rawSheet{
				rows:  line(1, "", "姓名", "单位情况", "", "备注") + line(2, "", "", "单位", "地区") + line(3, "", "王强", "陇运", "兰州", "无"),
				after: merged("A1:A2", "B1:C1", "D1:D2"),
			},
			"姓名 单位 地区 备注",
			[]string{"3:王强|陇运|兰州|无"},
			nil,
		},
		"two rows, merged only over columns": {
			rawSheet{
				rows:  line(1, "", "姓名", "证件", "", "备注") + line(2, "", "", "号码", "电话") + line(3, "", "王强", "62", "138", "无"),
				after: merged("B1:C1"),
			},
			"姓名   备注",
			[]string{"3:王强|62|138|无"},
			nil,
		},
		"three rows": {
			rawSheet{
				rows:  line(1, "", "姓名", "情况") + line(2, "", "", "单位", "其他") + line(3, "", "", "", "地区", "性别") + line(4, "", "王强", "陇运", "兰州", "男"),
				after: merged("A1:A3", "B1:D1", "B2:B3", "C2:D2"),
			},
			"姓名 单位 地区 性别",
			[]string{"4:王强|陇运|兰州|男"},
			nil,
		},
		"a name over two columns, and so are its cells": {
			rawSheet{
				rows:  line(1, "", "姓名", "单位", "", "地区") + line(2, "", "王强", "陇运", "", "兰州") + line(3, "", "李娜", "丝路", "旁", "兰州"),
				after: merged("B1:C1", "B2:C2"),
			},
			"姓名 单位  地区",
			[]string{"2:王强|陇运|陇运|兰州", "3:李娜|丝路|旁|兰州"},
			[]string{"cells_merged"},
		},
		"down and across": {
			rawSheet{
				rows:  line(1, "", "姓名", "单位", "地区") + line(2, "", "王强", "陇运", "兰州") + line(3, "", "李娜") + line(4, "", "周梅", "", "甘南"),
				after: merged("B2:B4", "C2:C3"),
			},
			"姓名 单位 地区",
			[]string{"2:王强|陇运|兰州", "3:李娜|陇运|兰州", "4:周梅|陇运|甘南"},
			[]string{"cells_merged"},
		},
		"one nominee over two rows": {
			rawSheet{
				rows:  line(1, "", "姓名", "单位") + line(2, "", "王强", "陇运") + line(3, "") + line(4, "", "李娜", "丝路"),
				after: merged("A2:A3", "B2:B3"),
			},
			"姓名 单位",
			[]string{"2:王强|陇运", "4:李娜|丝路"},
			[]string{"cells_merged"},
		},
		"text below a merged cell": {
			rawSheet{rows: line(1, "", "姓名", "单位") + line(2, "", "王强", "陇运") + line(3, "", "李娜", "另一家"), after: merged("B2:B3")},
			"姓名 单位",
			[]string{"2:王强|陇运", "3:李娜|陇运"},
			[]string{"cells_merged", "cells_covered"},
		},
		"hidden rows": {
			rawSheet{
				rows: line(1, "", "姓名", "单位") + line(2, `hidden="1"`, "已撤回", "x") + line(3, `hidden="true"`) +
					line(4, `ht="0"`, "藏", "y") + line(5, "", "李娜", "丝路"),
			},
			"姓名 单位",
			[]string{"5:李娜|丝路"},
			[]string{"rows_hidden"},
		},
		"a merged cell that begins in a hidden row": {
			rawSheet{rows: line(1, "", "姓名", "单位") + line(2, `hidden="1"`, "已撤回", "陇运") + line(3, "", "李娜"), after: merged("B2:B3")},
			"姓名 单位",
			[]string{"3:李娜|陇运"},
			[]string{"rows_hidden", "cells_merged"},
		},
		"rows hidden by default": {
			rawSheet{before: `<sheetFormatPr zeroHeight="1"/>`, rows: line(1, `ht="20"`, "姓名", "单位") + line(2, "", "藏", "x") + line(3, `ht="20"`, "李娜", "丝路")},
			"姓名 单位",
			[]string{"3:李娜|丝路"},
			[]string{"rows_hidden"},
		},
		"hidden columns": {
			rawSheet{
				before: `<cols><col min="2" max="2" hidden="1"/><col min="4" max="4" width="0"/></cols>`,
				rows:   line(1, "", "姓名", "性别", "单位", "地区") + line(2, "", "王强", "男", "陇运", "兰州"),
			},
			"姓名  单位",
			[]string{"2:王强||陇运"},
			[]string{"columns_hidden"},
		},
	} {
		c.sheet.name = "S"
		got, err := open(t.Context(), raw(t, nil, c.sheet), o)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if fields := strings.TrimRight(strings.Join(got.Fields, " "), " "); fields != c.fields {
			t.Errorf("%s: fields %q, want %q", name, fields, c.fields)
		}
		if diff := cmp.Diff(c.lines, got.lines()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(c.warnings, got.codes()); diff != "" {
			t.Errorf("%s: warnings (-want +got):\n%s", name, diff)
		}
	}
}

// The sheet is the only visible one that names the columns, or the one that was
// named; the others are told.
func TestReader_sheets(t *testing.T) {
	headed := func(name, state, who string) rawSheet {
		return rawSheet{name: name, state: state, rows: line(1, "", "姓名", "单位") + line(2, "", who, "x")}
	}
	plain := rawSheet{name: "说明", state: "visible", rows: line(1, "", "请先读这里")}
	for name, c := range map[string]struct {
		sheets   []rawSheet
		ask      string
		want     string // sheet and its first name, or the fault's field code
		warnings []string
	}{
		"hidden first":           {[]rawSheet{headed("去年", "veryHidden", "旧"), headed("今年", "visible", "新")}, "", "今年 新", []string{"sheets_hidden"}},
		"hidden last":            {[]rawSheet{headed("今年", "visible", "新"), headed("去年", "hidden", "旧")}, "", "今年 新", []string{"sheets_hidden"}},
		"two with headings":      {[]rawSheet{headed("甲", "visible", "一"), headed("乙", "visible", "二")}, "", "sheet_several", nil},
		"two, named":             {[]rawSheet{headed("甲", "visible", "一"), headed("乙", "visible", "二")}, "乙", "乙 二", []string{"sheets_unnamed"}},
		"hidden, named":          {[]rawSheet{headed("甲", "visible", "一"), headed("乙", "hidden", "二")}, "乙", "乙 二", []string{"sheets_unnamed"}},
		"named, as it is not":    {[]rawSheet{headed("甲", "visible", "一")}, "丙", "sheet_unknown", nil},
		"a page of instructions": {[]rawSheet{plain, headed("名单", "visible", "一")}, "", "名单 一", []string{"sheets_unread"}},
		"blank ones":             {[]rawSheet{{name: "Sheet2"}, headed("名单", "visible", "一"), {name: "Sheet3"}}, "", "名单 一", nil},
		"all hidden":             {[]rawSheet{headed("甲", "hidden", "一")}, "", "sheet_hidden", nil},
		"rows are all hidden": {
			[]rawSheet{{name: "藏", rows: line(1, `hidden="1"`, "姓名", "单位")}, headed("名单", "visible", "一")},
			"", "名单 一",
			[]string{"sheets_unread"},
		},
	} {
		got, err := open(t.Context(), raw(t, nil, c.sheets...), table.Options{Sheet: c.ask, Field: among("姓名", "单位"), Least: 2})
		answer := ""
		if err != nil {
			answer = faultCodes(err)
		} else {
			answer = fmt.Sprint(got.sheet, " ", got.rows[0].Cell(0))
		}
		if diff := cmp.Diff(c.warnings, got.codes()); answer != c.want || diff != "" {
			t.Errorf("%s: %q, want %q; warnings %s", name, answer, c.want, diff)
		}
	}
}
