package table

// Cells is how many cells with something in them have been looked at.
func (r *Reader) Cells() int { return r.sheet.cells }
