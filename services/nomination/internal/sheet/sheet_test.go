package sheet_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/nomination"
	"github.com/laurel-awards/laurel/services/nomination/internal/form"
	"github.com/laurel-awards/laurel/services/nomination/internal/sheet"
)

func plain() form.Form { return form.For(&rulebook.Rulebook{Nominee: rulebook.NomineePerson}) }

func TestRead_headings(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		names []string
	}{
		"spread, with hints":      {"序  号,*姓　名（必填）,工作单位：,所在市州 (地级),主要事迹\n1,王强,陇运速递,兰州,事迹\n", []string{"王强"}},
		"other words":             {"名称,单位,地区,事迹\n王强,陇运速递,兰州,事迹\n", []string{"王强"}},
		"english, in another way": {"PHOTO,Recommended-By,Deeds,Region,Employer,Name\n,,d,r,e,Anna Li\n", []string{"Anna Li"}},
		"title and notes":         {"推荐表,,\n\n姓名,工作单位,所在市州,主要事迹\n王强,e,r,d\n备注：无,,,\n填表人：张三,,,\n李娜,e,r,d\n注:完,,,\n", []string{"王强", "李娜"}},
		"numbers run on":          {"序号,姓名,工作单位,所在市州,主要事迹\n1,王强,e,r,d\n2,,,,\n3,,,,\n联系电话 12345,,,,\n", []string{"王强"}},
		"a line break within":     {"姓名,工作单位,所在市州,主要事迹\n王强,e,r,\"一行\n二行\"\n", []string{"王强"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := sheet.Read(t.Context(), strings.NewReader(c.text), plain(), sheet.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, row := range s.Rows {
				names = append(names, row.Nominee.Name)
			}
			if diff := cmp.Diff(c.names, names); diff != "" || len(s.Problems) > 0 {
				t.Errorf("%v\n%s", s.Problems, diff)
			}
		})
	}
}

func TestRead_lines(t *testing.T) {
	s, err := sheet.Read(t.Context(), strings.NewReader("说明\n\n姓名,工作单位,所在市州,主要事迹\n\n王强,e,r,\"一\n二\"\n,e,,d\n"), plain(), sheet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []fault.Field{fault.Required("姓名").In(7, 1), fault.Required("所在市州").In(7, 3)}
	if diff := cmp.Diff(want, s.Problems); diff != "" || s.Rows[0].Line != 5 {
		t.Errorf("line %d\n%s", s.Rows[0].Line, diff)
	}
}

// written is a sheet of nominees, the first of whom have pictures: a dot as wide
// as its row's number.
func written(t *testing.T, rows, pictures int) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	put := func(line int, cells ...any) {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", line), &cells); err != nil {
			t.Fatal(err)
		}
	}
	put(1, "姓名", "工作单位", "所在市州", "主要事迹", "照片")
	for i := range rows {
		put(i+2, "王强", fmt.Sprint("单位", i), "兰州", "事迹")
		if i >= pictures {
			continue
		}
		var dot bytes.Buffer
		if err := png.Encode(&dot, image.NewGray(image.Rect(0, 0, i+1, 1))); err != nil {
			t.Fatal(err)
		}
		picture := &excelize.Picture{Extension: ".png", File: dot.Bytes(), Format: &excelize.GraphicOptions{}}
		if err := f.AddPictureFromBytes("Sheet1", fmt.Sprintf("E%d", i+2), picture); err != nil {
			t.Fatal(err)
		}
	}
	body, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return body.Bytes()
}

// Each picture is found at its row, and a reader that waits no longer is obeyed.
func TestRead_pictures(t *testing.T) {
	const rows, pictures = 1000, 40
	body := written(t, rows, pictures)
	s, err := sheet.Read(t.Context(), bytes.NewReader(body), plain(), sheet.Options{})
	if err != nil || len(s.Rows) != rows {
		t.Fatalf("%v, %v", s, err)
	}
	for i, row := range s.Rows {
		if (row.Picture != nil) != (i < pictures) || row.Picture != nil && row.Picture.Width != i+1 {
			t.Fatalf("row %d: picture %v", row.Line, row.Picture)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := sheet.Read(ended, bytes.NewReader(body), plain(), sheet.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// A picture in ink whose profile is not applied is told.
func TestRead_ink(t *testing.T) {
	profile := append([]byte("\xFF\xE2\x00\x90ICC_PROFILE\x00\x01\x01"), make([]byte, 128)...)
	frame := []byte{
		0xFF, 0xC0, 0, 20, 8, 0, 8, 0, 8, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0,
		0xFF, 0xDA, 0, 14, 4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0, 0xFF, 0xD9,
	}
	for name, body := range map[string][]byte{"plain": frame, "profile": append(profile, frame...)} {
		f := excelize.NewFile()
		head, row := []any{"姓名", "工作单位", "所在市州", "主要事迹", "照片"}, []any{"王强", "陇运速递", "兰州", "事迹"}
		picture := &excelize.Picture{Extension: ".jpg", File: append([]byte{0xFF, 0xD8}, body...), Format: &excelize.GraphicOptions{}}
		var out bytes.Buffer
		err := errors.Join(f.SetSheetRow("Sheet1", "A1", &head), f.SetSheetRow("Sheet1", "A2", &row),
			f.SetCellValue("Sheet1", "E2", ""), f.AddPictureFromBytes("Sheet1", "E2", picture), f.Write(&out))
		if err != nil {
			t.Fatal(err)
		}
		s, err := sheet.Read(t.Context(), &out, plain(), sheet.Options{})
		if err != nil || len(s.Rows) != 1 || s.Rows[0].Picture == nil {
			t.Fatalf("%s: %+v, %v", name, s, err)
		}
		told := slices.ContainsFunc(s.Warnings, func(w nomination.Warning) bool { return w.Code == "profile_not_applied" && w.Row == 2 })
		if told != (name == "profile") {
			t.Errorf("%s: warnings %v", name, s.Warnings)
		}
	}
}

// A further row without a picture costs the same whether other rows have many
// or none, and the second half of the rows no more than the first.
func TestRead_work(t *testing.T) {
	work := func(rows, pictures int) int64 {
		body := written(t, rows, pictures)
		return int64(testkit.Allocated(func() {
			if s, err := sheet.Read(t.Context(), bytes.NewReader(body), plain(), sheet.Options{}); err != nil || len(s.Rows) != rows {
				t.Fatal(err)
			}
		}))
	}
	const rows, pictures = 500, 20
	none, many := work(rows, 0), work(rows, pictures)
	plain, beside := work(2*rows, 0)-none, work(2*rows, pictures)-many
	t.Logf("bytes for %d rows %d, with %d pictures %d; for as many more %d and %d", rows, none, pictures, many, plain, beside)
	if plain > 3*none/2 {
		t.Errorf("%d rows take %d bytes, as many more %d", rows, none, plain)
	}
	if beside > 3*plain/2 {
		t.Errorf("%d more rows take %d bytes, in a file with %d pictures %d", rows, plain, pictures, beside)
	}
}
