package table_test

import (
	"archive/zip"
	"bytes"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/table"
)

// A formula that nobody has calculated is not a blank cell; one that gave an
// empty text is.
func TestReadAll_formula(t *testing.T) {
	const bare = `<c r="B3" t="str"><f>B2+2</f></c>`
	body := book(t, func(f *excelize.File) {
		must(t, f.SetSheetRow("Sheet1", "A1", &[]string{"candidate", "score"}))
		must(t, f.SetCellInt("Sheet1", "B2", 4))
		must(t, f.SetCellFormula("Sheet1", "B2", "2+2")) // its value stays
		must(t, f.SetCellStr("Sheet1", "A3", "王小邮"))
		must(t, f.SetCellFormula("Sheet1", "B3", "B2+2"))
	})
	refused := []fault.Field{{
		Name: "B3", Code: "formula_without_value", Params: map[string]string{"formula": "B2+2"},
		Message: "the formula =B2+2 has not been calculated: open the file in a spreadsheet and save it", Line: 3, Column: 2,
	}}
	for cell, want := range map[string][]fault.Field{
		bare:                                        refused,
		`<c r="B3"><f>B2+2</f></c>`:                 refused,
		`<c r="B3"><f>B2+2</f><v></v></c>`:          refused,
		`<c r="B3"><f>B2+2</f><v /></c>`:            refused,
		`<c r="B3" t="str"><f>B2+2</f><v></v></c>`:  nil,
		`<c r="B3" t="n"><f>B2+2</f><v>6</v></c>`:   nil,
		`<c r="B3" t="str"><f>B2+2</f><v>六</v></c>`: nil,
	} {
		_, err := table.ReadAll(bytes.NewReader(replaced(t, body, bare, cell)), table.Limits{})
		var got []fault.Field
		if err != nil {
			got = fault.From(err).Fields
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", cell, err, diff)
		}
	}
}

// replaced is a workbook with a text of its sheet replaced.
func replaced(t *testing.T, book []byte, from, to string) []byte {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	must(t, err)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	found := 0
	for _, f := range r.File {
		part, err := f.Open()
		must(t, err)
		text, err := io.ReadAll(part)
		must(t, err)
		found += bytes.Count(text, []byte(from))
		copied, err := w.Create(f.Name)
		must(t, err)
		_, err = copied.Write(bytes.Replace(text, []byte(from), []byte(to), 1))
		must(t, err)
	}
	must(t, w.Close())
	if found != 1 {
		t.Fatalf("%q is %d times in the workbook", from, found)
	}
	return out.Bytes()
}
