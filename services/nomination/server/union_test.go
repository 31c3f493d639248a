package server_test

import (
	"fmt"
	"image/png"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/nomination"
)

// unionBook is a 推荐人选汇总表 as unions keep it: a merged title, two rows of
// names, columns that no form has, a hidden row, a totals row.
func unionBook(t *testing.T) *book {
	t.Helper()
	b := &book{t, excelize.NewFile(), 1}
	t.Cleanup(func() { _ = b.file.Close() })
	b.row("“陇原最美快递员”推荐人选汇总表")
	b.row("序号", "姓名", "性别", "民族", "出生年月", "政治面貌", "工作单位及职务", "类别", "所在市州", "从业年限", "主要事迹", "证件及联系方式", "", "照片")
	b.row("", "", "", "", "", "", "", "", "", "", "", "身份证号", "联系电话")
	for _, merged := range []string{"A1:N1", "L2:M2"} {
		from, to, _ := strings.Cut(merged, ":")
		b.must(b.file.MergeCell("Sheet1", from, to))
	}
	for _, c := range "ABCDEFGHIJKN" {
		b.must(b.file.MergeCell("Sheet1", fmt.Sprintf("%c2", c), fmt.Sprintf("%c3", c)))
	}
	b.row(1, "王强", "男", "汉族", "1990.10", "党员", "陇运速递营业部经理", "快递员", "兰州市", 8, "十年如一日。", "620102199010011234", "13893112345")
	b.row(2, "已撤回", "男", "汉族", "1991.01", "群众", "丝路速运", "快递员", "兰州市", 3, "撤回。", "620102199101011234", "13893112346")
	b.row(3, "李娜", "女", "回族", "1992.03", "群众", "丝路速运快递员", "分拣员", "临夏州", 5, "雪夜送药。", "62010219920301123X", "13893112347")
	b.row("合计", "", 2)
	b.must(b.file.SetRowVisible("Sheet1", 5, false))
	return b
}

// The union's table is taken at the first upload, with one answer for all columns
// that the form has not.
func TestImport_union(t *testing.T) {
	r := opened(t)
	body := unionBook(t).bytes()
	ask := func(unknown nomination.Unknown) (nomination.Imported, error) {
		return r.ImportEntries(staff(t), nomination.ImportEntries{Slug: slug, Blob: r.Upload(body), Unknown: unknown})
	}
	// Without the answer, all that is wrong is named at once.
	_, err := ask("")
	var got []string
	fields(t, err, nomination.ErrImport)
	for _, f := range fault.From(err).Fields {
		got = append(got, f.Name+" "+f.Code)
	}
	want := []string{"民族 unknown_column", "出生年月 unknown_column", "政治面貌 unknown_column", "身份证号 unknown_column", "联系电话 unknown_column"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := ask("keep"); !cmp.Equal(fields(t, err, nomination.ErrImport), []string{"unknown"}) {
		t.Errorf("another answer: %v", err)
	}
	r.unchanged(t)

	done, err := ask(nomination.UnknownNote)
	if err != nil || done.Entries != 2 || done.Sheet != "Sheet1" {
		t.Fatalf("%+v, %v", done, err)
	}
	codes := func(in nomination.Imported) (out []string) {
		for _, w := range in.Warnings {
			out = append(out, fmt.Sprint(w.Row, " ", w.Code))
		}
		return out
	}
	if diff := cmp.Diff([]string{"0 rows_hidden", "7 total_row"}, codes(done)); diff != "" {
		t.Error(diff)
	}
	e, err := r.GetEntry(testkit.Context(t), nomination.OfEntry{Slug: slug, Entry: done.IDs[0]})
	notes := ""
	for _, n := range e.Notes {
		notes += n.Column + "=" + n.Text + " "
	}
	kept := "民族=汉族 出生年月=1990.10 政治面貌=党员 身份证号=620102199010011234 联系电话=13893112345 "
	if diff := cmp.Diff(kept, notes); diff != "" || err != nil || e.Nominee.Employer != "陇运速递营业部经理" {
		t.Errorf("%+v, %v\n%s", e.Nominee, err, diff)
	}
	listed, err := r.ListEntries(testkit.Context(t), nomination.ListEntries{Slug: slug})
	if err != nil || len(listed) != 2 || len(listed[1].Notes) != 5 {
		t.Errorf("%+v, %v", listed, err)
	}

	t.Run("left out", func(t *testing.T) {
		r := opened(t)
		done, err := r.ImportEntries(staff(t), nomination.ImportEntries{Slug: slug, Blob: r.Upload(body), Unknown: nomination.UnknownLeave})
		if diff := cmp.Diff([]string{"0 rows_hidden", "0 columns_left", "7 total_row"}, codes(done)); diff != "" || err != nil {
			t.Fatalf("%v\n%s", err, diff)
		}
		if n := r.Count(`SELECT count(*) FROM entry WHERE notes = '[]'`); n != 2 {
			t.Errorf("%d entries without notes", n)
		}
	})
	t.Run("by the rulebook's headings", func(t *testing.T) {
		r := setup(t)
		r.selection.Freeze(strings.Replace(rules, "awards:", "headings: [{field: party, names: [政治面貌]}, {field: employer, names: [派出单位]}]\nawards:", 1))
		r.selection.Open("nomination")
		done, err := r.load(t, []byte("姓名,性别,类别,派出单位,所在市州,主要事迹,政治面貌\n王强,男,快递员,陇运速递,兰州市,十年如一日。,党员\n"), false)
		if err != nil {
			t.Fatal(err)
		}
		e, err := r.GetEntry(testkit.Context(t), nomination.OfEntry{Slug: slug, Entry: done.IDs[0]})
		if err != nil || e.Nominee.Employer != "陇运速递" || e.Nominee.Attributes["party"] != "党员" {
			t.Errorf("%+v, %v", e.Nominee, err)
		}
	})
	t.Run("numbers in the place of text", func(t *testing.T) {
		b := unionBook(t)
		b.must(b.file.SetCellInt("Sheet1", "L4", 620102199010011234))
		b.must(b.file.SetCellInt("Sheet1", "M4", 13893112345))
		_, err := r.ImportEntries(staff(t), nomination.ImportEntries{Slug: slug, Blob: r.Upload(b.bytes()), Unknown: nomination.UnknownNote})
		for _, f := range fault.From(err).Fields {
			if f.Code == "number_inexact" && f.Name == "身份证号" && f.Line == 4 && f.Column == 12 {
				return
			}
		}
		t.Errorf("error %v", err)
	})
}

// Errors are mistakes by row and column, once each; a total with a whole row is
// nobody's name.
func TestImport_cells(t *testing.T) {
	r := opened(t)
	b := newBook(t)
	b.row(1, "王强", "男", "快递员", "x", "y", 8, "事迹。", "z")
	b.row(2, "合计", "男", "快递员", "陇运速递", "兰州市", 8, "事迹。")
	errors := map[string]string{"E4": "#N/A", "F4": "#REF!", "I4": "#VALUE!"}
	for ref, value := range errors {
		b.must(b.file.SetCellDefault("Sheet1", ref, value))
	}
	body := b.bytes()
	for ref, value := range errors {
		body = edited(t, body, "xl/worksheets/sheet1.xml", `<c r="`+ref+`" t="inlineStr"><is><t>`+value+`</t></is>`, `<c r="`+ref+`" t="e"><v>`+value+`</v>`)
	}
	_, err := r.load(t, body, false)
	var got []string
	for _, f := range fault.From(err).Fields {
		got = append(got, fmt.Sprintf("%d:%d %s %s", f.Line, f.Column, f.Name, f.Code))
	}
	want := []string{"4:5 工作单位 error_cell", "4:6 所在市州 error_cell", "4:9 推荐单位 error_cell", "5:2 姓名 is_total"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	r.unchanged(t)
}

// Each portrait is the nominee's whose row holds most of it; what fits nobody is
// told by its name and place.
func TestImport_pictures(t *testing.T) {
	r := opened(t)
	b := newBook(t)
	for i := range 4 {
		n := nominee(i)
		b.row(i, n.Name, n.Gender, n.Category, n.Employer, n.Region, 8, n.Deeds)
		b.must(b.file.SetRowHeight("Sheet1", i+4, 60))
	}
	b.row("合计", "", 4)
	b.must(b.file.SetColWidth("Sheet1", "J", "J", 20))
	at := func(cell string, offset, width int) {
		t.Helper()
		b.must(b.file.AddPictureFromBytes("Sheet1", cell, &excelize.Picture{
			Extension: ".png", File: encoded(t, png.Encode, width), Format: &excelize.GraphicOptions{OffsetY: offset, Positioning: "oneCell"},
		}))
	}
	at("J4", 70, 31) // most of it is in row 5
	at("J6", 5, 32)
	at("J6", 30, 33) // a second one
	at("J8", 0, 34)  // the total's
	at("B7", 0, 35)  // beside the name
	at("J3", 0, 36)  // beside the heading
	done, err := r.load(t, b.bytes(), false)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range done.Warnings {
		got = append(got, fmt.Sprint(w.Row, " ", w.Code, " ", w.Params["picture"] != ""))
	}
	want := []string{
		"8 total_row false", "3 picture_unplaced true", "7 picture_outside true", "8 picture_unplaced true", "6 pictures_several true", "6 pictures_several true",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	entries, err := r.ListEntries(testkit.Context(t), nomination.ListEntries{Slug: slug})
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range entries {
		if has := e.Nominee.Photo != ""; has != (i == 1) {
			t.Errorf("nominee %d has a photo: %v", i, has)
		}
	}
	if size := r.photoSize(t, entries[1].Nominee.Photo); size.X != 31 {
		t.Errorf("another's photo, of %v", size)
	}
}

// Where several sheets name the columns the caller says which.
func TestImport_sheets(t *testing.T) {
	r := opened(t)
	f := excelize.NewFile()
	defer f.Close()
	for _, name := range []string{"去年", "快递员", "分拣员"} {
		if _, err := f.NewSheet(name); err != nil {
			t.Fatal(err)
		}
		for i, row := range [][]any{{"姓名", "性别", "类别", "工作单位", "所在市州", "主要事迹"}, {"王强", "男", "快递员", name, "兰州市", "事迹。"}} {
			if err := f.SetSheetRow(name, fmt.Sprintf("A%d", i+1), &row); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := f.SetSheetVisible("去年", false, true); err != nil {
		t.Fatal(err)
	}
	out, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	in := nomination.ImportEntries{Slug: slug, Blob: r.Upload(out.Bytes())}
	_, err = r.ImportEntries(staff(t), in)
	if got := fault.From(err); got.Code != "table_sheet" || len(got.Fields) != 1 || got.Fields[0].Params["sheets"] != "快递员, 分拣员" {
		t.Errorf("%v", err)
	}
	in.Sheet = "分拣员"
	done, err := r.ImportEntries(staff(t), in)
	if err != nil || done.Sheet != "分拣员" || len(done.Warnings) != 1 || done.Warnings[0].Params["sheets"] != "Sheet1, 去年, 快递员" {
		t.Errorf("%+v, %v", done, err)
	}
	if n := r.Count(`SELECT count(*) FROM entry WHERE employer = '分拣员'`); n != 1 {
		t.Errorf("%d entries of the sheet", n)
	}
}
