package server_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sync/errgroup"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/laurel-awards/laurel/pkg/fault"
	"github.com/laurel-awards/laurel/pkg/rulebook"
	"github.com/laurel-awards/laurel/pkg/testkit"
	"github.com/laurel-awards/laurel/services/nomination"
)

func (r *room) load(t testing.TB, body []byte, dry bool) (nomination.Imported, error) {
	t.Helper()
	return r.ImportEntries(staff(t), nomination.ImportEntries{Slug: slug, Blob: r.Upload(body), DryRun: dry})
}

// nothing was imported.
func (r *room) unchanged(t *testing.T) {
	t.Helper()
	if n := r.Count(`SELECT (SELECT count(*) FROM entry) + (SELECT count(*) FROM audit)`); n != 0 {
		t.Errorf("%d rows were written", n)
	}
}

func TestImport(t *testing.T) {
	r := opened(t)
	b := newBook(t)
	b.row(1, "王  强", "男", "快递员", "陇运速递　", "兰州市", "8年", "　　十年如一日。", "总工会").picture(encoded(t, toJPEG, 1300), ".jpeg")
	b.next++ // a blank row
	b.row(2, "马晓燕 ", " 女", "Courier", "陇运速递临夏营业部", "临夏州", "１２", "雪中送件。", "").picture(encoded(t, png.Encode, 30), ".png")
	b.row(3, "马 晓燕", "女", "分拣员", "陇运速递有限公司临夏营业部", "临夏州", 12, "又写了一遍。", "临夏州总工会", "见附件")
	b.row(4)
	b.next++
	b.row("注：1.类别填快递员或分拣员。")

	dry, err := r.load(t, b.bytes(), true)
	if err != nil {
		t.Fatal(err)
	}
	r.unchanged(t)
	done, err := r.load(t, b.bytes(), false)
	if err != nil {
		t.Fatal(err)
	}
	warnings := []nomination.Warning{
		{Row: 10, Field: "rows", Code: "note_row", Message: "the row is a note, and is not read: 注：1.类别填快递员或分拣员。"},
		{Row: 7, Field: "照片", Code: "no_picture_here", Message: `there is no picture in this cell, and its text "见附件" is not read`},
		{Row: 7, Field: "姓名", Code: "resembles_row", Message: "resembles row 6 of the same file"},
		{Row: 7, Field: "工作单位", Code: "spelled_alike", Message: "陇运速递有限公司临夏营业部 may be the same as 陇运速递临夏营业部; they are taken for two"},
	}
	noParams := cmpopts.IgnoreFields(nomination.Warning{}, "Params")
	if diff := cmp.Diff(nomination.Imported{Entries: 3, IDs: []string{}, Sheet: "Sheet1", Warnings: warnings}, dry, noParams); diff != "" {
		t.Errorf("dry run: %s", diff)
	}
	if diff := cmp.Diff(warnings, done.Warnings, noParams); diff != "" || done.Entries != 3 || len(done.IDs) != 3 {
		t.Fatalf("%+v\n%s", done, diff)
	}
	entries, err := r.ListEntries(testkit.Context(t), nomination.ListEntries{Slug: slug})
	if err != nil {
		t.Fatal(err)
	}
	eight, twelve := 8, 12
	want := []nomination.Nominee{
		{Name: "王强", Gender: "male", Category: "courier", Employer: "陇运速递", Region: "兰州市", Years: &eight, Deeds: "十年如一日。", RecommendedBy: "总工会"},
		{Name: "马晓燕", Gender: "female", Category: "courier", Employer: "陇运速递临夏营业部", Region: "临夏州", Years: &twelve, Deeds: "雪中送件。"},
		{Name: "马晓燕", Gender: "female", Category: "sorter", Employer: "陇运速递有限公司临夏营业部", Region: "临夏州", Years: &twelve, Deeds: "又写了一遍。", RecommendedBy: "临夏州总工会"},
	}
	for i, e := range entries {
		if e.ID != done.IDs[i] {
			t.Errorf("entry %d is %s, want %s", i, e.ID, done.IDs[i])
		}
		if diff := cmp.Diff(want[i], e.Nominee, cmpopts.IgnoreFields(nomination.Nominee{}, "Photo"), cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
		if has := e.Nominee.Photo != ""; has != (i < 2) {
			t.Errorf("photo of %d: %q", i, e.Nominee.Photo)
		}
	}
	if size := r.photoSize(t, entries[0].Nominee.Photo); size != image.Pt(1200, 36) {
		t.Errorf("photo of %v", size)
	}
	if len(entries[2].Warnings) != 2 {
		t.Errorf("warnings %v", entries[2].Warnings)
	}
	if n := r.Count(`SELECT count(*) FROM audit WHERE act = 'import_entries' AND detail ->> 'entries' = '3'`); n != 1 {
		t.Errorf("%d audit rows", n)
	}

	t.Run("again", func(t *testing.T) {
		_, err := r.load(t, b.bytes(), false)
		if diff := cmp.Diff([]string{"姓名", "姓名", "姓名"}, fields(t, err, nomination.ErrImport)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("resembling what is stored", func(t *testing.T) {
		in := newBook(t).row(1, "王强", "男", "快递员", "陇运速递", "兰州", 8, "另一篇。")
		got, err := r.load(t, in.bytes(), true)
		if err != nil || len(got.Warnings) != 1 || got.Warnings[0].Row != 4 || !strings.Contains(got.Warnings[0].Message, "王强") {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func (r *room) photoSize(t *testing.T, hash string) image.Point {
	t.Helper()
	cfg, err := jpeg.DecodeConfig(bytes.NewReader(r.Blob(hash)))
	if err != nil {
		t.Fatal(err)
	}
	return image.Pt(cfg.Width, cfg.Height)
}

func TestImport_csv(t *testing.T) {
	const chinese = "姓名,性别,类别,工作单位,所在市州,主要事迹,party\n王强,男,快递员,陇运速递,兰州市,十年如一日。,党员\n"
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(chinese)
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{
		"bom": "\uFEFF" + chinese, "gbk": gbk,
		"english": "No.,Name,Gender,Category,Employer,Region,Years,Deeds,Recommended by,Photo,Party\n1,王强,male,courier,陇运速递,兰州市,8,十年如一日。,总工会,,党员\n",
	} {
		t.Run(name, func(t *testing.T) {
			r := opened(t)
			done, err := r.load(t, []byte(body), false)
			if err != nil || done.Entries != 1 || len(done.Warnings) != map[string]int{"gbk": 1}[name] {
				t.Fatalf("%+v, %v", done, err)
			}
			e, err := r.GetEntry(testkit.Context(t), nomination.OfEntry{Slug: slug, Entry: done.IDs[0]})
			if err != nil || e.Nominee.Name != "王强" || e.Nominee.Gender != "male" || e.Nominee.Category != "courier" || e.Nominee.Attributes["party"] != "党员" {
				t.Errorf("%+v, %v", e.Nominee, err)
			}
		})
	}
}

// Every mistake of every row is reported, and nothing imported.
func TestImport_badRows(t *testing.T) {
	r := opened(t)
	b := newBook(t)
	b.row(1, "王强", "男", "快递员", "陇运速递", "兰州市", "8年", "十年如一日。", "总工会")                         // 4
	b.row(2, "", "先生", "飞行员", " 　", "", "很多年", "", "")                                       // 5
	b.row(3, "李娜", "女", "快递员", "陇运速递", "兰州市", -3, strings.Repeat("事", 5001), "")             // 6
	b.row(4, `=HYPERLINK("http://example.org/")`, "女", "快递员", "陇运速递", "兰州市", 200, "事迹。", "") // 7
	b.row(5, "苏鹏飞", "男", "分拣员", "陇运速递", "兰州市", 3, "事迹。", "").fake([]byte("这不是照片"))           // 8
	b.row(6, "王　强", "男", "快递员", "陇运速递 ", "兰州市", "8", "十年如一日。", "另一个单位")                      // 9
	b.row(7, "何静", "女", "快递员", "陇运速递", "兰州市", 3, "事迹。", "", "", "旁边的话")                      // 10
	whole := encoded(t, png.Encode, 200)
	b.row(8, "周雪梅", "女", "快递员", "陇运速递", "兰州市", 3, "事迹。", "").fake(whole[:len(whole)-30])            // 11
	b.row(9, "韩志远", "男", "快递员", "陇运速递", "兰州市", 3, "事迹。").picture(encoded(t, png.Encode, 5), ".png") // 12
	b.picture(encoded(t, png.Encode, 6), ".png")
	_, err := r.load(t, b.bytes(), false)
	fields(t, err, nomination.ErrImport)
	var got []string
	for _, f := range fault.From(err).Fields {
		got = append(got, fmt.Sprintf("%d:%d %s", f.Line, f.Column, f.Name))
	}
	want := []string{
		"5:3 性别", "5:4 类别", "5:2 姓名", "5:5 工作单位", "5:6 所在市州", "5:8 主要事迹", "5:7 从业年限（年）",
		"6:8 主要事迹", "6:7 从业年限（年）", "7:2 姓名", "7:7 从业年限（年）", "8:10 照片", "9:2 姓名", "10:11 column 11", "11:10 照片",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	r.unchanged(t)
}

func TestImport_badFiles(t *testing.T) {
	r := opened(t)
	var many strings.Builder
	many.WriteString("姓名,性别,类别,工作单位,所在市州,主要事迹\n")
	for i := range 5001 {
		fmt.Fprintf(&many, "王强,男,快递员,单位%d,兰州市,事迹\n", i)
	}
	const header = "姓名,性别,类别,工作单位,所在市州,主要事迹"
	for name, c := range map[string]struct {
		body string
		code string
		want []string
	}{
		"empty":          {"", "import_invalid", []string{"header"}},
		"no header":      {"王强,男,快递员\n", "import_invalid", []string{"header"}},
		"late header":    {strings.Repeat("说明\n", 10) + header + "\n", "import_invalid", []string{"header"}},
		"no rows":        {header + "\n注：无\n", "import_invalid", []string{"rows"}},
		"missing column": {"姓名,工作单位,主要事迹\n王强,陇运速递,事迹\n", "import_invalid", []string{"所在市州", "类别", "性别"}},
		"missing, named": {"name,employer\nWang,Longyun\n", "import_invalid", []string{"region", "deeds", "category", "gender"}},
		"unknown column": {header + ",电话\n王强,男,快递员,陇运速递,兰州市,事迹,130\n", "import_invalid", []string{"电话"}},
		"column twice":   {header + ",单位\n王强,男,快递员,陇运速递,兰州市,事迹,x\n", "import_invalid", []string{"单位"}},
		"too many rows":  {many.String(), "import_invalid", []string{"rows"}},
		"no table":       {"PK\x03\x04 and no more", "table_unreadable", []string{"file"}},
		"broken CSV":     {header + "\n\"王强,男\n", "table_unreadable", []string{"csv"}},
		"a photo":        {"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "table_unreadable", []string{"file"}},
		"too large":      {strings.Repeat("姓名,性别\n", 2<<20), "table_too_large", []string{"file"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := r.load(t, []byte(c.body), false)
			if diff := cmp.Diff(c.want, fields(t, err, fault.New(fault.Invalid, c.code, ""))); diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
	for name, hash := range map[string]string{"absent": strings.Repeat("a", 64), "no hash": "../x"} {
		_, err := r.ImportEntries(staff(t), nomination.ImportEntries{Slug: slug, Blob: hash})
		if diff := cmp.Diff([]string{"blob"}, fields(t, err, nomination.ErrImport)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	r.unchanged(t)
}

func TestImport_phases(t *testing.T) {
	r := setup(t)
	load := func() error {
		_, err := r.load(t, newBook(t).row(1, "王强", "男", "快递员", "陇运速递", "兰州市", 8, "事迹。").bytes(), false)
		return err
	}
	if err := load(); !errors.Is(err, nomination.ErrNotYet) {
		t.Errorf("unknown: %v", err)
	}
	r.selection.Freeze(rules)
	if err := load(); !errors.Is(err, nomination.ErrPhase) {
		t.Errorf("pending: %v", err)
	}
	r.selection.Open(rulebook.PhaseNomination)
	r.selection.Close(rulebook.PhaseNomination)
	if err := load(); !errors.Is(err, nomination.ErrPhase) {
		t.Errorf("closed: %v", err)
	}
	r.unchanged(t)
}

// The same file at once: one of them takes it, the others are told.
func TestImport_atOnce(t *testing.T) {
	r := opened(t)
	b := newBook(t)
	for i := range 20 {
		n := nominee(i)
		b.row(i, n.Name, n.Gender, n.Category, n.Employer, n.Region, 8, n.Deeds)
	}
	hash := r.Upload(b.bytes())
	var group errgroup.Group
	results := make([]error, 4)
	for i := range results {
		group.Go(func() error {
			_, results[i] = r.ImportEntries(testkit.Context(t), nomination.ImportEntries{Slug: slug, Blob: hash})
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	taken := 0
	for _, err := range results {
		if err == nil {
			taken++
		} else if got := fields(t, err, nomination.ErrImport); len(got) != 20 {
			t.Errorf("error %v", err)
		}
	}
	if n := r.Count(`SELECT count(*) FROM entry`); taken != 1 || n != 20 {
		t.Errorf("%d imports, %d entries", taken, n)
	}
}
