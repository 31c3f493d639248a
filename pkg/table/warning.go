package table

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/laurel-awards/laurel/pkg/fault"
)

// Warning is what was seen in a file and is not among its rows, or is a doubt
// about a row that does not keep it out. Code and params together say the same
// as the message, as those of a fault's field.
type Warning struct {
	Row     int               `json:"row,omitempty"` // in the file, from 1; 0 is the file as a whole
	Field   string            `json:"field"`         // the heading of a column, or what it is about: sheet, rows, photo
	Code    string            `json:"code"`
	Params  map[string]string `json:"params,omitempty"`
	Message string            `json:"message"`
}

// Warn makes a warning as fault.Wrong makes a field.
func Warn(row int, field, code, message string, params ...any) Warning {
	f := fault.Wrong(field, code, message, params...)
	return Warning{Row: row, Field: field, Code: code, Params: f.Params, Message: f.Message}
}

// listed is how many things a warning names.
const listed = 100

// several names things, and how many more there are.
func several(names []string) string {
	if len(names) > listed {
		return fmt.Sprintf("%s … (%d)", strings.Join(names[:listed], ", "), len(names))
	}
	return strings.Join(names, ", ")
}

// ranges writes ascending numbers as 3, 7–9.
func ranges(numbers []int, name func(int) string) string {
	var out []string
	for i := 0; i < len(numbers); {
		j := i
		for j+1 < len(numbers) && numbers[j+1] == numbers[j]+1 {
			j++
		}
		if j == i {
			out = append(out, name(numbers[i]))
		} else {
			out = append(out, name(numbers[i])+"–"+name(numbers[j]))
		}
		i = j + 1
	}
	return several(out)
}

// warnings tells what a sheet has beside the rows that were given. All of them
// have been read; header is the last line of the columns' names.
func (x *sheetRows) warnings(header int, picturesRead bool) []Warning {
	var out []Warning
	if n := len(x.hiddenRows); n > 0 {
		out = append(out, Warn(0, "rows", "rows_hidden", "{count} rows that are hidden or filtered out are not read: {rows}",
			"count", n, "rows", ranges(x.hiddenRows, strconv.Itoa)))
	}
	if len(x.hiddenColumns) > 0 {
		var columns []int
		for c := range x.hiddenColumns {
			columns = append(columns, c)
		}
		slices.Sort(columns)
		out = append(out, Warn(0, "columns", "columns_hidden", "hidden columns are not read: {columns}", "columns", ranges(columns, columnName)))
	}
	var merged []string
	for _, a := range x.merged.shown {
		if a.bottom > header {
			merged = append(merged, a.String())
		}
	}
	if len(merged) > 0 {
		out = append(out, Warn(0, "rows", "cells_merged", "merged cells have their text in every row and column that they cover: {cells}",
			"count", len(merged), "cells", several(merged)))
	}
	if len(x.covered) > 0 {
		out = append(out, Warn(0, "rows", "cells_covered", "text that lies under merged cells is not read: {cells}",
			"count", len(x.covered), "cells", several(x.covered)))
	}
	if x.layout.comments {
		out = append(out, Warn(0, "comments", "comments_unread", "the comments of cells are not read"))
	}
	pictures, others, err := x.all()
	if err != nil {
		return append(out, Warn(0, "pictures", "drawings_unread", "drawings are not read: {reason}", "reason", err))
	}
	if len(others) > 0 {
		out = append(out, Warn(0, "pictures", "drawings_unread", "drawings are not read: {reason}", "reason", several(others)))
	}
	if len(pictures) > 0 && !picturesRead {
		var names []string
		for _, p := range pictures {
			names = append(names, strings.TrimSpace(p.Name+" "+p.Ref))
		}
		out = append(out, Warn(0, "pictures", "pictures_unread", "{count} pictures are not read: {names}", "count", len(names), "names", several(names)))
	}
	return out
}
