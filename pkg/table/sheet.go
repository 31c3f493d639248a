package table

import (
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// ErrSheet says that it is not clear which sheet of a workbook is meant.
var ErrSheet = fault.New(fault.Invalid, "table_sheet", "it is not clear which sheet is meant")

// openSheet chooses the sheet of a workbook, and reads its header.
func (r *Reader) openSheet(f file, size int64) error {
	book, err := openWorkbook(r.ctx, f, size, r.options.Limits)
	if err != nil {
		return err
	}
	chosen, err := r.choose(book)
	if err != nil {
		return err
	}
	return r.begin(book, chosen)
}

// begin starts to read a sheet, and passes its header.
func (r *Reader) begin(book *workbook, p sheetPart) error {
	if r.src != nil {
		if err := r.src.close(); err != nil {
			return err
		}
	}
	layout, err := book.survey(p)
	if err != nil {
		return err
	}
	rows, err := book.rows(p, layout, r.options.Limits)
	if err != nil {
		return err
	}
	r.src, r.sheet, r.name = rows, rows, p.name
	r.rows, r.ended, r.ahead, r.header = 0, false, nil, Header{}
	if r.options.Field != nil {
		r.header, err = r.readHeader()
	}
	return err
}

// choose finds the sheet to read: the one that was named, or the only visible
// one that has a header. The others are told.
func (r *Reader) choose(book *workbook) (sheetPart, error) {
	var names, hidden, blank, plain, headed []string
	var chosen, first sheetPart
	for _, p := range book.sheets {
		names = append(names, p.name)
	}
	for _, p := range book.sheets {
		if r.options.Sheet != "" {
			if p.name == r.options.Sheet || Fold(p.name) == Fold(r.options.Sheet) && chosen.part == "" {
				chosen = p
			}
			continue
		}
		if p.hidden {
			hidden = append(hidden, p.name)
			continue
		}
		has, isHeaded, err := r.look(book, p)
		if err != nil {
			return p, err
		}
		switch {
		case isHeaded:
			headed = append(headed, p.name)
			if chosen.part == "" {
				chosen = p
			}
		case has:
			plain = append(plain, p.name)
			if first.part == "" {
				first = p
			}
		default:
			blank = append(blank, p.name)
		}
	}
	if r.options.Sheet != "" {
		if chosen.part == "" {
			return chosen, ErrSheet.At(fault.Wrong("sheet", "sheet_unknown", "{sheet} is none of the sheets {sheets}",
				"sheet", r.options.Sheet, "sheets", strings.Join(names, ", ")))
		}
		r.unread("sheets_unnamed", "the other sheets are not read: {sheets}", without(names, chosen.name))
		return chosen, nil
	}
	switch {
	case len(headed) > 1:
		return chosen, ErrSheet.At(fault.Wrong("sheet", "sheet_several",
			"the sheets {sheets} all name the columns: say which one is meant, by sheet=NAME", "sheets", strings.Join(headed, ", ")))
	case len(headed) == 0 && first.part != "":
		chosen = first
	case len(headed) == 0 && len(blank) > 0:
		for _, p := range book.sheets {
			if !p.hidden {
				chosen = p
				break
			}
		}
	case len(headed) == 0:
		return chosen, ErrSheet.At(fault.Wrong("sheet", "sheet_hidden",
			"all sheets are hidden: {sheets}; show one, or name it by sheet=NAME", "sheets", strings.Join(hidden, ", ")))
	}
	r.unread("sheets_hidden", "hidden sheets are not read: {sheets}", hidden)
	r.unread("sheets_unread", "sheets that do not name the columns are not read: {sheets}", without(plain, chosen.name))
	r.unread("sheets_other", "sheets that hold no cells are not read: {sheets}", book.others)
	return chosen, nil
}

func (r *Reader) unread(code, message string, sheets []string) {
	if len(sheets) > 0 {
		r.noticed = append(r.noticed, Warn(0, "sheet", code, message, "sheets", several(sheets)))
	}
}

func without(names []string, name string) []string {
	var out []string
	for _, n := range names {
		if n != name {
			out = append(out, n)
		}
	}
	return out
}

// unseen tells whether a sheet without visible rows has something all the same.
func (x *sheetRows) unseen() bool {
	return len(x.hiddenRows)+len(x.hiddenColumns) > 0 || x.layout.drawing != ""
}

// look tells whether a sheet has something in it, and whether it has a header.
// A sheet that is the only visible one is not read twice for that.
func (r *Reader) look(book *workbook, p sheetPart) (has, headed bool, err error) {
	visible := 0
	for _, s := range book.sheets {
		if !s.hidden {
			visible++
		}
	}
	if visible == 1 {
		return true, true, nil
	}
	if err := r.begin(book, p); err != nil {
		return false, false, err
	}
	if r.options.Field == nil {
		row, err := r.peek(0)
		return row.Line > 0 || r.sheet.unseen(), row.Line > 0, err
	}
	return r.header.Row.Line > 0 || r.sheet.unseen(), r.header.Found, nil
}
