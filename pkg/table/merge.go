package table

// mergedCells repeats the text of each merged cell in every row and column that
// it covers, as sheets are read by people.
type mergedCells struct {
	coming []area // in order of their first row
	open   []openMerge
	shown  []area // those whose text was repeated
}

type openMerge struct {
	area
	text string
	mark mark
	told bool
}

// expand repeats the merged cells that cover the present row.
func (x *sheetRows) expand() error {
	m := &x.merged
	for len(m.coming) > 0 && m.coming[0].top <= x.line {
		a := m.coming[0]
		m.coming = m.coming[1:]
		if a.bottom < x.line {
			continue // of rows that are not there
		}
		o := openMerge{area: a}
		if a.top == x.line {
			o.text, o.mark = x.row.Cell(a.left), x.row.mark(a.left)
		}
		m.open = append(m.open, o)
	}
	kept := m.open[:0]
	for _, o := range m.open {
		if o.bottom < x.line {
			continue
		}
		if err := x.repeat(&o); err != nil {
			return err
		}
		kept = append(kept, o)
	}
	m.open = kept
	return nil
}

func (x *sheetRows) repeat(o *openMerge) error {
	right := min(o.right, x.limits.Columns-1)
	if x.cells += right - o.left + 1; x.cells > x.limits.Cells {
		return beyond("table_cells", "the sheet {sheet} has more than {max} cells", "sheet", x.sheet.name, "max", x.limits.Cells)
	}
	m := o.mark
	if x.line > o.top {
		m |= fromAbove
	}
	for c := o.left; c <= right; c++ {
		if c == o.left && x.line == o.top {
			continue
		}
		if own := Text(x.row.Cell(c)); own != "" && x.row.mark(c)&(fromLeft|fromAbove) == 0 {
			x.covered = append(x.covered, cellName(c, x.line))
		}
		if Text(o.text) == "" {
			if c < len(x.row.Cells) {
				x.row.Cells[c] = ""
			}
			continue
		}
		if x.text += int64(len(o.text)); x.text > x.limits.Unzipped {
			return beyond("table_text", "the cells of the sheet {sheet} have more than {max} bytes of text", "sheet", x.sheet.name, "max", x.limits.Unzipped)
		}
		with := m
		if c > o.left {
			with |= fromLeft
		}
		x.row.set(c, o.text, with)
		if !o.told {
			o.told = true
			x.merged.shown = append(x.merged.shown, o.area)
		}
	}
	return nil
}
