package sheet

import (
	"slices"
	"strings"
	"unicode"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/services/nomination/internal/form"
)

// serial is the column of running numbers, which is not read.
const serial = "no"

// titles are the headings that mean a field; the first Chinese and the first
// English one name it in faults.
func titles() map[string][]string {
	return map[string][]string{
		serial:             {"序号", "no", "编号", "#"},
		form.Name:          {"姓名", "name", "名称"},
		form.Gender:        {"性别", "gender", "sex"},
		form.Category:      {"类别", "category", "参评类别"},
		form.Employer:      {"工作单位", "employer", "单位", "所在单位"},
		form.Region:        {"所在市州", "region", "市州", "地区", "所在地区", "所在地"},
		form.Years:         {"从业年限", "years", "从业年数", "yearsonthejob"},
		form.Deeds:         {"主要事迹", "deeds", "事迹", "先进事迹"},
		form.RecommendedBy: {"推荐单位", "recommended_by"},
		form.Photo:         {"照片", "photo", "picture"},
	}
}

// headingKey is a heading without what people add to it: a unit or a hint in
// brackets, a star for what is required, spaces that spread the characters.
func headingKey(s string) string {
	key := strings.NewReplacer("_", "", "-", "", "*", "", "·", "", ":", "").Replace(form.Key(s))
	if hint := strings.IndexByte(key, '('); hint > 0 {
		key = key[:hint]
	}
	return key
}

// heading is the row that names the columns.
type heading struct {
	row    table.Row
	fields []string       // by column; "" is unknown or blank
	column map[string]int // by field
}

// readHeading gives the columns of a row.
func readHeading(row table.Row, attributes []string) heading {
	known := make(map[string]string)
	for field, names := range titles() {
		for _, name := range names {
			known[headingKey(name)] = field
		}
	}
	for _, id := range attributes {
		known[headingKey(id)] = form.Attribute(id)
	}
	row.Cells = slices.Clone(row.Cells)
	h := heading{row, make([]string, len(row.Cells)), make(map[string]int)}
	for i, cell := range row.Cells {
		h.fields[i] = known[headingKey(cell)]
		if _, twice := h.column[h.fields[i]]; h.fields[i] != "" && !twice {
			h.column[h.fields[i]] = i
		}
	}
	return h
}

// label is a column's heading as it stands in the file.
func (h heading) label(column int) string {
	return strings.Join(strings.Fields(h.row.Cell(column)), "")
}

// problems are the columns that are unknown, twice there, or missing.
func (h heading) problems(required []string) []fault.Field {
	var fields []fault.Field
	for i, field := range h.fields {
		switch {
		case table.Text(h.row.Cell(i)) == "":
		case field == "":
			fields = append(fields, h.row.Wrong(i, h.label(i), "unknown_column", "is no column that is known; remove it"))
		case h.column[field] != i:
			fields = append(fields, h.row.Wrong(i, h.label(i), "column_twice", "the column is there twice"))
		}
	}
	for _, field := range required {
		if _, ok := h.column[field]; !ok {
			fields = append(fields, fault.Wrong(h.title(field), "column_missing", "the column is missing").In(h.row.Line, 0))
		}
	}
	return fields
}

// title names a field in the language of the file's headings.
func (h heading) title(field string) string {
	names := titles()[field]
	if len(names) == 0 {
		return strings.TrimPrefix(field, form.Attribute(""))
	}
	if strings.ContainsFunc(strings.Join(h.row.Cells, ""), func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		return names[0]
	}
	return names[1]
}
