package sheet

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/table"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/form"
)

// The columns that say nothing of a nominee.
const (
	serial = "no"    // running numbers, by which photos may be matched
	marks  = "marks" // what a check of ours wrote into the file
)

// titles are the headings that mean a field; the first Chinese and the first
// English one name it in faults. docs/files.md lists them, and a rulebook adds
// its own.
func titles() map[string][]string {
	return map[string][]string{
		serial:        {"序号", "no", "编号", "#", "序", "排序"},
		marks:         nomination.MarkHeadings(),
		form.Name:     {"姓名", "name", "名称", "推荐人选", "人选姓名", "被推荐人", "被推荐人姓名", "候选人姓名", "fullname", "nominee"},
		form.Gender:   {"性别", "gender", "sex"},
		form.Category: {"类别", "category", "参评类别", "推荐类别", "申报类别", "岗位类别"},
		form.Employer: {
			"工作单位", "employer", "单位", "所在单位", "工作单位及职务", "单位及职务", "工作单位和职务", "工作单位、职务", "工作单位/职务",
			"所在单位及职务", "单位名称", "工作单位名称", "工作单位及岗位", "现工作单位", "现工作单位及职务", "company", "organization",
		},
		form.Region: {"所在市州", "region", "市州", "地区", "所在地区", "所在地", "所属地区", "所属市州", "所在城市", "city"},
		form.Years:  {"从业年限", "years", "从业年数", "yearsonthejob", "工作年限", "从业时间"},
		form.Deeds: {
			"主要事迹", "deeds", "事迹", "先进事迹", "主要先进事迹", "事迹简介", "主要事迹简介", "简要事迹", "事迹材料", "推荐理由", "story",
		},
		form.RecommendedBy: {"推荐单位", "recommended_by", "推荐单位名称", "推荐部门", "报送单位", "推荐工会", "recommendedby", "nominatedby"},
		form.Photo:         {"照片", "photo", "picture", "免冠照片", "近照", "证件照", "个人照片", "portrait"},
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

// fieldOf gives what a heading means in a form: a field, "" if it is unknown.
func fieldOf(f form.Form) func(string) string {
	known := make(map[string]string)
	for field, names := range titles() {
		for _, name := range names {
			known[headingKey(name)] = field
		}
	}
	for _, id := range f.Attributes() {
		known[headingKey(id)] = form.Attribute(id)
	}
	for field, names := range f.Headings() {
		for _, name := range names {
			known[headingKey(name)] = field
		}
	}
	return func(heading string) string { return known[headingKey(heading)] }
}

// heading is the row that names the columns.
type heading struct {
	table.Header

	notes map[int]bool // columns that are kept as private notes, where the caller says so of each
}

// use has the caller say what each column is.
func (h *heading) use(uses []string) {
	h.Fields, h.notes = make([]string, max(len(h.Row.Cells), len(uses))), make(map[int]bool)
	for i, use := range uses {
		switch use {
		case nomination.UseLeave:
		case nomination.UseNote:
			h.notes[i] = true
			for len(h.Row.Cells) <= i {
				h.Row.Cells = append(h.Row.Cells, "")
			}
			if h.Row.Cells[i] == "" {
				h.Row.Cells[i] = fmt.Sprintf("column %d", i+1)
			}
		default:
			h.Fields[i] = use
		}
	}
}

// label is a column's heading as it stands in the file.
func (h heading) label(column int) string {
	return strings.Join(strings.Fields(h.Row.Cell(column)), "")
}

// missing are the required fields that have no column, and the fields that have
// two.
func (h heading) missing(required []string) []fault.Field {
	var fields []fault.Field
	for i, field := range h.Fields {
		if field != "" && h.Column(field) != i {
			fields = append(fields, h.Row.Wrong(i, h.label(i), "column_twice", "the column is there twice"))
		}
	}
	for _, field := range required {
		if h.Column(field) < 0 {
			fields = append(fields, fault.Wrong(h.title(field), "column_missing", "the column is missing").In(h.Row.Line, 0))
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
	if strings.ContainsFunc(strings.Join(h.Row.Cells, ""), func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		return names[0]
	}
	return names[1]
}
