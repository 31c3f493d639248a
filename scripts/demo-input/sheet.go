package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

const (
	sheetName = "推荐人选"
	headerRow = 3
	firstRow  = headerRow + 1
)

// The columns by letter.
const (
	colIndex, colName, colGender, colCategory, colEmployer = "A", "B", "C", "D", "E"
	colRegion, colYears, colDeeds, colBody, colPhoto       = "F", "G", "H", "I", "J"
)

func headings() []string {
	return []string{"序号", "姓名", "性别", "类别", "工作单位", "所在市州", "从业年限", "主要事迹", "推荐单位", "照片"}
}

// row is an entry as somebody typed it; "" leaves a cell empty.
type row struct {
	name, gender, category, employer, region string
	years                                    any // text or number
	deeds, body                              string
	photo                                    []byte // nil: none
	format                                   string // .png or .jpeg
}

// book is a workbook being typed.
type book struct {
	*excelize.File
	next  int // row
	count int // 序号
	cell  int // style
}

func newBook(title, from string) (*book, error) {
	b := &book{File: excelize.NewFile(), next: firstRow}
	if err := b.SetSheetName("Sheet1", sheetName); err != nil {
		return nil, err
	}
	heading, err := b.NewStyle(&excelize.Style{
		Font: &excelize.Font{Bold: true, Size: 18}, Alignment: &excelize.Alignment{Horizontal: "center", Vertical: "center"},
	})
	if err != nil {
		return nil, err
	}
	border := []excelize.Border{
		{Type: "left", Style: 1, Color: "808080"},
		{Type: "right", Style: 1, Color: "808080"},
		{Type: "top", Style: 1, Color: "808080"},
		{Type: "bottom", Style: 1, Color: "808080"},
	}
	column, err := b.NewStyle(&excelize.Style{
		Font: &excelize.Font{Bold: true}, Border: border, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"DDE6F0"}},
		Alignment: &excelize.Alignment{Horizontal: "center", Vertical: "center"},
	})
	if err != nil {
		return nil, err
	}
	b.cell, err = b.NewStyle(&excelize.Style{Border: border, Alignment: &excelize.Alignment{Vertical: "center", WrapText: true}})
	if err != nil {
		return nil, err
	}
	names := headings()
	return b, first(
		b.SetCellStr(sheetName, "A1", title), b.MergeCell(sheetName, "A1", "J1"),
		b.SetCellStyle(sheetName, "A1", "J1", heading), b.SetRowHeight(sheetName, 1, 36),
		b.SetCellStr(sheetName, "A2", from), b.MergeCell(sheetName, "A2", "F2"),
		b.SetCellStr(sheetName, "G2", "填报日期：2026年4月20日"), b.MergeCell(sheetName, "G2", "J2"),
		b.SetSheetRow(sheetName, "A"+strconv.Itoa(headerRow), &names),
		b.SetCellStyle(sheetName, "A"+strconv.Itoa(headerRow), "J"+strconv.Itoa(headerRow), column),
		b.SetColWidth(sheetName, "A", "A", 6), b.SetColWidth(sheetName, "B", "D", 11),
		b.SetColWidth(sheetName, "E", "E", 24), b.SetColWidth(sheetName, "F", "G", 10),
		b.SetColWidth(sheetName, "H", "H", 70), b.SetColWidth(sheetName, "I", "I", 26), b.SetColWidth(sheetName, "J", "J", 14),
		b.SetPanes(sheetName, &excelize.Panes{Freeze: true, YSplit: headerRow, TopLeftCell: "A4", ActivePane: "bottomLeft"}),
	)
}

// first gives the first error.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// add types a row and gives its number.
func (b *book) add(r row) (int, error) {
	at := strconv.Itoa(b.next)
	b.next++
	b.count++
	values := []any{b.count, text(r.name), text(r.gender), text(r.category), text(r.employer), text(r.region), r.years, text(r.deeds), text(r.body)}
	err := first(
		b.SetSheetRow(sheetName, colIndex+at, &values),
		b.SetCellStyle(sheetName, colIndex+at, colPhoto+at, b.cell),
		b.SetRowHeight(sheetName, b.next-1, 105),
	)
	if err == nil && r.photo != nil {
		err = b.AddPictureFromBytes(sheetName, colPhoto+at, &excelize.Picture{
			Extension: r.format, File: r.photo,
			Format: &excelize.GraphicOptions{ScaleX: 0.18, ScaleY: 0.18, OffsetX: 6, OffsetY: 6, AltText: r.name},
		})
	}
	if err != nil {
		return 0, fmt.Errorf("row %s: %w", at, err)
	}
	return b.next - 1, nil
}

// text leaves a cell empty where there is none.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// skip leaves a blank row.
func (b *book) skip() { b.next++ }

// note is the merged row below the table.
func (b *book) note(s string) error {
	at := strconv.Itoa(b.next + 1)
	return first(b.SetCellStr(sheetName, "A"+at, s), b.MergeCell(sheetName, "A"+at, "J"+at))
}

func (b *book) bytes() ([]byte, error) {
	out, err := b.WriteToBuffer()
	if err != nil {
		return nil, err
	}
	return out.Bytes(), b.Close()
}

const note = "注：1.类别填快递员、分拣员、运输驾驶员或网点负责人；2.主要事迹300字以内；3.照片为近期工装照。"

// goodBook is entries.xlsx.
func goodBook(rows []row) ([]byte, error) {
	b, err := newBook("第二届“陇原最美快递员”推荐人选汇总表", "填报单位：第二届“陇原最美快递员”评选活动办公室")
	if err != nil {
		return nil, err
	}
	for i, r := range rows {
		if i == 25 || i == 43 {
			b.skip()
		}
		if _, err := b.add(r); err != nil {
			return nil, err
		}
	}
	if err := b.note(note); err != nil {
		return nil, err
	}
	return b.bytes()
}

// typedAll types every entry.
func typedAll(entries []entry) ([]row, error) {
	var rows []row
	for i, e := range entries {
		r, err := typed(i, e)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// typed is how hands type the entry at place i: spaces that align names,
// stray ones at the ends, numbers in several ways.
func typed(i int, e entry) (row, error) {
	r := row{
		name: e.name, gender: e.gender, category: e.category, employer: e.employer, region: e.region,
		deeds: e.deeds, body: e.recommendedBy, format: e.portrait.format,
	}
	if runes := []rune(e.name); len(runes) == 2 {
		between := []string{"  ", "　", " ", ""}[i%4]
		r.name = string(runes[0]) + between + string(runes[1])
	}
	if e.employer == twinEmployer {
		r.name = "马 晓燕"
	}
	switch i % 7 {
	case 1:
		r.employer += " "
	case 3:
		r.region += "　"
	case 5:
		r.deeds = "　　" + r.deeds
	case 6:
		r.gender += " "
	}
	years := strconv.Itoa(e.years)
	r.years = []any{years + "年", e.years, years, fullWidth(years) + "年", years + " 年", fullWidth(years)}[i%6]
	if !e.photo {
		return r, nil
	}
	var err error
	r.photo, err = e.portrait.encode()
	return r, err
}

// fullWidth writes digits as a Chinese keyboard may.
func fullWidth(digits string) string {
	return strings.Map(func(r rune) rune { return r - '0' + '０' }, digits)
}
