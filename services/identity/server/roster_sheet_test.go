package server_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/services/identity"
)

// rosterBook is a roster as unions keep it.
func rosterBook(t *testing.T, rows ...[]any) string {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, row := range rows {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.SetRowVisible("Sheet1", 4, false); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := f.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Identity numbers that a spreadsheet has cut are refused with how to keep them,
// totals by row; what is hidden is told.
func TestRoster_sheets(t *testing.T) {
	r := setup(t)
	in := identity.ImportRoster{Slug: "s-1"}
	title, head, hidden := []any{"会员名册"}, []any{"编号", "姓名"}, []any{"9", "已调离"}
	_, err := r.load(t, in, rosterBook(t, title, head, []any{620102199001011234, "王强"}, hidden, []any{6.20103199102022e+17, "李娜"},
		[]any{"620104199203033011", "赵递"}, []any{13893112345, "钱运"}, []any{"合计", 4}))
	var got []string
	for _, f := range fault.From(err).Fields {
		got = append(got, fmt.Sprintf("%d:%d %s %s", f.Line, f.Column, f.Name, f.Code))
	}
	if diff := cmp.Diff([]string{"3:1 编号 number_inexact", "5:1 编号 number_inexact", "8:1 编号 is_total"}, got); diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	out, err := r.load(t, in, rosterBook(t, title, head, []any{"620102199001011234", "王强"}, hidden, []any{13893112345, "钱运"}))
	if err != nil || out.Added != 2 || out.Sheet != "Sheet1" || len(out.Warnings) != 1 ||
		out.Warnings[0].Code != "rows_hidden" || out.Warnings[0].Params["rows"] != "4" {
		t.Errorf("%+v, %v", out, err)
	}
	gbk, err := simplifiedchinese.GBK.NewEncoder().String("编号;姓名\n18;李娜\n")
	if err != nil {
		t.Fatal(err)
	}
	out, err = r.load(t, in, gbk)
	if err != nil || out.Added != 1 || len(out.Warnings) != 2 || out.Warnings[0].Code != "encoding_assumed" ||
		out.Warnings[0].Params["encoding"] != "GB18030" || out.Warnings[1].Code != "delimiter_assumed" {
		t.Errorf("%+v, %v", out, err)
	}
	in.Sheet = "别的"
	if _, err := r.load(t, in, rosterBook(t, title, head, []any{"1", "王强"})); !fault.HasCode(err, "table_sheet") {
		t.Errorf("a sheet that is not there: %v", err)
	}
}
